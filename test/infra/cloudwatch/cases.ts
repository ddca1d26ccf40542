import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { pascalCase } from "../../../lib/pascal-case.ts";
import { isEverPublished } from "../../../lib/config/stage-configuration.ts";
import type { StageConfiguration } from "../../../lib/config/stage-configuration.ts";
import type { FunctionName, Series } from "../../../tools/cloudwatch/series.ts";
import type { Trouble } from "./world.ts";

type Fault = (trouble: Trouble, series: Series) => unknown;

/** An alarm, the fault that it is for, and one that comes close and is not. */
export interface AlarmCase {
  readonly id: string;
  readonly fault: Fault;
  /** Minutes from the fault's first to the alarm. */
  readonly within: number;
  /** Alarms that the fault also means, but for `integration-unhealthy`, which follows by itself. */
  readonly with?: readonly string[];
  readonly nearMiss: Fault;
  /** Alarms for which the near miss is the fault. */
  readonly nearMissIsFor?: readonly string[];
}

const DAY_SECONDS = 86_400;
const DAY_MINUTES = 1_440;
/** Minutes until CloudWatch has evaluated what was measured. */
const SEEN_AFTER = 2;

const VISIBLE = "ApproximateNumberOfMessagesVisible";
const AGE = "ApproximateAgeOfOldestMessage";

type OurMetric = keyof typeof METRICS;

/** A metric of ours has this value once, in the first minute. */
const once =
  (metric: OurMetric, value = 1): Fault =>
  (trouble, { ours }) =>
    trouble.once(ours(METRICS[metric]), value);

/** A metric of ours has this value and no other, each minute or every so many. */
const each =
  (metric: OurMetric, value: number | ((minute: number) => number), every = 1): Fault =>
  (trouble, { ours }) =>
    trouble.is(ours(METRICS[metric]), value, every);

/** The same in each run of the poller. */
const polled =
  (metric: OurMetric, value: number): Fault =>
  (trouble, { ours }) =>
    trouble.is(ours(METRICS[metric]), value, trouble.pollMinutes);

/** So many events are healed every five minutes, however often the poller runs. */
const healed = (events: number) => each("eventsHealed", events, 5);

/** A metric of ours has one more, each minute. */
const besides =
  (metric: OurMetric): Fault =>
  (trouble, { ours }) =>
    trouble.and(ours(METRICS[metric]), 1);

const never =
  (metric: OurMetric): Fault =>
  (trouble, { ours }) =>
    trouble.none(ours(METRICS[metric]));

/** So many messages are visible in a queue. */
const waiting =
  (name: string, messages: number): Fault =>
  (trouble, { queue }) =>
    trouble.is(queue(VISIBLE, name), messages);

/** So many messages come into the event queue each minute, and leave it. */
const passing =
  (messages: { readonly sent: number; readonly deleted: number }): Fault =>
  (trouble, { queue }) =>
    trouble
      .is(queue("NumberOfMessagesSent", "EventQueue"), messages.sent)
      .is(queue("NumberOfMessagesDeleted", "EventQueue"), messages.deleted);

/** All of these at once. */
const all =
  (...faults: readonly Fault[]): Fault =>
  (trouble, series) => {
    for (const fault of faults) fault(trouble, series);
  };

const silentWebhooks: Fault = (trouble, { ours, api }) =>
  trouble.none(ours(METRICS.webhooksReceived), api("5xx"));

/** An alarm of which neither its fault nor what comes close means another one. @param within - minutes. */
const alarm = (id: string, fault: Fault, within: number, nearMiss: Fault): AlarmCase => ({
  id,
  fault,
  within,
  nearMiss,
});

/** @param every - minutes between two runs. */
function throttled(id: string, name: FunctionName, every: number, within: number): AlarmCase {
  const refusesOften: Fault = (trouble, { lambda }) =>
    trouble.is(lambda("Throttles", name), 2, every);
  // One refusal among many runs is what a burst does.
  return alarm(id, refusesOften, within, (trouble, { lambda }) =>
    trouble.once(lambda("Throttles", name), 1),
  );
}

