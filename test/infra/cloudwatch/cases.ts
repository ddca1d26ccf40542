import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { pascalCase } from "../../../lib/pascal-case.ts";
import { isEverPublished } from "../../../lib/config/stage-configuration.ts";
import type { StageConfiguration } from "../../../lib/config/stage-configuration.ts";
import { POLL_MINUTES } from "./world.ts";
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

const VISIBLE = "ApproximateNumberOfMessagesVisible";
const AGE = "ApproximateAgeOfOldestMessage";

const silentWebhooks: Fault = (trouble, { ours, api }) =>
  trouble.none(ours(METRICS.webhooksReceived), api("5xx"));

function throttled(id: string, name: FunctionName, every: number, within: number): AlarmCase {
  return {
    id,
    fault: (trouble, { lambda }) => trouble.is(lambda("Throttles", name), 2, every),
    within,
    // One refusal among many runs is what a burst does.
    nearMiss: (trouble, { lambda }) => trouble.once(lambda("Throttles", name), 1),
  };
}

function nearTimeout(
  name: FunctionName,
  limitMs: number,
  every: number,
  within: number,
): Omit<AlarmCase, "with"> {
  return {
    id: `${name}-near-timeout`,
    fault: (trouble, { lambda }) => trouble.is(lambda("Duration", name), 0.85 * limitMs, every),
    within,
    nearMiss: (trouble, { lambda }) => trouble.is(lambda("Duration", name), 0.6 * limitMs, every),
  };
}

function switchOff(failures: number, below: readonly string[]): AlarmCase {
  return {
    id: `switch-off-near-${failures}`,
    fault: (trouble, { ours }) =>
      trouble.is(ours(METRICS.failuresInARow), failures + 5, POLL_MINUTES),
    within: POLL_MINUTES,
    with: below,
    nearMiss: (trouble, { ours }) =>
      trouble.is(ours(METRICS.failuresInARow), failures - 1, POLL_MINUTES),
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
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.credentialsRejected), 2),
    within: 5,
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.credentialsRejected), 2, 5),
  },
  {
    id: "credentials-missing",
    // Alloy's own webhooks, at the pace of a sandbox: too few for "credentials-rejected".
    fault: (trouble, { ours }) =>
      trouble.once(ours(METRICS.credentialsRejected), 1).once(ours(METRICS.credentialsMissing), 1),
    within: 5,
    nearMiss: (trouble, { ours }) => trouble.once(ours(METRICS.credentialsRejected), 1),
  },
  {
    id: "credentials-unusable",
    // One sandbox has read a secret with a weak entry; Alloy still uses the other one.
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.credentialsUnusable), 1),
    within: 5,
    nearMiss: (trouble, { ours }) => trouble.once(ours(METRICS.credentialsRejected), 1),
  },
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
  {
    id: "dead-letters-not-empty",
    fault: (trouble, { queue }) => trouble.is(queue(VISIBLE, "DeadLetterQueue"), 1),
    within: 3,
    nearMiss: (trouble, { queue }) => trouble.is(queue(VISIBLE, "EventQueue"), 1),
  },
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
    fault: (trouble, { queue }) =>
      trouble
        .is(queue(VISIBLE, "EventQueue"), 150)
        .is(queue("NumberOfMessagesSent", "EventQueue"), 90)
        .is(queue("NumberOfMessagesDeleted", "EventQueue"), 80),
    within: 14,
    // As many wait, but more leave than come.
    nearMiss: (trouble, { queue }) =>
      trouble
        .is(queue(VISIBLE, "EventQueue"), 150)
        .is(queue("NumberOfMessagesSent", "EventQueue"), 80)
        .is(queue("NumberOfMessagesDeleted", "EventQueue"), 90),
  },
  throttled("consumer-throttled", "consumer", 1, 5),
  nearTimeout("consumer", 30_000, 1, 7),
  {
    id: "consumer-failing",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.recordsFailed), 1),
    within: 5,
    // One of four: one poison pill in a small batch.
    nearMiss: (trouble, { ours }) =>
      trouble
        .is(ours(METRICS.recordsHandled), (minute) => (minute % 20 === 10 ? 4 : 0))
        .is(ours(METRICS.recordsFailed), (minute) => (minute % 20 === 10 ? 1 : 0)),
  },
  {
    id: "events-in-conflict",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.eventsInConflict), 1),
    within: 6,
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.eventsInConflict), 1, 10),
  },
  {
    id: "events-unrecognised",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.eventsUnrecognised), 1),
    within: 3,
    nearMiss: (trouble, { ours }) => trouble.and(ours(METRICS.eventsRecorded), 1),
  },
  {
    id: "environment-mixed",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.environmentMixed), 1),
    within: 3,
    nearMiss: (trouble, { ours }) => trouble.and(ours(METRICS.eventsIgnored), 1),
  },
  {
    id: "duplicates-high",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.eventsDuplicate), 1),
    within: 10,
    // Every other one, but of six in a quarter of an hour.
    nearMiss: (trouble, { ours }) =>
      trouble.is(ours(METRICS.webhooksReceived), 2, 5).is(ours(METRICS.eventsDuplicate), 1, 5),
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
  {
    id: "delivery-gap",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.deliveryGaps), 1, POLL_MINUTES),
    within: 3,
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.eventsMissing), 1, POLL_MINUTES),
  },
  {
    id: "webhooks-silent",
    fault: (trouble, series) => {
      silentWebhooks(trouble, series);
      trouble.is(series.ours(METRICS.transitionsUnheard), 1, POLL_MINUTES);
    },
    within: 35,
    // Nothing comes, but nothing happens at Alloy either.
    nearMiss: (trouble, series) => {
      silentWebhooks(trouble, series);
      trouble.is(series.ours(METRICS.transitionsUnheard), 1, 15);
    },
  },
  {
    id: "webhooks-repaired",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.eventsHealed), 1),
    within: 3,
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.eventsMissing), 1, POLL_MINUTES),
  },
  {
    id: "webhooks-repaired-often",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.eventsHealed), 5, POLL_MINUTES),
    within: 3,
    with: ["webhooks-repaired"],
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.eventsHealed), 1, POLL_MINUTES),
    nearMissIsFor: ["webhooks-repaired"],
  },
  {
    id: "applications-stale",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.applicationsStale), 1),
    within: 3,
    nearMiss: (trouble, { ours }) =>
      trouble.is(ours(METRICS.applicationsChecked), 50, POLL_MINUTES),
  },
];

