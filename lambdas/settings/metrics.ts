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

/**
 * Metric names. What emits a metric and what watches it both take the name from here.
 * Counts are per Lambda invocation; the unit is `Count` unless said.
 */
export const METRICS = {
  /** Ingest: webhooks that were authentic and are in the queue. */
  webhooksReceived: "WebhooksReceived",
  /** Ingest: requests answered 401. */
  credentialsRejected: "CredentialsRejected",
  /** Ingest: requests answered 401 because no credential is configured at all. */
  credentialsMissing: "CredentialsMissing",
  /** Ingest: entries of the webhook secret that authenticate nobody, at each read of it: weak, or of no use. */
  credentialsUnusable: "CredentialsUnusable",
  /** Ingest: requests from an address outside the allow-list, whatever the answer was. */
  addressesUnlisted: "AddressesUnlisted",
  /**
   * Ingest: requests of Alloy's that were not answered 200; of a credential of ours, but from an address outside the
   * list, by ingest; of an address in the list, also 429 and what an authorizer refuses, by API Gateway's access log.
   */
  alloyRefused: "AlloyRefused",
  /** Ingest: requests answered 503, because an AWS service did not do its part in time; also by `Cause`. */
  storesFailed: "StoresFailed",

  /** Consumer: new events recorded. */
  eventsRecorded: "EventsRecorded",
  /** Consumer: events that had been recorded before. */
  eventsDuplicate: "EventsDuplicate",
  /** Consumer: events that another invocation is working on. */
  eventsInConflict: "EventsInConflict",
  /** Consumer: events that arrived after a newer one had moved the state. */
  eventsLate: "EventsLate",
  /** Consumer: events that configuration asks to drop (`events.handled`, `journeys`), or of a forgotten application. */
  eventsIgnored: "EventsIgnored",
  /** Consumer and poller: webhooks, submissions and answers of Alloy's that are of another environment than the stage. */
  environmentMixed: "EnvironmentMixed",
  /** Consumer: events and bodies that Alloy's documentation does not know. */
  eventsUnrecognised: "EventsUnrecognised",
  /** Consumer: events put on the bus. */
  eventsPublished: "EventsPublished",
  /** Consumer and poller: events, submissions and notices with a text that was cut, as it was longer than all others. */
  eventsCut: "EventsCut",
  /** Consumer: new events that the poller, not a webhook, brought. */
  eventsHealed: "EventsHealed",
  /** Consumer: queue records handled, whatever the result. */
  recordsHandled: "RecordsHandled",
  /** Consumer: queue records returned to the queue. */
  recordsFailed: "RecordsFailed",
  /** Consumer: queue records sent to the dead-letter queue at once. */
  recordsDeadLettered: "RecordsDeadLettered",
  /** Consumer: receipt minus `data.timestamp` of a webhook, in milliseconds. */
  deliveryLatency: "DeliveryLatency",
  /** Consumer: new events by webhook, by the attempt of Alloy's that brought them; only by `Attempt`. */
  webhooksByAttempt: "WebhooksByAttempt",
  /**
   * Consumer and poller: applications that reached an outcome, each counted once, however often that is
   * reported; only by `Outcome`, and for the counted Journeys also by `Journey` and `Outcome`. The poller says a zero
   * where a rule of `notifications` expects some.
   */
  applicationsByOutcome: "ApplicationsByOutcome",
  /**
   * Consumer: applications that were decided; from the submission, or where none was announced from the start, to
   * the decision, in milliseconds; for the counted Journeys also by `Journey`.
   */
  timeToDecision: "TimeToDecision",

  /** Poller: runs that ended. A run that is killed or throws does not count. */
  pollerRuns: "PollerRuns",
  /** Poller: applications compared with Alloy. */
  applicationsChecked: "ApplicationsChecked",
  /**
   * Poller: applications that have been due for two of its periods, and that this run did not reach; above some
   * 100,000 it is a lower bound.
   */
  applicationsBehind: "ApplicationsBehind",
  /** Poller: events at Alloy, newer than the previous check of their application, without a webhook. */
  transitionsUnheard: "TransitionsUnheard",
  /** Poller: events that Alloy has and that are not recorded. */
  eventsMissing: "EventsMissing",
  /** Poller: events that a check left to the next one, because one check queues 500 of an application at most. */
  eventsLeft: "EventsLeft",
  /** Poller: applications for which Alloy's status or outcome was put into the queue, as no event tells it. */
  correctionsQueued: "CorrectionsQueued",
  /** Poller: what Alloy has and we have not, and that neither the queue nor the bucket took. */
  envelopesRefused: "EnvelopesRefused",
  /**
   * Poller: applications in gap, past the threshold, at the end of the run; also by `GapStage`, and for the
   * counted Journeys by `Journey`. `late` ones, which have healed by themselves, stand under their stage alone.
   */
  deliveryGaps: "DeliveryGaps",
  /** Poller: gaps that healed; from their first event to the check that found them healed, in milliseconds. */
  gapDuration: "GapDuration",
  /** Poller: applications that Alloy does not know, or not by this account. */
  applicationsUnknown: "ApplicationsUnknown",
  /** Poller: runs in which Alloy answered, and knew none of the applications that it was asked for. */
  runsKnowingNone: "RunsKnowingNone",
  /** Poller: applications that could not be checked five times in a row, while Alloy answered for others. */
  applicationsUnchecked: "ApplicationsUnchecked",
  /** Poller: answers with a status that Alloy's documentation does not know. */
  statusesUnrecognised: "StatusesUnrecognised",
  /** Poller: applications checked that have been open for longer than `gaps.staleAfterMs`. */
  applicationsStale: "ApplicationsStale",
  /**
   * Poller: by how many per cent an outcome has changed since the same window of a day or a week before; only by
   * `Rule`. Zero when there are too few applications to say so.
   */
  outcomeChange: "OutcomeChange",
  /** Poller: answers to Alloy in a row, up to now, that were not 200; Alloy counts to 100. */
  failuresInARow: "FailuresInARow",
  /** Poller: runs that could not read Alloy's list of Investigations, though they wanted to. */
  investigationsUnlisted: "InvestigationsUnlisted",
  /** Poller: calls of Get Journey Application, and of the list of Investigations. */
  alloyCalls: "AlloyCalls",
  /** Poller: calls answered 429 or 5xx, with something that is not Alloy's, or not at all. */
  alloyCallsFailed: "AlloyCallsFailed",
  /** Poller: calls answered 401. */
  alloyCallsUnauthorized: "AlloyCallsUnauthorized",

  /** Statement: of the applications that the day's statement sees, per cent that are not overdue; once a day. */
  completeness: "Completeness",
  /** Statement: from 1 on, the month's error budget is used up too fast; once a day. */
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
