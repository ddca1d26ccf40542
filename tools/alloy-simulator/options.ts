import { Command } from "@commander-js/extra-typings";

import { append, readCommandLine as readLine } from "../command-line/read.ts";
import type { AlloySimulatorOptions } from "./server.ts";
import type { WebhookCredential } from "./webhook.ts";

/** Scenarios take minutes and hours; at this scale the longest ends in about three seconds. */
const DEFAULT_TIME_SCALE = 600;

/** Alloy's own limit of live secrets per API key (docs: account-level-api-keys). */
const MAX_SECRETS = 5;

const AFTER_HELP = `
While it runs, GET http://127.0.0.1:<port>/_simulator lists what else can be asked of it: faults, what was
sent and how it was answered, playing more.`;

function commandLine() {
  return new Command("node tools/alloy-simulator/main.ts")
    .description("Alloy, simulated: its Journeys API and its webhooks, on 127.0.0.1.")
    .option("--port <n>", "port to listen on; default a free one", "0")
    .option("--webhook-url <url>", "where the webhooks go; without it none is sent")
    .option("--webhook-host <name>", "Host header of the webhooks, where the URL is an address")
    .option("--basic <user:pass>", "webhooks carry Basic authentication")
    .option("--hmac <secret>", "webhooks are signed with HMAC-SHA256")
    .option("--live", "an Alloy of the live environment; default the sandbox", false)
    .option(
      "--api-token <token>",
      'API key, as clients present it; default "simulator"',
      "simulator",
    )
    .option(
      "--api-secret <secret>",
      'its secret, up to five times; default "simulator"',
      append,
      [],
    )
    .option(
      "--time-scale <n>",
      `divides the waits of scenarios and retries; default ${DEFAULT_TIME_SCALE}`,
      String(DEFAULT_TIME_SCALE),
    )
    .option(
      "--attempt-limit <s>",
      "real seconds until a webhook's request is given up; default 10",
      "10",
    )
    .option("--event-token", "webhooks carry journey_application_event_token", false)
    .option("--stable-request-token", "request_token is one per event, not one per attempt", false)
    .option(
      "--scenario <name>",
      'play it at the start; may be repeated, "all" plays all',
      append,
      [],
    )
    .option("--once", "exit after that: 0 when every application ended as its scenario says", false)
    .option("--list", "list the scenarios", false)
    .addHelpText("after", AFTER_HELP);
}

/**
 * Reads the command line.
 *
 * @returns what it asks for, the help to print, or `list`.
 * @throws Error that says which option is wrong, what it was, and what it wants.
 */
export function readCommandLine(args: readonly string[]) {
  const line = commandLine();
  const help = readLine(line, args, (sentence, _, cause) => new Error(sentence, { cause }));
  if (help.length > 0) return { help };
  const values = line.opts();
  if (values.list) return "list" as const;

  const { webhookUrl, webhookHost, scenario: scenarios, apiSecret } = values;
  if (apiSecret.length > MAX_SECRETS) {
    throw new Error(
      `--api-secret was given ${apiSecret.length} times; Alloy lets ${MAX_SECRETS} secrets be live at once.`,
    );
  }
  if (values.once && scenarios.length === 0) {
    throw new Error(`--once needs something to play: add --scenario all, or --scenario <name>.`);
  }
  const simulator: AlloySimulatorOptions = {
    port: numberOf("--port", values.port, { from: 0, to: 65_535, whole: true }),
    apiKey: { token: values.apiToken, secrets: apiSecret.length > 0 ? apiSecret : ["simulator"] },
    timeScale: numberOf("--time-scale", values.timeScale, { from: 0.001, to: 1_000_000 }),
    attemptLimitMs:
      1_000 * numberOf("--attempt-limit", values.attemptLimit, { from: 0.001, to: 3_600 }),
    requestTokenPer: values.stableRequestToken ? "event" : "attempt",
    sendsEventToken: values.eventToken,
    credential: credentialOf(values.basic, values.hmac),
    environment: values.live ? "live" : "sandbox",
    ...(webhookUrl !== undefined && { webhookUrl }),
    ...(webhookHost !== undefined && { webhookHost }),
  };
  return {
    /** Names of the scenarios to play at the start; none: play nothing by itself. */
    scenarios: scenarios.filter((name) => name !== "all"),
    isEverythingPlayed: scenarios.includes("all"),
    endsAfterPlaying: values.once,
    simulator,
  };
}

function numberOf(
  option: string,
  text: string,
  range: { readonly from: number; readonly to: number; readonly whole?: true },
): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= range.from && value <= range.to) || (range.whole && !Number.isInteger(value))) {
    throw new Error(
      `${option} is "${text}"; it wants a ${range.whole ? "whole " : ""}number from ${range.from} to ${range.to}.`,
    );
  }
  return value;
}

function credentialOf(basic: string | undefined, hmac: string | undefined): WebhookCredential {
  if (basic !== undefined && hmac !== undefined) {
    throw new Error("--basic and --hmac exclude each other: both use the Authorization header.");
  }
  if (hmac !== undefined) {
    if (hmac === "") throw new Error(`--hmac is empty; it wants the shared secret.`);
    return { kind: "hmac", secret: hmac };
  }
  if (basic === undefined) return { kind: "none" };
  const colon = basic.indexOf(":");
  // The value is not repeated: it may be half a password.
  if (colon < 1) throw new Error(`--basic has no "user:" in front; it wants <user>:<password>.`);
  return {
    kind: "basic",
    username: basic.slice(0, colon),
    password: basic.slice(colon + 1),
  };
}
