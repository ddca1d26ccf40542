import { localStage, SANDBOX } from "../../lib/config/default-stages.ts";
import { ConfigurationError } from "../../lib/config/stage-configuration.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import { isRecord } from "../../tools/template/template.ts";

/** A name of the bank's own for the webhook. */
export const A_DOMAIN = {
  name: "webhooks.example.com",
  certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/0",
} as const;

/** Alloy's OAuth 2.0 mode. */
export const TOKENS = {
  jwt: { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] },
} as const;

/** A stage that has a value in each optional place. */
export const withEverything: StageConfiguration = {
  ...localStage({}),
  stage: "sandbox",
  journeys: ["J-1", "J-VCQoADBJxeHtmdAvFqoS"],
  auth: TOKENS,
  submissions: { sources: ["bank.onboarding"] },
  journeyRoutes: {
    "J-1": { outcomes: { Fine: "approved" }, routes: { denied: { publish: false } } },
  },
  domain: { ...A_DOMAIN, executeApi: "open" },
  alarms: {
    ...SANDBOX.alarms,
    teams: { "review-desk": [{ email: "desk@example.com" }] },
    channels: {
      page: [{ https: "https://events.example.com/key" }],
      ticket: [{ slack: { workspaceId: "T0123456789", channelId: "C0123456789" } }],
    },
  },
};

/** In the place of a value: the setting is not there. */
export const LEFT_OUT = Symbol("left out");

/**
 * The stage with another value in one place, also one that the compiler would refuse, as JSON or a cast would bring it.
 *
 * @param path - with dots between the names of settings and the numbers of entries.
 */
export function withSetting(
  stage: StageConfiguration,
  path: string,
  value: unknown,
): StageConfiguration {
  return Object.assign({}, stage, changed(stage, path.split("."), value));
}

function changed(target: unknown, [key, ...within]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy = Array.isArray(target) ? [...target] : { ...(isRecord(target) && target) };
  const inner = changed(Reflect.get(copy, key), within, value);
  if (inner === LEFT_OUT) Reflect.deleteProperty(copy, key);
  else Reflect.set(copy, key, inner);
  return copy;
}

/** The sentence about a mistake. @param given - as somebody may have written it, refused by the compiler or not. */
export function sentenceAbout(
  where: string,
  given: unknown,
  wanted: string,
  stage = "sandbox",
): string {
  // JSON knows no infinite number, and no absent one.
  const shown = typeof given === "number" ? String(given) : (JSON.stringify(given) ?? "nothing");
  return `Stage "${stage}", ${where}: ${shown} was given, but it must be ${wanted}; correct it in lib/stages.ts.`;
}

/** What `validate` says to it; nothing when it takes it. */
export function sentencesOf(stage: StageConfiguration): string {
  return messageOf(() => validate(stage)) ?? "";
}

/** What a configuration is refused with; undefined when it is taken. */
export function messageOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}
