/**
 * Times, sizes and counts: limits of Alloy and of AWS, and ours below them. This file imports nothing.
 */

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
  /** Applications checked at the same time, once Alloy has answered: at the least, 5 a second at one second each. */
  concurrency: 5,
  /**
   * Calls a second of one poller at most, and so many checks at the same time. A check takes about 4 ms of a core, and a
   * function of 256 MB has a seventh of one: half of its time.
   */
  callsPerSecond: 20,
  /** A check that has lasted for so long holds up no other one: Alloy lets some calls hang. */
  slowCheckMs: 1 * SECOND,
  /** For each check at the same time, so many with the slow ones: a call may take 5 s. */
  withSlowOnes: 5,
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
  /** Reads of each shard by which what is behind is counted at most, of some ten thousand entries each. */
  mostPagesCounted: 30,
  /** Putting a large body into the payload bucket, all attempts together. */
  payloadMs: 5 * SECOND,
} as const;

/** What is taken of the decision in Alloy's answer (docs/decisions/0054). */
export const DECISION = {
  /**
   * Reasons, tags and outputs together, as JSON on the bus, in bytes. The rest of an event has 180 KB at most, so every
   * decision fits one call of the bus (`PUT_EVENTS`), one message of SQS and, compressed, one item of DynamoDB.
   */
  mostBytes: 64 * 1_024,
  /** A completed application whose answer lacks a field of the decision is asked again for so long. */
  waitMs: 10 * MINUTE,
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
  /**
   * Gaps that a run reads, the oldest, to count them by their stages: 2 MB of entries, of a function that has 256. The others
   * are counted.
   */
  mostRead: 10_000,
  /** Reads by which the others are counted at most: about a million and a half of gaps, in some ten seconds. */
  mostPagesCounted: 200,
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
  /** One, unless the stage expects more than one makes (`pollers`): each has shards of its own. */
  poller: 1,
} as const;

/**
 * Requests a second that Lambda starts of a function, for each execution that it may run at once: above it Lambda
 * refuses, however short the runs are (its guide, "Understanding concurrency and requests per second").
 */
export const REQUESTS_PER_EXECUTION = 10;

/**
 * What API Gateway lets through to ingest; the rest gets 429, and Alloy tries again. Far above any Journey's volume
 * and no more than ingest carries, so that a flood of forgeries keeps nobody out (docs/decisions/0015 and 0053).
 */
export const THROTTLE = {
  requestsPerSecond: REQUESTS_PER_EXECUTION * CONCURRENCY.ingest,
  /** Requests at one moment: each finds an execution of its own, also where none is warm. */
  burst: CONCURRENCY.ingest,
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

/** The ids of an application's entities, in its item and in its events: as for its applicants, both must not grow with them. */
export const ENTITY_IDS = {
  /** Of more entities, these many are kept: the first by their tokens. An application of a company has about ten people. */
  most: 16,
} as const;

/** The numbers of an application's effects: as for its applicants, the item must not grow with them. */
export const EFFECTS = {
  /** With more than these, some leave the item. The longest usual life publishes about ten. */
  most: 24,
  /** So many leave at once: always the same ones, so that two who move them write one item. */
  moved: 16,
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
