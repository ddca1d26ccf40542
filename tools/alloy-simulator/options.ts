import { parseArgs } from "node:util";

import type { AlloySimulatorOptions } from "./server.ts";
import type { AlloyEnvironment, WebhookCredential } from "./webhook.ts";

/** What the command line asks for. */
interface CommandLine {
  readonly simulator: AlloySimulatorOptions;
  /** Names of the scenarios to play at the start; none: play nothing by itself. */
  readonly scenarios: readonly string[];
  readonly isEverythingPlayed: boolean;
  readonly endsAfterPlaying: boolean;
}

export const HELP = `Alloy, simulated: its Journeys API and its webhooks, on 127.0.0.1.

  node tools/alloy-simulator/main.ts [options]

  --port <n>              port to listen on; default a free one
  --webhook-url <url>     where the webhooks go; without it none is sent
  --webhook-host <name>   Host header of the webhooks, where the URL is an address
  --basic <user:pass>     webhooks carry Basic authentication
  --hmac <secret>         webhooks are signed with HMAC-SHA256
  --live                  an Alloy of the live environment; default the sandbox
  --api-token <token>     API key, as the API's clients present it; default "simulator"
  --api-secret <secret>   its secret, up to five times; default "simulator"
  --time-scale <n>        divides the waits of scenarios and retries; default 600
  --attempt-limit <s>     real seconds after which a webhook's request is given up; default 10
  --event-token           webhooks carry journey_application_event_token
  --stable-request-token  request_token is one per event, not one per attempt
  --scenario <name>       play it at the start; may be repeated, "all" plays all
  --once                  exit after that: 0 when every application ended as its scenario says
  --list                  list the scenarios
  --help

While it runs, GET http://127.0.0.1:<port>/_simulator lists what else can be asked of it: faults, what was
sent and how it was answered, playing more.
`;

/** Scenarios take minutes and hours; at this scale the longest ends in about three seconds. */
const DEFAULT_TIME_SCALE = 600;

/** Alloy's own limit of live secrets per API key (docs: account-level-api-keys). */
const MAX_SECRETS = 5;

/**
 * Reads the command line.
 *
 * @returns what it asks for, or `help` or `list`.
 * @throws Error that says which option is wrong, what it was, and what it wants.
 */
export function readCommandLine(args: readonly string[]): CommandLine | "help" | "list" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: "0" },
      "webhook-url": { type: "string" },
      "webhook-host": { type: "string" },
      basic: { type: "string" },
      hmac: { type: "string" },
      live: { type: "boolean", default: false },
      "api-token": { type: "string", default: "simulator" },
      "api-secret": { type: "string", multiple: true, default: ["simulator"] },
      "time-scale": { type: "string", default: String(DEFAULT_TIME_SCALE) },
      "attempt-limit": { type: "string", default: "10" },
      "event-token": { type: "boolean", default: false },
      "stable-request-token": { type: "boolean", default: false },
      scenario: { type: "string", multiple: true, default: [] },
      once: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.list) return "list";

  const webhookUrl = values["webhook-url"];
  const webhookHost = values["webhook-host"];
  const scenarios = values.scenario;
  if (values["api-secret"].length > MAX_SECRETS) {
    throw new Error(
      `--api-secret was given ${values["api-secret"].length} times; Alloy lets ${MAX_SECRETS} secrets be live at once.`,
    );
  }
  if (values.once && scenarios.length === 0) {
    throw new Error(`--once needs something to play: add --scenario all, or --scenario <name>.`);
  }
  const environment: AlloyEnvironment = values.live ? "live" : "sandbox";
  return {
    scenarios: scenarios.filter((name) => name !== "all"),
    isEverythingPlayed: scenarios.includes("all"),
    endsAfterPlaying: values.once,
    simulator: {
      port: numberOf("--port", values.port, { from: 0, to: 65_535, whole: true }),
      apiKey: { token: values["api-token"], secrets: values["api-secret"] },
      timeScale: numberOf("--time-scale", values["time-scale"], { from: 0.001, to: 1_000_000 }),
      attemptLimitMs:
        1_000 * numberOf("--attempt-limit", values["attempt-limit"], { from: 0.001, to: 3_600 }),
      requestTokenPer: values["stable-request-token"] ? "event" : "attempt",
      sendsEventToken: values["event-token"],
      credential: credentialOf(values.basic, values.hmac),
      environment,
      ...(webhookUrl === undefined ? {} : { webhookUrl }),
      ...(webhookHost === undefined ? {} : { webhookHost }),
    },
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
