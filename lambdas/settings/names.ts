/**
 * Names that the infrastructure, the Lambdas and the tools must agree on. This file imports nothing.
 */

/** Alarms that `ops verify --ring` rings, one of each severity: neither takes a deployment back. */
export const TEST_ALARMS = { page: "applications-unknown", ticket: "applications-stale" } as const;

/** The webhook's path at the HTTP API. */
export const WEBHOOK_PATH = "/webhooks/alloy";

/**
 * Who puts large bodies where in the payload bucket; each function has rights under its own prefix alone. What is under
 * `held` does not end: `ops hold` keeps there, behind the key that it had, what is under a legal hold.
 */
export const PAYLOAD_PREFIXES = { webhook: "webhooks/", poll: "polls/", held: "held/" } as const;

/** How esbuild bundles a function: for the stack, and for the bench that measures what is deployed. */
export const BUNDLE = {
  target: "node24",
  minify: true,
  /** Names in stack traces cost a few hundred bytes; a source map costs its parse on each cold start. */
  keepNames: true,
  sourceMap: false,
  mainFields: ["module", "main"],
  /**
   * Modules that another one replaces, by path from the project's root. Of the SDK's eight sources of credentials Lambda
   * uses one, and the others are a fifth of the statement's bundle. The other functions have no client of the SDK.
   */
  alias: { "@aws-sdk/credential-provider-node": "lambdas/environment-credentials.ts" },
} as const;

/** The file beside a function's code that holds its settings, as JSON; the names of resources are in its environment. */
export const SETTINGS_FILE = "settings.json";

/** The daily statements. */
export const STATEMENTS = {
  prefix: "statements/",
  /**
   * Minutes after the end of a UTC day. An application that ended at its beginning is settled an hour after its end
   * (`polling.finalCheckMs`), and no statement sees it any more.
   */
  minutesAfterMidnight: 10,
} as const;

/** What people discard of dead letters is recorded beside the daily statements, where nobody can change it. */
export const DISCARDS = { prefix: "discards/" } as const;

/** `ApplicationTable`. */
export const TABLE = {
  dueIndex: "due",
  gapIndex: "gap",
  externalIndex: "external",
  /** Shards of the due index: ten partitions take 10,000 writes a second. */
  dueShards: 10,
  /** TTL attribute of `ApplicationTable`, epoch seconds; events, marks, and the list of a gap that is over may carry it. */
  expiryAttribute: "expiresAt",
} as const;

/**
 * Attributes of `ApplicationTable` that hold nothing personal: no body, and no id that the client gave. People read these
 * alone, and IAM holds them to that (docs/people.md).
 */
export const METADATA_ATTRIBUTES = [
  "pk",
  "sk",
  "journeyName",
  "journeyToken",
  "environment",
  "status",
  "outcome",
  "submittedAt",
  "lastEventAt",
  "dueAt",
  "settledAt",
  "forgottenAt",
  "gap",
  "adopted",
  // Alloy's answers, and which effects were published.
  "stated",
  "statedFinal",
  "effects",
  "effectsApart",
  "isWithheld",
  "lock",
  // By these people find an event; they say nothing of a person without Alloy.
  "receiptId",
  "entityToken",
  "entityApplicationToken",
  "eventId",
  "type",
  "eventAt",
  "receivedAt",
  "origin",
  "route",
  "bodyOmittedBytes",
  "payloadKey",
  "eventType",
  "reason",
  "failedAt",
  "deadLettered",
  // The steps of an Investigation.
  "reports",
] as const;

/** What `ops check` writes; the first two are the key. */
export const CHECK_ATTRIBUTES = [
  "pk",
  "sk",
  "duePk",
  "dueAt",
  "checkAskedAt",
  "settledAt",
] as const;

/** What `ops hold` reads in its conditions and writes. */
export const HOLD_ATTRIBUTES = [
  "pk",
  "sk",
  "legalHold",
  "forgottenAt",
  "payloadKey",
  TABLE.expiryAttribute,
] as const;

/** Those of {@link TABLE} that `ops retention` writes: the end of an event, under its key. */
export const RETENTION_ATTRIBUTES = ["pk", "sk", "receivedAt", TABLE.expiryAttribute] as const;

/** Those that it reads: it leaves alone what is under a legal hold. */
export const RETENTION_READ_ATTRIBUTES = [...RETENTION_ATTRIBUTES, "legalHold"] as const;

/** What a secret holds before someone fills it: valid JSON that authenticates nobody. */
export const EMPTY_WEBHOOK_SECRET = `{"basic":[],"hmac":[]}`;

export const EMPTY_ALLOY_API_SECRET = `{"token":"","secret":""}`;
