/**
 * Names and numbers that the infrastructure, the Lambdas and the tools must agree on.
 * This file imports nothing, so that everything may import it.
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

/** Alarms that `ops verify --ring` rings, one of each severity: neither takes a deployment back. */
export const TEST_ALARMS = { page: "applications-unknown", ticket: "applications-stale" } as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];

/** The webhook's path at the HTTP API. */
export const WEBHOOK_PATH = "/webhooks/alloy";

/** `Source` of everything that we put on the bus. */
export const EVENT_SOURCE = "alloy.journeys";

/** `DetailType` by which the onboarding service announces a submission. */
export const SUBMISSION_DETAIL_TYPE = "Journey Application Submitted";

/** `DetailType` of an opened or closed delivery gap. */
export const DELIVERY_GAP_DETAIL_TYPE = "Journey Application Delivery Gap";

/** `DetailType` of the same for an Investigation. */
export const INVESTIGATION_GAP_DETAIL_TYPE = "Investigation Delivery Gap";

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

/** Route ids, in the order of docs/events.md. */
export const ROUTE_IDS = [
  "approved",
  "denied",
  "manual-review",
  "needs-action",
  "errored",
  "expired",
  "completed",
  "superseded",
  "progressed",
  "unrecognised",
  "other",
  "investigation-created",
  "investigation-promoted",
  "investigation-closed",
] as const;

export type RouteId = (typeof ROUTE_IDS)[number];

/** Routes of the stages that handle Investigations (`investigations`); in others that family is `other`. */
export const INVESTIGATION_ROUTE_IDS = [
  "investigation-created",
  "investigation-promoted",
  "investigation-closed",
] as const satisfies readonly RouteId[];

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

