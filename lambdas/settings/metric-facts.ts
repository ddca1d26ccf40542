import {
  ATTEMPT_DIMENSION,
  CAUSE_DIMENSION,
  GAP_STAGE_DIMENSION,
  JOURNEY_DIMENSION,
  OUTCOME_DIMENSION,
  RULE_DIMENSION,
} from "./metrics.ts";
import type { MetricName, METRICS } from "./metrics.ts";

/** Functions that emit metrics. */
export type Emitter = "ingest" | "consumer" | "poller" | "statement";

/** What is known of a metric. No function loads it: it types what they emit, and makes docs/metrics.md. */
export interface MetricFacts {
  /** Who emits it. */
  readonly of: readonly Emitter[];
  /** A count adds up over an invocation. @default - "Count" */
  readonly unit?: "Milliseconds";
  /** The sets of dimensions under which it comes, besides `Stage`. @default - none but `Stage` */
  readonly by?: readonly (readonly string[])[];
  readonly means: string;
}

export const METRIC_FACTS = {
  webhooksReceived: {
    of: ["ingest"],
    means: "webhooks that were authentic and are in the queue",
  },
  credentialsRejected: {
    of: ["ingest"],
    means: "requests answered 401",
  },
  credentialsMissing: {
    of: ["ingest"],
    means: "requests answered 401 because no credential is configured at all",
  },
  credentialsUnusable: {
    of: ["ingest"],
    means:
      "entries of the webhook secret that authenticate nobody, at each read of it: weak, or of no use",
  },
  addressesUnlisted: {
    of: ["ingest"],
    means: "requests from an address outside the allow-list, whatever the answer was",
  },
  alloyRefused: {
    of: ["ingest"],
    means:
      "requests of Alloy's that were not answered 200; of a credential of ours, but from an address outside the list, by ingest; of an address in the list, also 429 and what an authorizer refuses, by API Gateway's access log",
  },
  storesFailed: {
    of: ["ingest"],
    by: [[], [CAUSE_DIMENSION]],
    means:
      "requests answered 503, because an AWS service did not do its part in time; also by `Cause`",
  },
  eventsRecorded: {
    of: ["consumer"],
    means: "new events recorded",
  },
  eventsDuplicate: {
    of: ["consumer"],
    means: "events that had been recorded before",
  },
  eventsInConflict: {
    of: ["consumer"],
    means: "events that another invocation is working on",
  },
  eventsLate: {
    of: ["consumer"],
    means: "events that arrived after a newer one had moved the state",
  },
  eventsIgnored: {
    of: ["consumer"],
    means:
      "events that configuration asks to drop (`events.handled`, `journeys`), or of a forgotten application",
  },
  environmentMixed: {
    of: ["consumer", "poller"],
    means:
      "webhooks, submissions and answers of Alloy's that are of another environment than the stage",
  },
  eventsUnrecognised: {
    of: ["consumer"],
    means: "events and bodies that Alloy's documentation does not know",
  },
  eventsPublished: {
    of: ["consumer"],
    means: "events put on the bus",
  },
  eventsCut: {
    of: ["consumer", "poller"],
    means:
      "events, submissions and notices with a text that was cut, as it was longer than all others",
  },
  eventsHealed: {
    of: ["consumer"],
    means: "new events that the poller, not a webhook, brought",
  },
  recordsHandled: {
    of: ["consumer"],
    means: "queue records handled, whatever the result",
  },
  recordsFailed: {
    of: ["consumer"],
    means: "queue records returned to the queue",
  },
  recordsDeadLettered: {
    of: ["consumer"],
    means: "queue records sent to the dead-letter queue at once",
  },
  deliveryLatency: {
    of: ["consumer"],
    unit: "Milliseconds",
    means: "receipt minus `data.timestamp` of a webhook, in milliseconds",
  },
  webhooksByAttempt: {
    of: ["consumer"],
    by: [[ATTEMPT_DIMENSION]],
    means: "new events by webhook, by the attempt of Alloy's that brought them; only by `Attempt`",
  },
  applicationsByOutcome: {
    of: ["consumer", "poller"],
    by: [[OUTCOME_DIMENSION], [JOURNEY_DIMENSION, OUTCOME_DIMENSION]],
    means:
      "applications that reached an outcome, each counted once, however often that is reported; only by `Outcome`, and for the counted Journeys also by `Journey` and `Outcome`. The poller says a zero where a rule of `notifications` expects some",
  },
  timeToDecision: {
    of: ["consumer"],
    unit: "Milliseconds",
    by: [[], [JOURNEY_DIMENSION]],
    means:
      "applications that were decided; from the submission, or where none was announced from the start, to the decision, in milliseconds; for the counted Journeys also by `Journey`",
  },
  pollerRuns: {
    of: ["poller"],
    means: "runs that ended. A run that is killed or throws does not count",
  },
  applicationsChecked: {
    of: ["poller"],
    means: "applications compared with Alloy",
  },
  applicationsBehind: {
    of: ["poller"],
    means:
      "applications that have been due for two of its periods, and that this run did not reach; above some 100,000 it is a lower bound",
  },
  transitionsUnheard: {
    of: ["poller"],
    means: "events at Alloy, newer than the previous check of their application, without a webhook",
  },
  eventsMissing: {
    of: ["poller"],
    means: "events that Alloy has and that are not recorded",
  },
  eventsLeft: {
    of: ["poller"],
    means:
      "events that a check left to the next one, because one check queues 500 of an application at most",
  },
  correctionsQueued: {
    of: ["poller"],
    means:
      "applications for which Alloy's status or outcome was put into the queue, as no event tells it",
  },
  envelopesRefused: {
    of: ["poller"],
    means: "what Alloy has and we have not, and that neither the queue nor the bucket took",
  },
  deliveryGaps: {
    of: ["poller"],
    by: [[GAP_STAGE_DIMENSION], [], [JOURNEY_DIMENSION]],
    means:
      "applications in gap, past the threshold, at the end of the run; also by `GapStage`, and for the counted Journeys by `Journey`. `late` ones, which have healed by themselves, stand under their stage alone",
  },
  gapDuration: {
    of: ["poller"],
    unit: "Milliseconds",
    means:
      "gaps that healed; from their first event to the check that found them healed, in milliseconds",
  },
  applicationsUnknown: {
    of: ["poller"],
    means: "applications that Alloy does not know, or not by this account",
  },
  runsKnowingNone: {
    of: ["poller"],
    means: "runs in which Alloy answered, and knew none of the applications that it was asked for",
  },
  applicationsUnchecked: {
    of: ["poller"],
    means:
      "applications that could not be checked five times in a row, while Alloy answered for others",
  },
  statusesUnrecognised: {
    of: ["poller"],
    means: "answers with a status that Alloy's documentation does not know",
  },
  applicationsStale: {
    of: ["poller"],
    means: "applications checked that have been open for longer than `gaps.staleAfterMs`",
  },
  outcomeChange: {
    of: ["poller"],
    by: [[RULE_DIMENSION]],
    means:
      "by how many per cent an outcome has changed since the same window of a day or a week before; only by `Rule`. Zero when there are too few applications to say so",
  },
  failuresInARow: {
    of: ["poller"],
    means: "answers to Alloy in a row, up to now, that were not 200; Alloy counts to 100",
  },
  investigationsUnlisted: {
    of: ["poller"],
    means: "runs that could not read Alloy's list of Investigations, though they wanted to",
  },
  alloyCalls: {
    of: ["poller"],
    means: "calls of Get Journey Application, and of the list of Investigations",
  },
  alloyCallsFailed: {
    of: ["poller"],
    means: "calls answered 429 or 5xx, with something that is not Alloy's, or not at all",
  },
  alloyCallsUnauthorized: {
    of: ["poller"],
    means: "calls answered 401",
  },
  completeness: {
    of: ["statement"],
    means:
      "of the applications that the day's statement sees, per cent that are not overdue; once a day",
  },
  errorBudgetBurn: {
    of: ["statement"],
    means: "from 1 on, the month's error budget is used up too fast; once a day",
  },
} as const satisfies Readonly<Record<keyof typeof METRICS, MetricFacts>>;