function nearTimeout(
  name: FunctionName,
  limitMs: number,
  every: number,
  within: number,
): AlarmCase {
  const takes =
    (ms: number): Fault =>
    (trouble, { lambda }) =>
      trouble.is(lambda("Duration", name), ms, every);
  return alarm(`${name}-near-timeout`, takes(0.85 * limitMs), within, takes(0.6 * limitMs));
}

function switchOff(failures: number, below: readonly string[]): AlarmCase {
  return {
    id: `switch-off-near-${failures}`,
    fault: polled("failuresInARow", failures + 5),
    within: 5,
    with: below,
    nearMiss: polled("failuresInARow", failures - 1),
    nearMissIsFor: below,
  };
}

const INTAKE: readonly AlarmCase[] = [
  {
    id: "ingest-failing",
    fault: (trouble, { api, ours }) => trouble.is(api("5xx"), 2).and(ours(METRICS.storesFailed), 2),
    within: 5,
    // A single bad minute: Alloy's second attempt, a second later, may be in it too.
    nearMiss: (trouble, { api }) => trouble.once(api("5xx"), 2),
  },
  switchOff(25, []),
  switchOff(50, ["switch-off-near-25"]),
  switchOff(75, ["switch-off-near-25", "switch-off-near-50"]),
  {
    id: "credentials-rejected",
    fault: each("credentialsRejected", 2),
    within: 5,
    nearMiss: each("credentialsRejected", 2, 5),
  },
  {
    id: "credentials-missing",
    // Alloy's own webhooks, at the pace of a sandbox: too few for "credentials-rejected".
    fault: all(once("credentialsRejected"), once("credentialsMissing")),
    within: 5,
    nearMiss: once("credentialsRejected"),
  },
  // One sandbox has read a secret with a weak entry; Alloy still uses the other one.
  alarm("credentials-unusable", once("credentialsUnusable"), 5, once("credentialsRejected")),
  {
    id: "ingest-slow",
    fault: (trouble, { lambda }) => trouble.is(lambda("Duration", "ingest"), 2_200),
    within: 7,
    nearMiss: (trouble, { lambda }) => trouble.is(lambda("Duration", "ingest"), 1_900),
  },
  throttled("ingest-throttled", "ingest", 1, 5),
  {
    ...nearTimeout("ingest", 3_000, 1, 7),
    with: ["ingest-slow"],
  },
];

const PROCESSING: readonly AlarmCase[] = [
  alarm("dead-letters-not-empty", waiting("DeadLetterQueue", 1), 3, waiting("EventQueue", 1)),
  {
    id: "events-too-old",
    // The consumer has stopped, and few come in.
    fault: (trouble, { queue }) =>
      trouble.is(queue(AGE, "EventQueue"), (minute) => 60 * (minute + 1)),
    within: 10,
    nearMiss: (trouble, { queue }) => trouble.is(queue(AGE, "EventQueue"), 290),
  },
  {
    id: "events-not-draining",
    fault: all(waiting("EventQueue", 150), passing({ sent: 90, deleted: 80 })),
    within: 14,
    // As many wait, but more leave than come.
    nearMiss: all(waiting("EventQueue", 150), passing({ sent: 80, deleted: 90 })),
  },
  throttled("consumer-throttled", "consumer", 1, 5),
  nearTimeout("consumer", 30_000, 1, 7),
  {
    id: "consumer-failing",
    fault: each("recordsFailed", 1),
    within: 5,
    // One of four: one poison pill in a small batch.
    nearMiss: all(
      each("recordsHandled", (minute) => (minute % 20 === 10 ? 4 : 0)),
      each("recordsFailed", (minute) => (minute % 20 === 10 ? 1 : 0)),
    ),
  },
  alarm("events-in-conflict", each("eventsInConflict", 1), 6, each("eventsInConflict", 1, 10)),
  alarm("events-unrecognised", once("eventsUnrecognised"), 3, besides("eventsRecorded")),
  alarm("environment-mixed", once("environmentMixed"), 3, besides("eventsIgnored")),
  {
    id: "duplicates-high",
    fault: each("eventsDuplicate", 1),
    within: 10,
    // Every other one, but of six in a quarter of an hour.
    nearMiss: all(each("webhooksReceived", 2, 5), each("eventsDuplicate", 1, 5)),
  },
  {
    id: "tables-throttled",
    // A hot partition of an index, which the table's own count leaves out.
    fault: (trouble, { index }) =>
      trouble.is(index("WriteThrottleEvents", "ApplicationTable", "due"), 3),
    within: 20,
    nearMiss: (trouble, { table }) =>
      trouble.once(table("ReadThrottleEvents", "IdempotencyTable"), 3),
  },
  {
    id: "tables-failing",
    // The one that reads a state, for a correction.
    fault: (trouble, { operation }) => trouble.once(operation("GetItem", "ApplicationTable"), 1),
    within: 3,
    nearMiss: (trouble, { table }) =>
      trouble.once(table("WriteThrottleEvents", "ApplicationTable"), 1),
  },
];