const WATCHDOG: readonly AlarmCase[] = [
  {
    id: "status-unrecognised",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.statusesUnrecognised), 1),
    within: 3,
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.correctionsQueued), 1, POLL_MINUTES),
  },
  {
    id: "applications-unknown",
    // As far apart as the poller asks again at the most.
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.runsKnowingNone), 1, 65),
    within: 3,
    // Single ones that were deleted at Alloy, while others are known.
    nearMiss: (trouble, { ours }) =>
      trouble.is(ours(METRICS.applicationsUnknown), 20, POLL_MINUTES),
  },
  {
    id: "applications-unchecked",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.applicationsUnchecked), 1, 65),
    within: 3,
    // Calls that fail, and are answered when they are made again.
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.alloyCallsFailed), 1, POLL_MINUTES),
  },
  {
    id: "events-left",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.eventsLeft), 200),
    within: 3,
    // Many, of which one check queues all.
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.eventsMissing), 400, POLL_MINUTES),
  },
  {
    id: "poller-silent",
    fault: (trouble, { ours }) => trouble.none(ours(METRICS.pollerRuns)),
    within: 4 * POLL_MINUTES,
    // Every second run is left out.
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.pollerRuns), 1, 2 * POLL_MINUTES),
  },
  {
    id: "poller-behind",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.applicationsBehind), 50, POLL_MINUTES),
    within: 2 * POLL_MINUTES,
    // What is left waits for the next run, and is reached by it.
    nearMiss: (trouble, { ours }) =>
      trouble.is(ours(METRICS.applicationsChecked), 200, POLL_MINUTES),
  },
  {
    id: "alloy-api-failing",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.alloyCallsFailed), 12, POLL_MINUTES),
    within: 15,
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.alloyCallsFailed), 2, POLL_MINUTES),
  },
  throttled("poller-throttled", "poller", POLL_MINUTES, 2 * POLL_MINUTES),
  nearTimeout("poller", 55_000, POLL_MINUTES, 3 * POLL_MINUTES),
  {
    id: "completeness-low",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.errorBudgetBurn), 1.5),
    within: 5,
    nearMiss: (trouble, { ours }) => trouble.once(ours(METRICS.errorBudgetBurn), 0.9),
  },
  {
    id: "schedule-failing",
    fault: (trouble, { queue }) => trouble.is(queue(VISIBLE, "ScheduleDeadLetterQueue"), 1),
    within: 3,
    nearMiss: (trouble, { queue }) => trouble.is(queue(VISIBLE, "ScheduleDeadLetterQueue"), 0),
  },
];