/** The `DetailType` under which a route is published. */
export const ROUTE_TITLES: Readonly<Record<RouteId, string>> = {
  approved: "Journey Application Approved",
  denied: "Journey Application Denied",
  "manual-review": "Journey Application In Manual Review",
  "needs-action": "Journey Application Needs Action",
  errored: "Journey Application Errored",
  expired: "Journey Application Expired",
  completed: "Journey Application Completed",
  superseded: "Journey Application Superseded",
  progressed: "Journey Application Progressed",
  unrecognised: "Unrecognised Alloy Event",
  other: "Other Alloy Webhook",
  "investigation-created": "Investigation Created",
  "investigation-promoted": "Investigation Promoted",
  "investigation-closed": "Investigation Closed",
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Alloy's ten attempts: elapsed time of each since the event, in ms (docs: retry-logic-and-webhook-logs). */
export const ALLOY_ATTEMPTS_MS: readonly number[] = [
  0,
  1 * SECOND,
  1 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  90 * MINUTE,
  180 * MINUTE,
  360 * MINUTE,
  720 * MINUTE,
  1_440 * MINUTE,
];

/** Alloy switches an endpoint off after so many failures in a row (docs: retry-logic-and-webhook-logs). */
export const ALLOY_SWITCH_OFF_FAILURES = 100;

/** How long one event can keep coming back; the idempotency window must cover the sum. */
export const REDELIVERY_MS = {
  /** Alloy's last attempt. */
  alloyRetry: 1 * DAY,
  /** SQS's maximum, and ours. */
  queueRetention: 14 * DAY,
  /** SQS's maximum, and ours. */
  deadLetterRetention: 14 * DAY,
  /** The longest span that an operator may replay. */
  longestReplay: 7 * DAY,
} as const;

export const IDEMPOTENCY = {
  /** Fixed: the default contains the function's name, and a rename would forget every record. */
  keyPrefix: "alloy-journey-event",
  windowMs: 40 * DAY,
} as const;

export const QUEUE = {
  /** Events a consumer invocation takes at most. */
  batchSize: 10,
  /** One more than five: throttles of the function count as receives too. */
  maxReceives: 6,
  /** The SQS limit of one message, body and attributes, in bytes. */
  maxMessageBytes: 1_048_576,
  /** Left free in each message that we make, so that the reason fits beside it when it is dead-lettered. */
  reasonRoomBytes: 4_096,
  /** The longest reason, in bytes; the attribute's name and type need a few more of the room. */
  maxReasonBytes: 2_048,
  /** Message attribute of a dead-lettered record: why it is there. */
  reasonAttribute: "reason",
} as const;

/** Who puts large bodies where in the payload bucket; each function has rights under its own prefix alone. */
export const PAYLOAD_PREFIXES = { webhook: "webhooks/", poll: "polls/" } as const;

/** The longest texts on the bus, in UTF-16 code units; what is longer is cut, and ends with "…". */
export const PUBLISHED_TEXT = {
  /** Names, outcomes and tokens. */
  mostUnits: 1_024,
  /** External ids, as long as they are read (`EXTERNAL_INPUT.idBytes`). */
  mostIdUnits: 4_096,
  /** An event's type: the longest of Alloy's has 40. */
  mostTypeUnits: 256,
} as const;

/** What one call of `SendMessageBatch` takes; its messages together must not exceed the limit of one. */
export const SEND_MESSAGE_BATCH = { mostEntries: 10 } as const;

/** What one call of `PutEvents` takes. */
export const PUT_EVENTS = {
  mostEntries: 10,
  /**
   * Of all entries together, in bytes: they must stay below 256 KB (EventBridge User Guide, "Calculating PutEvents event
   * entry size"). Newer pages say 1 MB; the smaller number holds in every region.
   */
  mostBytes: 262_143,
} as const;

/** Limits of time, each below the one that would cut it off. */
export const TIMEOUTS_MS = {
  /** Alloy gives up after this (docs: best-practices). */
  alloyWebhook: 10 * SECOND,
  /** The whole ingest request: Lambda ends it here at the latest. */
  ingest: 3 * SECOND,
  /** API Gateway's wait for ingest: its limit and a cold start. */
  integration: 6 * SECOND,
  consumer: 30 * SECOND,
  /** At least six times the consumer's (Lambda's guide for SQS). */
  visibility: 180 * SECOND,
  poller: 55 * SECOND,
  /** Lambda's most; it reads what is open, 25 applications at a time. */
  statement: 15 * MINUTE,
} as const;

/** How esbuild bundles a function: for the stack, and for the bench that measures what is deployed. */
export const BUNDLE = {
  target: "node24",
  minify: true,
  /** Names in stack traces cost a few hundred bytes; a source map costs its parse on each cold start. */
  keepNames: true,
  sourceMap: false,
  mainFields: ["module", "main"],
} as const;

/** How ingest spends the time it has. */
export const INGEST = {
  /** A stored webhook in a warm function: half a millisecond of a whole core, and a `SendMessage`. */
  usualMs: 30,
  /** From the request to the answer; the rest of the function's timeout is for answering. */
  budgetMs: TIMEOUTS_MS.ingest - 500,
  /** Calls of SQS, S3 and Secrets Manager: two hung attempts fit into the budget, and a quick third. */
  attempts: { most: 3, attemptMs: 1_000, pauseMs: 50 },
  /** The webhook secret is read again when it is older (docs/contracts.md#credentials). */
  secretLifetimeMs: 5 * MINUTE,
  /** A wrong credential has the secret read again, at most once in this time (docs/contracts.md#credentials). */
  secretRefreshMs: 10 * SECOND,
  /** Reading the secret takes at most this much of the budget, so that SQS can be tried afterwards. */
  secretReadMs: 1 * SECOND,
  /** Without any secret, the wait after a failed read: a flood must not become a flood of calls. */
  secretPauseMs: 1 * SECOND,
} as const;

/**
 * How Alloy's webhooks prove that they are Alloy's: by the webhook secret, or by a token that API Gateway has checked.
 */
export type AuthSettings = "secret" | { readonly jwt: TokenSettings };

/** What a token must say. */
export interface TokenSettings {
  readonly issuer: string;
  /** One of them must be the token's `aud`, or, where there is no `aud`, its `client_id`. */
  readonly audience: readonly string[];
  /** The token needs one of them. */
  readonly scopes: readonly string[];
}

/** The file beside a function's code that holds its settings, as JSON; the names of resources are in its environment. */
export const SETTINGS_FILE = "settings.json";

/** Ingest's settings file. */
export interface IngestSettings {
  readonly auth: AuthSettings;
  readonly allowList: AllowListSettings;
}

/** Which addresses webhooks are expected from. */
export interface AllowListSettings {
  /** `observe` counts what comes from elsewhere, `enforce` also answers it 403. */
  readonly mode: "observe" | "enforce";
  /** IPv4 or IPv6 ranges; an address without a prefix length is one address. */
  readonly cidrs: readonly string[];
}

/** How the poller calls Alloy, within the stage's `polling`. */
export const POLLER = {
  /** One call at most. Three of them about one application leave two thirds of a run to the others. */
  callMs: 5 * SECOND,
  /** Calls about one application in one check. */
  attempts: 3,
  /** Wait before the second attempt, on average; it doubles with each. */
  pauseMs: 500,
  /** Failed calls after which a run without any answer stops: the cost of an outage per run. */
  failuresToStop: 5,
  /** The same where Alloy is known to have answered less than `witnessMs` ago: some may just fail by themselves. */
  failuresToStopInDoubt: 20,
  /** The same for 429: every one has slowed the run down already. */
  refusalsToStop: 10,
  /** Applications checked at the same time, once Alloy has answered: 5 a second at one second each. */
  concurrency: 5,
  /** A check that has lasted for so long holds up no other one: Alloy lets some calls hang. */
  slowCheckMs: 1 * SECOND,
  /** Checks at the same time, including slow ones: 5 a second at the 5 s that a call may take. */
  mostAtOnce: 25,
  /** A check that a crash cut off is due again after this: no other run can overlap. */
  claimMs: TIMEOUTS_MS.poller + 5 * SECOND,
  /** The longest wait for the next check of an application in gap: a redrive is noticed within it. */
  longestGapCheckMs: 30 * MINUTE,
  /** The longest wait after a check without an answer: what waited for a revoked key is checked within it. */
  longestRetryMs: 60 * MINUTE,
  /** Checks without an answer in a row after which an application is counted: more than an hour of them. */
  failuresToCount: 5,
  /**
   * Calls about one application in a day at most, whatever is wrong with it: `ownCallsPerDay`, and one per `witnessMs`
   * of the one application that is the witness. Checks that were asked for come on top.
   */
  callsPerApplicationPerDay: 120,
  /** By its own checks: one per half an hour, and half a day's worth of them at once for what has just gone wrong. */
  ownCallsPerDay: 72,
  ownCallsAtOnce: 24,
  /** How often, at most, the poller calls Alloy for the last known application, when Alloy seems to know none. */
  witnessMs: 30 * MINUTE,
  /** It is written down so often at most: any of the day will do. */
  witnessKeptMs: 1 * DAY,
  /** Alloy has not known an application for so long: no more checks, unless a webhook comes. */
  unknownMs: 7 * DAY,
  /** The API secret is read again when it is older (docs/contracts.md#credentials). */
  secretLifetimeMs: 5 * MINUTE,
  /** Putting a large body into the payload bucket, all attempts together. */
  payloadMs: 5 * SECOND,
} as const;

/** How Alloy's list of Investigations is read (docs/decisions/0037). */
export const INVESTIGATIONS = {
  /** Alloy's most (reference: get_investigations). */
  pageSize: 100,
  /** Pages in one run at most: a thousand Investigations, in a twentieth of a run's calls. */
  pagesPerRun: 10,
  /** Calls for one page in a run, at most; the next run comes in minutes. */
  attempts: 2,
  /** What moved so long before the last whole reading is read again: it may have been on its way then. */
  overlapMs: 15 * MINUTE,
} as const;

/** How a gap is explained. */
export const GAP = {
  /** A failed record is retried after at most 30 min, and given up some minutes later. */
  longestRetryMs: 35 * MINUTE,
  /** CloudWatch knows the age of the queue's oldest message to the minute. */
  queueSlackMs: 1 * MINUTE,
  /** How far back the answers to Alloy are looked at: within it, 100 failures switch the endpoint off. */
  deliveryWindowMs: 3 * DAY,
  /** A dead-lettered event is a person's for so long; then the poller tries whether its cause is gone. */
  redriveMs: 1 * DAY,
  /** Events that are kept and published with a gap; it counts all of them. */
  mostEvents: 50,
  /**
   * Events of one application that one check queues, the newest first: 50 calls of SQS, so that a run has time for
   * others. The gap stays open, and the next check queues the next ones. No application of Alloy's is known to have
   * half as many.
   */
  mostQueuedPerCheck: 500,
} as const;

/** How many of each may run at once. */
export const CONCURRENCY = {
  /** Carries all that API Gateway lets through, were it authentic. */
  ingest: 100,
  consumer: 10,
  /** Batches that SQS hands out at once; ten of ten events outrun any Journey. */
  eventSource: 10,
  /** With `concurrency: "shared"`: the least that Lambda takes, so that a backlog leaves ingest the rest of an account of ten. */
  sharedEventSource: 2,
  /** One: two runs would ask Alloy about the same applications. */
  poller: 1,
} as const;

/**
 * What API Gateway lets through to ingest; the rest gets 429, and Alloy tries again. Far above any Journey's volume
 * and below what ingest can carry, so that a flood of forgeries keeps nobody out (docs/decisions/0015).
 */
export const THROTTLE = {
  requestsPerSecond: 2_000,
  burst: 1_000,
} as const;

/** Memory of the functions, in MB; Lambda gives CPU in proportion. */
export const MEMORY_MB = {
  /** Two calls and a hash: more memory buys no latency that Alloy would notice. */
  ingest: 256,
  /** A batch of ten, compressed and published side by side. */
  consumer: 512,
  /** Waits for Alloy most of its time. */
  poller: 256,
  /** The counts of a day. */
  statement: 256,
} as const;

/** The daily statements. */
export const STATEMENTS = {
  prefix: "statements/",
  /**
   * Minutes after the end of a UTC day. An application that ended at its beginning is settled an hour after its end
   * (`polling.finalCheckMs`), and no statement sees it any more.
   */
  minutesAfterMidnight: 10,
} as const;

/** `ApplicationTable`. */
export const TABLE = {
  dueIndex: "due",
  gapIndex: "gap",
  externalIndex: "external",
  /** Shards of the due index: ten partitions take 10,000 writes a second. */
  dueShards: 10,
  /** TTL attribute of `ApplicationTable`, epoch seconds; only events and marks may carry it. */
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
  TABLE.expiryAttribute,
] as const;

/** Those of {@link TABLE} that `ops retention` writes: the end of an event, under its key. */
export const RETENTION_ATTRIBUTES = ["pk", "sk", "receivedAt", TABLE.expiryAttribute] as const;

/** Those that it reads: it leaves alone what is under a legal hold. */
export const RETENTION_READ_ATTRIBUTES = [...RETENTION_ATTRIBUTES, "legalHold"] as const;

/**
 * Applicants whose registers stand in their application's item. Each takes about 130 bytes: nine of them
 * keep the item within two write units, however many applicants there are.
 */
export const APPLICANTS = {
  /** With more than these, some leave the item. */
  most: 8,
  /** So many stay, those that moved last: the next few events find room without another move. */
  kept: 4,
  /** So many leave at once at most; an application of the released format may have hundreds. */
  mostMoved: 16,
} as const;

/**
 * What is taken of text that somebody else wrote: webhooks, submissions, answers of Alloy's API, messages of the
 * queue. The recorded body stays whole, whatever is made of it.
 */
export const EXTERNAL_INPUT = {
  /** Levels of arrays and objects. Alloy's answers have about ten; deeper JSON is dead-lettered. */
  jsonDepth: 200,
  /** Lambda hands no larger body to ingest: 6 MB. A larger one is dead-lettered. */
  jsonBytes: 6 * 1_024 * 1_024,
  /**
   * Lists and objects. Each takes some 60 bytes of memory, though two in the text: ten bodies of empty objects in
   * one batch would end the consumer's process. Alloy's longest answers have some thousand.
   */
  jsonNodes: 750_000,
  /** A token of Alloy's: part of keys, and of paths of its API. */
  token: /^[A-Za-z0-9_-]{1,128}$/,
  /** An id of the client's own: a longer one is cut, in the state and on the bus. Twice what an index takes. */
  idBytes: 4_096,
  /** A name, an outcome, a type: a longer one is cut. */
  textBytes: 1_024,
  /** The hash key of an index, of DynamoDB: a longer id is kept and published, and found by no index. */
  indexKeyBytes: 2_048,
} as const;

/** What a secret holds before someone fills it: valid JSON that authenticates nobody. */
export const EMPTY_WEBHOOK_SECRET = `{"basic":[],"hmac":[]}`;
export const EMPTY_ALLOY_API_SECRET = `{"token":"","secret":""}`;

/** How a route is published. */
export interface Publication {
  readonly publish: boolean;
  readonly publishLate: boolean;
}

/**
 * Types of events that decide, by the table of `lambdas/domain/event/event-types.ts`: the application has ended, waits for
 * somebody, or may be open again. A stage may not drop them.
 */
export const DECIDING_EVENT_TYPES = [
  "data_request_evaluation",
  "data_request",
  "pending_documents",
  "pending_step_up",
  "pending_review",
  "started_review",
  "pending_action",
  "completed_application",
  "error",
  "started_rerun_application",
  "journey_application_retriggered",
  "application_unarchived",
  "application_expired",
] as const;

/** Routes that an outcome of a Journey's own may mean. */
export const OUTCOME_ROUTE_IDS = [
  "approved",
  "denied",
  "manual-review",
  "needs-action",
  "errored",
  "expired",
  "completed",
] as const;

/** Outcomes in lower case, each with the route that it means. */
export type OutcomeRoutes = Readonly<Record<string, (typeof OUTCOME_ROUTE_IDS)[number]>>;

/** What a Journey does differently. */
export interface JourneyRoutes {
  readonly outcomes: OutcomeRoutes;
  readonly routes: Readonly<Partial<Record<RouteId, Partial<Publication>>>>;
}

/** The consumer's settings file; made from the stage's configuration. */
export interface ConsumerSettings {
  /** Environment of a webhook whose `type` does not say it. */
  readonly environment: "sandbox" | "live";
  /** Journeys to accept; empty means all. */
  readonly journeys: readonly string[];
  /** Event types to drop, counted; every other one is handled, unknown ones always. */
  readonly ignoredEventTypes: readonly string[];
  readonly routes: Readonly<Record<RouteId, Publication>>;
  /** Whether Investigations have routes of their own; otherwise their webhooks are `other`. */
  readonly investigations: boolean;
  /** What single Journeys do differently, by their token. */
  readonly journeyRoutes: Readonly<Record<string, JourneyRoutes>>;
  /** Journeys, beside `journeys`, whose applications are also counted by Journey; few, since each makes ten metrics. */
  readonly countedJourneys: readonly string[];
  /** First check of an application by the poller, after we heard of it. */
  readonly firstCheckMs: number;
  /** How long an event item lives after its receipt, through the TTL attribute; null keeps it. */
  readonly eventRetentionMs: number | null;
}

/** The settings file of the daily statement; made from the stage's configuration. */
export interface StatementSettings {
  /** Routes that some Journey publishes. */
  readonly publishedRoutes: readonly RouteId[];
  /** As `polling.finalCheckMs`. */
  readonly finalCheckMs: number;
}

/** The poller's settings file; made from the stage's configuration. */
export interface PollerSettings {
  /** Environment of an application whose answer does not say it. */
  readonly environment: "sandbox" | "live";
  /** Base URL of Alloy's API with its version: `https://sandbox.alloy.co/v1`. */
  readonly alloyBaseUrl: string;
  /** `bearer`: a token of an hour, got with the API key; `basic`: the API key with each call. */
  readonly alloyAuth: "basic" | "bearer";
  /** Who refuses webhooks before ingest counts them, or counts addresses that it does not refuse. */
  readonly refusals: { readonly byAuthorizer: boolean; readonly byAddress: boolean };
  /** How long an event item lives after its receipt; null keeps it. */
  readonly eventRetentionMs: number | null;
  /** Journeys that the consumer accepts; empty means all. */
  readonly journeys: readonly string[];
  readonly ignoredEventTypes: readonly string[];
  /** Whether Alloy's list of Investigations is compared with what is recorded of them. */
  readonly investigations: boolean;
  readonly polling: PollingSettings;
  readonly gaps: GapSettings;
  /** Rules of `notifications` whose windows the poller compares. */
  readonly comparisons: readonly ComparisonSettings[];
  /** What rules expect to be there, and must see when it is not. */
  readonly expectedOutcomes: readonly OutcomeSubject[];
}

/** What is counted by `ApplicationsByOutcome`. */
export interface OutcomeSubject {
  readonly outcome: CountedOutcome;
  /** Null: of all Journeys together. */
  readonly journey: string | null;
}

/** A window that is compared with one before. */
export interface ComparisonSettings {
  /** The rule's name. */
  readonly rule: string;
  /** Taken together. */
  readonly subjects: readonly OutcomeSubject[];
  readonly windowMs: number;
  /** How long before the other window is. */
  readonly beforeMs: number;
  /** Applications in the fuller window; of fewer a change says nothing. */
  readonly atLeast: number;
}

/** When an open application is checked, and what a run may use up. */
export interface PollingSettings {
  /** How often the poller runs. */
  readonly rateMs: number;
  /** First check after the submission or the first webhook. */
  readonly firstCheckMs: number;
  /** Second check after the first; each next one comes `growth` times later. */
  readonly secondCheckMs: number;
  readonly growth: number;
  /** Longest wait between two checks of an open application. */
  readonly capMs: number;
  /** Last check of a final application: after Alloy's own retries are over. */
  readonly finalCheckMs: number;
  /** Checks of a settled application for reruns that no webhook reported; null: none. */
  readonly rerunCheckMs: number | null;
  /** Calls to Alloy per second at most. */
  readonly requestsPerSecond: number;
  /** Calls to Alloy per run at most. */
  readonly callsPerRun: number;
  /** Time of a run at most, below the function's timeout. */
  readonly runMs: number;
}

/** When something missing is called a gap. */
export interface GapSettings {
  /** An event younger than this may still be in flight. */
  readonly graceMs: number;
  /** A gap that is older than this is counted by `DeliveryGaps`. */
  readonly thresholdMs: number;
  /** An application that is open for longer is counted by `ApplicationsStale`; nothing else happens to it. */
  readonly staleAfterMs: number;
}