const TRUTH: readonly AlarmCase[] = [
  alarm("delivery-gap", polled("deliveryGaps", 1), 3, polled("eventsMissing", 1)),
  {
    id: "webhooks-silent",
    fault: all(silentWebhooks, polled("transitionsUnheard", 1)),
    within: 35,
    // Nothing comes, but nothing happens at Alloy either.
    nearMiss: all(silentWebhooks, each("transitionsUnheard", 1, 15)),
  },
  alarm("webhooks-repaired", once("eventsHealed"), 3, polled("eventsMissing", 1)),
  {
    id: "webhooks-repaired-often",
    fault: healed(5),
    within: 3,
    with: ["webhooks-repaired"],
    nearMiss: healed(1),
    nearMissIsFor: ["webhooks-repaired"],
  },
  alarm("applications-stale", once("applicationsStale"), 3, polled("applicationsChecked", 50)),
];

const watchdogCases = (pollMinutes: number): readonly AlarmCase[] => [
  alarm("status-unrecognised", once("statusesUnrecognised"), 3, polled("correctionsQueued", 1)),
  {
    id: "applications-unknown",
    // As far apart as the poller asks again at the most.
    fault: each("runsKnowingNone", 1, 65),
    within: 3,
    // Single ones that were deleted at Alloy, while others are known.
    nearMiss: polled("applicationsUnknown", 20),
  },
  {
    id: "applications-unchecked",
    fault: each("applicationsUnchecked", 1, 65),
    within: 3,
    // Calls that fail, and are answered when they are made again.
    nearMiss: polled("alloyCallsFailed", 1),
  },
  // Many, of which one check queues all.
  alarm("events-left", once("eventsLeft", 200), 3, polled("eventsMissing", 400)),
  {
    id: "poller-silent",
    fault: never("pollerRuns"),
    // In a window shorter than 5 minutes the newest value is still on its way.
    within: 4 * Math.max(pollMinutes, 5),
    // Every second run is left out.
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.pollerRuns), 1, 2 * pollMinutes),
  },
  {
    id: "poller-behind",
    fault: polled("applicationsBehind", 50),
    within: 2 * pollMinutes + SEEN_AFTER,
    // What is left waits for the next run, and is reached by it.
    nearMiss: polled("applicationsChecked", 200),
  },
  alarm("alloy-api-failing", polled("alloyCallsFailed", 12), 15, polled("alloyCallsFailed", 2)),
  throttled("poller-throttled", "poller", pollMinutes, 2 * pollMinutes + SEEN_AFTER),
  nearTimeout("poller", 55_000, pollMinutes, 3 * pollMinutes + SEEN_AFTER),
  alarm("completeness-low", once("errorBudgetBurn", 1.5), 5, once("errorBudgetBurn", 0.9)),
  {
    id: "schedule-failing",
    fault: waiting("ScheduleDeadLetterQueue", 1),
    within: 3,
    nearMiss: waiting("ScheduleDeadLetterQueue", 0),
  },
];

