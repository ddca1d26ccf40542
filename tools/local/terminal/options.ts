import { randomInt } from "node:crypto";

import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

import { readCommandLine } from "../../command-line/read.ts";
import { LocalFailure } from "../failure.ts";
import { INCIDENT_NAMES, isIncident } from "../incident-names.ts";
import type { IncidentName } from "../incident-names.ts";

/** What `npm start` was asked for (docs/contracts.md#commands). */
export interface LocalOptions {
  /** Exit after the scenarios, with 0 only if everything agrees. */
  readonly once: boolean;
  /** Run the handlers in this process, in no emulator. */
  readonly inProcess: boolean;
  /** Where the outputs file goes, once all is up. */
  readonly outputsFile: string | null;
  /** Divides polling intervals, gap graces and the simulator's retry schedule. */
  readonly timeScale: number;
  readonly alloy: AlloyChoice;
  /** What to practise once the scenarios have been played; null: nothing. */
  readonly incident: IncidentName | null;
}

/** Who plays Alloy: the simulator, or an Alloy that is running already. */
export type AlloyChoice =
  | { readonly kind: "simulator" }
  | {
      readonly kind: "given";
      readonly baseUrl: string;
      readonly token: string;
      readonly secret: string;
    };

/** At 600 the first check of an application, 15 minutes after its submission, comes after 1.5 s. */
const DEFAULT_TIME_SCALE = 600;

/**
 * Reads the command line of `npm start`.
 *
 * @returns the options, or the text to print when help was asked for.
 * @throws LocalFailure with what was wrong, the value given, the value wanted.
 */
export function parseOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): LocalOptions | { readonly help: readonly string[] } {
  const line = new Command("npm start --")
    .option(
      "--once",
      "play the scenarios and exit: 0 only if every application ended where Alloy says it did",
      false,
    )
    .option(
      "--in-process",
      "run the same handlers in this process, with AWS in memory: no emulator, no Python, no Docker. Without an emulator, npm start does this by itself",
      false,
    )
    .option(
      "--time-scale <n>",
      "divide the polling intervals, the gap graces and Alloy's retry schedule by n (default 600)",
      timeScaleOf,
      DEFAULT_TIME_SCALE,
    )
    .option(
      "--outputs <file>",
      "write the stack's addresses, credentials and outputs to this file (JSON) once it runs",
    )
    .option(
      "--incident [name]",
      `set up an incident to practise after the scenarios, one by chance unless it is named: ${INCIDENT_NAMES.join(", ")}`,
      incidentOf,
    )
    .option(
      "--alloy-url <url>",
      "use this Alloy instead of the simulator; its API key comes from ALLOY_API_TOKEN and ALLOY_API_SECRET",
    );
  const help = readCommandLine(
    line,
    args,
    (sentence, _, cause) =>
      new LocalFailure(sentence, { cause, details: ["", ...line.helpInformation().split("\n")] }),
  );
  if (help.length > 0) return { help };

  const { once, inProcess, timeScale, outputs = null, alloyUrl, incident } = line.opts();
  if (incident !== undefined && (once || inProcess || alloyUrl !== undefined)) {
    throw new LocalFailure(
      "--incident needs the emulator and the simulated Alloy, and time: leave out --once, --in-process and --alloy-url.",
    );
  }
  if (alloyUrl !== undefined && once) {
    throw new LocalFailure(
      "--once plays the simulator's scenarios, but --alloy-url starts no simulator. Use only one of the two.",
    );
  }
  const alloy: AlloyChoice =
    alloyUrl === undefined ? { kind: "simulator" } : givenAlloy(alloyUrl, environment);
  const wanted = incident === true ? byChance() : (incident ?? null);
  return { once, inProcess, outputsFile: outputs, timeScale, alloy, incident: wanted };
}

function incidentOf(text: string): IncidentName {
  if (isIncident(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${INCIDENT_NAMES.join(", ")}.`);
}

function byChance(): IncidentName {
  return INCIDENT_NAMES[randomInt(INCIDENT_NAMES.length)] ?? "poison";
}

function timeScaleOf(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 1) return value;
  throw new InvalidArgumentError("It must be a number of at least 1, such as 600.");
}

function givenAlloy(
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
): AlloyChoice {
  if (!URL.canParse(url) || !["http:", "https:"].includes(new URL(url).protocol)) {
    throw new LocalFailure(
      `--alloy-url is "${url}". It must be the base URL of an Alloy API with its version, such as https://sandbox.alloy.co/v1.`,
    );
  }
  const { ALLOY_API_TOKEN: token, ALLOY_API_SECRET: secret } = environment;
  if (!token || !secret) {
    const missing = [token ? "" : "ALLOY_API_TOKEN", secret ? "" : "ALLOY_API_SECRET"];
    throw new LocalFailure(
      `--alloy-url needs Alloy's API key in the environment. Set ${missing.filter(Boolean).join(" and ")}.`,
    );
  }
  return { kind: "given", baseUrl: url.replace(/\/+$/, ""), token, secret };
}