type Facts = typeof METRIC_FACTS;

/** The keys of the metrics that a function emits in a unit. */
type KeyOf<Of extends Emitter, Unit extends "Count" | "Milliseconds"> = {
  [Key in keyof Facts]: Of extends Facts[Key]["of"][number]
    ? Unit extends (Facts[Key] extends { readonly unit: infer Other } ? Other : "Count")
      ? Key
      : never
    : never;
}[keyof Facts];

/** The names of the metrics that a function emits in a unit. */
export type MetricOf<
  Of extends Emitter,
  Unit extends "Count" | "Milliseconds",
> = (typeof METRICS)[KeyOf<Of, Unit>];

/** Dimensions under which a metric comes. */
export type DimensionsOf<Name extends (typeof METRICS)[keyof Facts]> = {
  [Key in keyof Facts]: Name extends (typeof METRICS)[Key] ? SetsOf<Facts[Key]> : never;
}[keyof Facts];

type SetsOf<Fact> = Fact extends { readonly by: infer Sets extends readonly (readonly string[])[] }
  ? { readonly [Index in keyof Sets]: SetOf<Sets[Index][number]> }[number]
  : SetOf<never>;

/** The values of these dimensions, and of no other one. */
type SetOf<Dimension extends string> = Readonly<Record<Dimension, string>> & {
  readonly [Other in Exclude<AnyDimension, Dimension>]?: never;
};

type AnyDimension = Extract<Facts[keyof Facts], { readonly by: unknown }>["by"][number][number];

/** What is given with the name of a count: 1 by default; its dimensions, if it never comes without. */
export type CountArguments<Name extends MetricName> =
  SetOf<never> extends DimensionsOf<Name>
    ? [value?: number, dimensions?: DimensionsOf<Name>]
    : [value: number, dimensions: DimensionsOf<Name>];
