import { parseArgs } from "node:util";
import { LocalFailure } from "./failure.ts";

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

export const USAGE: readonly string[] = `npm start -- [options]

  --once              play the scenarios and exit: 0 only if every application ended where Alloy says it did
  --in-process        run the same handlers in this process, with AWS in memory: no emulator, no Python, no Docker.
                      Without an emulator, npm start does this by itself
  --time-scale <n>    divide the polling intervals, the gap graces and Alloy's retry schedule by n (default 600)
  --outputs <file>    write the stack's addresses, credentials and outputs to this file (JSON) once it runs
  --alloy-url <url>   use this Alloy instead of the simulator; its API key comes from ALLOY_API_TOKEN and
                      ALLOY_API_SECRET
  --help              print this help`.split("\n");

/** At 600 the first check of an application, 15 minutes after its submission, comes after 1.5 s. */
const DEFAULT_TIME_SCALE = 600;

/**
 * Reads the command line of `npm start`.
 *
 * @returns the options, or `help` when that was asked for.
 * @throws LocalFailure with what was wrong, the value given, the value wanted.
 */
export function parseOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): LocalOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const given = values["alloy-url"];
  if (given !== undefined && values.once) {
    throw new LocalFailure(
      "--once plays the simulator's scenarios, but --alloy-url starts no simulator. Use only one of the two.",
    );
  }
  return {
    once: values.once,
    inProcess: values["in-process"],
    outputsFile: values.outputs ?? null,
    timeScale: timeScaleOf(values["time-scale"]),
    alloy: given === undefined ? { kind: "simulator" } : givenAlloy(given, environment),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: "boolean", default: false },
        "in-process": { type: "boolean", default: false },
        "alloy-url": { type: "string" },
        outputs: { type: "string" },
        "time-scale": { type: "string", default: String(DEFAULT_TIME_SCALE) },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new LocalFailure(message, { cause: error, details: ["", ...USAGE] });
  }
}

function timeScaleOf(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1) {
    throw new LocalFailure(
      `--time-scale is "${text}". It must be a number of at least 1, such as 600.`,
    );
  }
  return value;
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
