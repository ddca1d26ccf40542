import * as v from "valibot";

import { COUNTED_OUTCOMES } from "./metrics.ts";
import type { Settings } from "./parse-settings.ts";

/** What is counted by `ApplicationsByOutcome`. */
const OutcomeSubjectSchema = v.object({
  outcome: v.picklist(COUNTED_OUTCOMES),
  /** Null: of all Journeys together. */
  journey: v.nullable(v.string()),
});

/** A window that is compared with one before. */
const ComparisonSchema = v.object({
  /** The rule's name. */
  rule: v.string(),
  /** Taken together. */
  subjects: v.array(OutcomeSubjectSchema),
  windowMs: v.number(),
  /** How long before the other window is. */
  beforeMs: v.number(),
  /** Applications in the fuller window; of fewer a change says nothing. */
  atLeast: v.number(),
});

/** When an open application is checked, and what a run may use up. */
const PollingSchema = v.object({
  /** How often the poller runs. */
  rateMs: v.number(),
  /** First check after the submission or the first webhook. */
  firstCheckMs: v.number(),
  /** Second check after the first; each next one comes `growth` times later. */
  secondCheckMs: v.number(),
  growth: v.number(),
  /** Longest wait between two checks of an open application. */
  capMs: v.number(),
  /** Last check of a final application: after Alloy's own retries are over. */
  finalCheckMs: v.number(),
  /** Checks of a settled application for reruns that no webhook reported; null: none. */
  rerunCheckMs: v.nullable(v.number()),
  /** Calls to Alloy per second at most, of all pollers together. */
  requestsPerSecond: v.number(),
  /** Calls to Alloy per run at most; with several pollers, of their runs together. */
  callsPerRun: v.number(),
  /** Pollers that run at the same time, each with shards of the index `due` (docs/decisions/0076). @default - one */
  pollers: v.exactOptional(v.number()),
  /** Time of a run at most, below the function's timeout. */
  runMs: v.number(),
});

/** When something missing is called a gap. */
const GapSchema = v.object({
  /** An event younger than this may still be in flight. */
  graceMs: v.number(),
  /** A gap that is older than this is counted by `DeliveryGaps`. */
  thresholdMs: v.number(),
  /** An application that is open for longer is counted by `ApplicationsStale`; nothing else happens to it. */
  staleAfterMs: v.number(),
});

/** What of Alloy's answer makes the decision that is published. */
const DecisionSchema = v.object({
  outcomeReasons: v.boolean(),
  tags: v.boolean(),
  /** Names of the output attributes, the most important first. */
  outputAttributes: v.array(v.string()),
  /** A page of Alloy's dashboard, with `{applicationToken}` and `{journeyToken}`; null: no link is published. */
  dashboardUrl: v.nullable(v.string()),
});

/** The poller's settings file; made from the stage's configuration. */
export const PollerSettingsSchema = v.object({
  /** Environment of an application whose answer does not say it. */
  environment: v.picklist(["sandbox", "live"]),
  /** Base URL of Alloy's API with its version: `https://sandbox.alloy.co/v1`. */
  alloyBaseUrl: v.pipe(v.string(), v.url()),
  /** `bearer`: a token of an hour, got with the API key; `basic`: the API key with each call. */
  alloyAuth: v.picklist(["basic", "bearer"]),
  /** Who refuses webhooks before ingest counts them, or counts addresses that it does not refuse. */
  refusals: v.object({ byAuthorizer: v.boolean(), byAddress: v.boolean() }),
  /** How long an event item lives after its receipt; null keeps it. */
  eventRetentionMs: v.nullable(v.number()),
  /** Whether an application is found by the ids of its entities too; absent: no. */
  indexesEntities: v.exactOptional(v.boolean()),
  /** Journeys that the consumer accepts; empty means all. */
  journeys: v.array(v.string()),
  ignoredEventTypes: v.array(v.string()),
  /** Whether Alloy's list of Investigations is compared with what is recorded of them. */
  investigations: v.boolean(),
  /** Null: no decision is published. */
  decision: v.nullable(DecisionSchema),
  polling: PollingSchema,
  gaps: GapSchema,
  /** Rules of `notifications` whose windows the poller compares. */
  comparisons: v.array(ComparisonSchema),
  /** What rules expect to be there, and must see when it is not. */
  expectedOutcomes: v.array(OutcomeSubjectSchema),
});

export type PollerSettings = Settings<typeof PollerSettingsSchema>;
export type OutcomeSubject = Settings<typeof OutcomeSubjectSchema>;
export type ComparisonSettings = Settings<typeof ComparisonSchema>;
export type DecisionSettings = Settings<typeof DecisionSchema>;
export type PollingSettings = Settings<typeof PollingSchema>;
export type GapSettings = Settings<typeof GapSchema>;