/** Events of a rule that neither its target nor its dead-letter queue took. */
const LOST = "InvocationsFailedToBeSentToDlq";

const routeCases = (routes: readonly RouteId[]): readonly AlarmCase[] =>
  routes.map((route, index) => {
    const next = routes[(index + 1) % routes.length] ?? route;
    return {
      id: `route-failing-${route}`,
      // Every other one by its dead letters, every other one by what not even they took.
      fault:
        index % 2 === 0
          ? waiting(`${pascalCase(route)}DeadLetterQueue`, 1)
          : (trouble, { rule }) => trouble.once(rule(LOST, route), 1),
      within: 4,
      nearMiss: (trouble, { rule }) => trouble.once(rule(LOST, next), 1),
      nearMissIsFor: [`route-failing-${next}`],
    };
  });

const unreadCases = (routes: readonly RouteId[]): readonly AlarmCase[] =>
  routes.map((route) => {
    const aged =
      (seconds: number): Fault =>
      (trouble, { queue }) =>
        trouble.is(queue(AGE, `${pascalCase(route)}Queue`), seconds);
    // What comes close: its reader was down for most of a day.
    return alarm(`route-unread-${route}`, aged(1.01 * DAY_SECONDS), 5, aged(0.9 * DAY_SECONDS));
  });

/** Each target of a route by itself: no other one rings with it. */
const targetCases = ({ routes }: StageConfiguration): readonly AlarmCase[] =>
  ROUTE_IDS.flatMap((route) =>
    (routes[route].targets ?? []).flatMap(({ name }): readonly AlarmCase[] => {
      const counts =
        (metric: string, value: number, every = 1): Fault =>
        (trouble, { rule }) =>
          trouble.is(rule(metric, `${route}-${name}`), value, every);
      return [
        alarm(
          `target-failing-${route}-${name}`,
          counts("FailedInvocations", 1),
          4,
          counts("Invocations", 1),
        ),
        // What comes close: it restarts now and then, and takes the event at the second attempt.
        alarm(
          `target-retried-${route}-${name}`,
          counts("RetryInvocationAttempts", 2),
          16,
          counts("RetryInvocationAttempts", 2, 15),
        ),
      ];
    }),
  );

/** The held events of a paused route wait for this many days. */
const held =
  (days: number): Fault =>
  (trouble, { queue }) =>
    trouble.is(queue(AGE, "HeldEventQueue"), days * DAY_SECONDS);

const PAUSED: readonly AlarmCase[] = [alarm("route-paused", held(1.01), 5, held(0.9))];

const BUS: readonly AlarmCase[] = [
  {
    id: "submissions-failing",
    fault: waiting("SubmissionDeadLetterQueue", 1),
    within: 4,
    nearMiss: (trouble, { rule }) => trouble.once(rule("Invocations", "submission"), 1),
  },
];

/** The bus is under the stage's own key. */
const KEY: readonly AlarmCase[] = [
  alarm("bus-failing", waiting("BusDeadLetterQueue", 1), 3, waiting("BusDeadLetterQueue", 0)),
];

/** Alarms that look back for days, longer than the other stories last. */
export const SLOW: readonly AlarmCase[] = [
  {
    id: "dead-letters-expiring",
    // Somebody looks at it each hour, and what he looks at is not visible for three minutes.
    fault: (trouble, { queue }) =>
      trouble.is(queue(VISIBLE, "DeadLetterQueue"), (minute) => (minute % 60 < 3 ? 0 : 1)),
    within: 4 * DAY_MINUTES + 10,
    with: ["dead-letters-not-empty"],
    // Another one comes each day, and is dealt with within a few hours.
    nearMiss: (trouble, { queue }) =>
      trouble.is(queue(VISIBLE, "DeadLetterQueue"), (minute) =>
        minute % DAY_MINUTES < 4 * 60 ? 1 : 0,
      ),
    nearMissIsFor: ["dead-letters-not-empty"],
  },
  {
    id: "statement-missing",
    fault: never("completeness"),
    within: 2 * DAY_MINUTES + 15,
    // One comes late, and the one after it early.
    nearMiss: each("completeness", 100, 40 * 60),
    nearMissIsFor: [],
  },
];