const routeCases = (routes: readonly RouteId[]): readonly AlarmCase[] =>
  routes.map((route, index) => {
    const next = routes[(index + 1) % routes.length] ?? route;
    return {
      id: `route-failing-${route}`,
      // Every other one by its dead letters, every other one by EventBridge's own count.
      fault:
        index % 2 === 0
          ? (trouble, { queue }) =>
              trouble.is(queue(VISIBLE, `${pascalCase(route)}DeadLetterQueue`), 1)
          : (trouble, { rule }) => trouble.once(rule("FailedInvocations", route), 1),
      within: 4,
      nearMiss: (trouble, { rule }) => trouble.once(rule("FailedInvocations", next), 1),
      nearMissIsFor: [`route-failing-${next}`],
    };
  });

const unreadCases = (routes: readonly RouteId[]): readonly AlarmCase[] =>
  routes.map((route) => ({
    id: `route-unread-${route}`,
    fault: (trouble, { queue }) =>
      trouble.is(queue(AGE, `${pascalCase(route)}Queue`), 1.01 * DAY_SECONDS),
    within: 5,
    // Its reader was down for most of a day.
    nearMiss: (trouble, { queue }) =>
      trouble.is(queue(AGE, `${pascalCase(route)}Queue`), 0.9 * DAY_SECONDS),
  }));

const BUS: readonly AlarmCase[] = [
  {
    id: "submissions-failing",
    fault: (trouble, { queue }) => trouble.is(queue(VISIBLE, "SubmissionDeadLetterQueue"), 1),
    within: 4,
    nearMiss: (trouble, { rule }) => trouble.once(rule("Invocations", "submission"), 1),
  },
];

/** The bus is under the stage's own key. */
const KEY: readonly AlarmCase[] = [
  {
    id: "bus-failing",
    fault: (trouble, { queue }) => trouble.is(queue(VISIBLE, "BusDeadLetterQueue"), 1),
    within: 3,
    nearMiss: (trouble, { queue }) => trouble.is(queue(VISIBLE, "BusDeadLetterQueue"), 0),
  },
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
    fault: (trouble, { ours }) => trouble.none(ours(METRICS.completeness)),
    within: 2 * DAY_MINUTES + 15,
    // One comes late, and the one after it early.
    nearMiss: (trouble, { ours }) => trouble.is(ours(METRICS.completeness), 100, 40 * 60),
    nearMissIsFor: [],
  },
];

/** One case for each alarm on metrics of a stage's template: what is not published cannot fail. */
export function casesOf(stage: StageConfiguration): readonly AlarmCase[] {
  const published = ROUTE_IDS.filter((route) => isEverPublished(stage, route));
  const ofKey = stage.encryption === "customer-managed" ? KEY : [];
  return [
    ...INTAKE,
    ...PROCESSING,
    ...TRUTH,
    ...WATCHDOG,
    ...BUS,
    ...ofKey,
    ...routeCases(published),
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
    fault: (trouble, { ours, lambda }) =>
      trouble
        .none(
          ours(METRICS.recordsHandled),
          ours(METRICS.recordsFailed),
          ours(METRICS.eventsRecorded),
        )
        .is(lambda("Errors", "consumer"), 2),
    rings: ["consumer-failing"],
  },
  {
    name: "the endpoint is off, and the poller brings what happens",
    fault: (trouble, series) => {
      silentWebhooks(trouble, series);
      trouble
        .is(series.ours(METRICS.transitionsUnheard), 1, POLL_MINUTES)
        .is(series.ours(METRICS.eventsHealed), 1, POLL_MINUTES);
    },
    rings: ["webhooks-silent", "webhooks-repaired"],
  },
  {
    name: "one event in 200 fails",
    fault: (trouble, { ours }) =>
      trouble
        .is(ours(METRICS.recordsHandled), 40)
        .is(ours(METRICS.recordsFailed), (minute) => (minute % 10 === 4 ? 1 : 0)),
    rings: [],
  },
  {
    name: "one call to Alloy is refused",
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.alloyCallsUnauthorized), 1),
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
    fault: (trouble, { ours }) =>
      trouble
        .is(ours(METRICS.applicationsChecked), 0, POLL_MINUTES)
        .is(ours(METRICS.alloyCallsFailed), 12, POLL_MINUTES)
        .is(ours(METRICS.runsKnowingNone), 1, POLL_MINUTES),
    rings: ["alloy-api-failing", "applications-unknown"],
  },
  {
    name: "an event of a route is lost: neither its target nor its dead-letter queue took it",
    fault: (trouble, { rule }) =>
      trouble.once(rule("InvocationsFailedToBeSentToDlq", "approved"), 1),
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
    fault: (trouble, { ours }) => trouble.once(ours(METRICS.investigationsUnlisted), 1),
    rings: ["alloy-api-failing"],
  },
];

/** Other ways in which something of such a stage breaks. */
export function furtherFaultsOf(stage: StageConfiguration): readonly FurtherFault[] {
  return stage.investigations === "on" ? [...ANYWHERE, ...OF_INVESTIGATIONS] : ANYWHERE;
}
