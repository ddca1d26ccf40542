/**
 * Metrics: their names, their dimensions, and the words that they count by. This file imports nothing.
 */

export const METRIC_NAMESPACE = "AlloyJourneyWebhooks";

/** Every metric of ours carries it, so that two stages in one account do not mix. */
export const STAGE_DIMENSION = "Stage";

/** Where the truth stopped: the extra dimension of `DeliveryGaps`. */
export const GAP_STAGE_DIMENSION = "GapStage";

/** Which of Alloy's ten attempts a webhook was: the dimension of `WebhooksByAttempt`. */
export const ATTEMPT_DIMENSION = "Attempt";

/** The Journey's token: another extra dimension of `DeliveryGaps`. */
export const JOURNEY_DIMENSION = "Journey";

/** What an application came to, one of `COUNTED_OUTCOMES`: the dimension of `ApplicationsByOutcome`. */
export const OUTCOME_DIMENSION = "Outcome";

/** The name of a rule of `notifications`: the dimension of `OutcomeChange`. */
export const RULE_DIMENSION = "Rule";

/** Why a webhook could not be stored: the extra dimension of `StoresFailed`. */
export const CAUSE_DIMENSION = "Cause";

/** Metric names. What emits a metric and what watches it both take the name from here; `METRIC_FACTS` says the rest. */
export const METRICS = {
  webhooksReceived: "WebhooksReceived",
  credentialsRejected: "CredentialsRejected",
  credentialsMissing: "CredentialsMissing",
  credentialsUnusable: "CredentialsUnusable",
  addressesUnlisted: "AddressesUnlisted",
  alloyRefused: "AlloyRefused",
  storesFailed: "StoresFailed",
  eventsRecorded: "EventsRecorded",
  eventsDuplicate: "EventsDuplicate",
  eventsInConflict: "EventsInConflict",
  eventsLate: "EventsLate",
  eventsIgnored: "EventsIgnored",
  environmentMixed: "EnvironmentMixed",
  eventsUnrecognised: "EventsUnrecognised",
  eventsPublished: "EventsPublished",
  eventsCut: "EventsCut",
  eventsHealed: "EventsHealed",
  recordsHandled: "RecordsHandled",
  recordsFailed: "RecordsFailed",
  recordsDeadLettered: "RecordsDeadLettered",
  deliveryLatency: "DeliveryLatency",
  webhooksByAttempt: "WebhooksByAttempt",
  applicationsByOutcome: "ApplicationsByOutcome",
  timeToDecision: "TimeToDecision",
  pollerRuns: "PollerRuns",
  applicationsChecked: "ApplicationsChecked",
  applicationsBehind: "ApplicationsBehind",
  transitionsUnheard: "TransitionsUnheard",
  eventsMissing: "EventsMissing",
  eventsLeft: "EventsLeft",
  correctionsQueued: "CorrectionsQueued",
  envelopesRefused: "EnvelopesRefused",
  deliveryGaps: "DeliveryGaps",
  gapDuration: "GapDuration",
  applicationsUnknown: "ApplicationsUnknown",
  runsKnowingNone: "RunsKnowingNone",
  applicationsUnchecked: "ApplicationsUnchecked",
  statusesUnrecognised: "StatusesUnrecognised",
  applicationsStale: "ApplicationsStale",
  outcomeChange: "OutcomeChange",
  failuresInARow: "FailuresInARow",
  investigationsUnlisted: "InvestigationsUnlisted",
  alloyCalls: "AlloyCalls",
  alloyCallsFailed: "AlloyCallsFailed",
  alloyCallsUnauthorized: "AlloyCallsUnauthorized",
  completeness: "Completeness",
  errorBudgetBurn: "ErrorBudgetBurn",
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];

/**
 * Where the truth stopped, from Alloy to the state:
 * - `not-delivered`: nothing of it came; `rejected`: we refused webhooks when Alloy tried;
 * - `in-flight`: the queue is older than the event;
 * - `failed-processing`: it is being retried; `dead-lettered`: it is not any more;
 * - `not-applied`: it is recorded, but the state is behind;
 * - `late`: its webhook came, but later than Alloy's quick attempts explain.
 */
export const GAP_STAGES = [
  "not-delivered",
  "rejected",
  "in-flight",
  "failed-processing",
  "dead-lettered",
  "not-applied",
  "late",
] as const;

export type GapStage = (typeof GAP_STAGES)[number];

/**
 * What an application is counted for when it comes to it. `ended` is every end: approved, denied, decided otherwise,
 * errored or expired.
 */
export const COUNTED_OUTCOMES = [
  "submitted",
  "manual-review",
  "needs-action",
  "approved",
  "denied",
  "errored",
  "expired",
  "ended",
] as const;

export type CountedOutcome = (typeof COUNTED_OUTCOMES)[number];