/**
 * One case for each alarm on metrics of a stage's template: what is not published cannot fail.
 *
 * @param pollMinutes - between two runs of the poller.
 */
export function casesOf(stage: StageConfiguration, pollMinutes: number): readonly AlarmCase[] {
  const published = ROUTE_IDS.filter((route) => isEverPublished(stage, route));
  const ofKey = stage.encryption === "customer-managed" ? KEY : [];
  return [
    ...INTAKE,
    ...PROCESSING,
    ...TRUTH,
    ...watchdogCases(pollMinutes),
    ...BUS,
    ...ofKey,
    ...routeCases(published),
    ...targetCases(stage),
    ...(Object.values(stage.routes).some(({ targets }) => targets !== undefined) ? PAUSED : []),
    ...unreadCases(published.filter((route) => stage.routes[route].queue)),
  ];
}

/** Another way in which something breaks, with the alarms that it means. */
interface FurtherFault {
  readonly name: string;
  readonly fault: Fault;
  readonly rings: readonly string[];
}

const ANYWHERE: readonly FurtherFault[] = [
  {
    name: "the consumer dies before it can say anything",
    fault: all(
      never("recordsHandled"),
      never("recordsFailed"),
      never("eventsRecorded"),
      (trouble, { lambda }) => trouble.is(lambda("Errors", "consumer"), 2),
    ),
    rings: ["consumer-failing"],
  },
  {
    name: "the endpoint is off, and the poller brings what happens",
    fault: all(silentWebhooks, polled("transitionsUnheard", 1), healed(1)),
    rings: ["webhooks-silent", "webhooks-repaired"],
  },
  {
    name: "one event in 200 fails",
    fault: all(
      each("recordsHandled", 40),
      each("recordsFailed", (minute) => (minute % 10 === 4 ? 1 : 0)),
    ),
    rings: [],
  },
  {
    name: "one call to Alloy is refused",
    fault: once("alloyCallsUnauthorized"),
    rings: ["alloy-api-failing"],
  },
  {
    name: "Lambda refuses ingest",
    fault: (trouble, { lambda, api }) =>
      trouble.is(lambda("Throttles", "ingest"), 3).is(api("5xx"), 3),
    rings: ["ingest-throttled", "ingest-failing"],
  },
  {
    name: "a page comes in the place of Alloy",
    fault: all(
      polled("applicationsChecked", 0),
      polled("alloyCallsFailed", 12),
      polled("runsKnowingNone", 1),
    ),
    rings: ["alloy-api-failing", "applications-unknown"],
  },
  {
    name: "an event of a route is lost: neither its target nor its dead-letter queue took it",
    fault: (trouble, { rule }) => trouble.once(rule(LOST, "approved"), 1),
    rings: ["route-failing-approved"],
  },
  {
    name: "DynamoDB throttles a table itself",
    fault: (trouble, { table }) => trouble.is(table("WriteThrottleEvents", "ApplicationTable"), 3),
    rings: ["tables-throttled"],
  },
  {
    name: "DynamoDB errs at a record of idempotency",
    fault: (trouble, { operation }) => trouble.once(operation("PutItem", "IdempotencyTable"), 1),
    rings: ["tables-failing"],
  },
  {
    name: "EventBridge Scheduler gives up a start",
    fault: (trouble, { schedule }) => trouble.once(schedule("InvocationDroppedCount"), 1),
    rings: ["schedule-failing"],
  },
];

const OF_INVESTIGATIONS: readonly FurtherFault[] = [
  {
    name: "Alloy refuses its list of Investigations, and nothing else",
    fault: once("investigationsUnlisted"),
    rings: ["alloy-api-failing"],
  },
];

/** Other ways in which something of such a stage breaks. */
export function furtherFaultsOf(stage: StageConfiguration): readonly FurtherFault[] {
  return stage.investigations === "on" ? [...ANYWHERE, ...OF_INVESTIGATIONS] : ANYWHERE;
}
