import { DECIDING_EVENT_TYPES } from "../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const OFTEN = "the poller runs once a minute at most";
const SOON = "a webhook is on its way for a second";

/** A value that is well-formed, and that nobody can mean. */
export interface Implausible {
  readonly path: string;
  readonly given: unknown;
  readonly wanted: string;
}

/**
 * Values that are well-formed and would hurt without a word: Alloy's other environment, an allow-list that lets nobody
 * or everybody in, decisions that are dropped, days where milliseconds are meant, pages that reach nobody.
 *
 * @returns one entry for each, in the order of the settings.
 */
export function implausible(stage: StageConfiguration): readonly Implausible[] {
  return [
    ...otherEnvironment(stage),
    ...droppedDecisions(stage),
    ...allowList(stage),
    // A local stage runs as fast as its time scale says.
    ...(stage.stage === "local" ? [] : shortTimes(stage)),
    ...unreadPages(stage),
    ...leanByParts(stage),
  ];
}

/** What takes a deployment back are alarms, and a lean stage has not all of them. */
function leanByParts({ footprint, rollout }: StageConfiguration): readonly Implausible[] {
  if (footprint !== "lean" || rollout === "all-at-once") return [];
  const wanted = '"all-at-once" where footprint is "lean", which has no tickets to go back by';
  return [{ path: "rollout", given: rollout, wanted }];
}

/** Alloy's documented hosts are sandbox.alloy.co and api.alloy.co; some clients have their own. */
function otherEnvironment({ environment, alloy }: StageConfiguration): readonly Implausible[] {
  const { hostname } = new URL(alloy.baseUrl);
  const refuse = (wanted: string) => [{ path: "alloy.baseUrl", given: alloy.baseUrl, wanted }];
  if (environment === "sandbox") {
    return hostname === "api.alloy.co"
      ? refuse('Alloy\'s sandbox, such as https://sandbox.alloy.co/v1: environment is "sandbox"')
      : [];
  }
  const isSandbox = hostname.split(/[.-]/).includes("sandbox");
  const isThisMachine = hostname === "localhost" || hostname === "127.0.0.1";
  return isSandbox || isThisMachine
    ? refuse('Alloy\'s live API, such as https://api.alloy.co/v1: environment is "live"')
    : [];
}

/** Of an event that is dropped no state, no route and no alarm says anything. */
function droppedDecisions({ events }: StageConfiguration): readonly Implausible[] {
  const deciding: readonly string[] = DECIDING_EVENT_TYPES;
  return events.handled.allBut.flatMap((type, index) =>
    deciding.includes(type)
      ? [
          {
            path: `events.handled.allBut.${index}`,
            given: type,
            wanted:
              "an event type in which no decision is: this one says how an application stands; to publish nothing of it, set publish: false in routes",
          },
        ]
      : [],
  );
}

function allowList({ allowList: { mode, cidrs } }: StageConfiguration): readonly Implausible[] {
  if (mode === "observe") return [];
  if (cidrs.length === 0) {
    return [
      {
        path: "allowList.cidrs",
        given: cidrs,
        wanted: 'at least one address range: with mode "enforce" Alloy is answered 403',
      },
    ];
  }
  return cidrs.flatMap((range, index) =>
    /\/0+$/.test(range)
      ? [
          {
            path: `allowList.cidrs.${index}`,
            given: range,
            wanted: 'a narrower range: with this one mode "enforce" lets every address in',
          },
        ]
      : [],
  );
}

/** Mostly a number of days, minutes or seconds that was meant. */
function shortTimes({ polling, gaps, retention }: StageConfiguration): readonly Implausible[] {
  const times: readonly (readonly [string, number | null, number, string, string])[] = [
    ["polling.firstCheckMs", polling.firstCheckMs, MINUTE, "1 minute", OFTEN],
    ["polling.secondCheckMs", polling.secondCheckMs, MINUTE, "1 minute", OFTEN],
    ["polling.capMs", polling.capMs, MINUTE, "1 minute", OFTEN],
    ["polling.finalCheckMs", polling.finalCheckMs, MINUTE, "1 minute", OFTEN],
    ["polling.rerunCheckMs", polling.rerunCheckMs, MINUTE, "1 minute", OFTEN],
    ["polling.runMs", polling.runMs, SECOND, "1 second", "a run asks Alloy at least once"],
    ["gaps.graceMs", gaps.graceMs, SECOND, "1 second", SOON],
    ["gaps.thresholdMs", gaps.thresholdMs, SECOND, "1 second", SOON],
    ["gaps.staleAfterMs", gaps.staleAfterMs, HOUR, "1 hour", "people decide in hours and days"],
    ["retention.eventsMs", retention.eventsMs, DAY, "1 day", "nothing could be replayed or shown"],
  ];
  return times.flatMap(([path, given, least, named, because]) =>
    given === null || given >= least
      ? []
      : [{ path, given, wanted: `at least ${least} ms, ${named}: ${because}` }],
  );
}

/** What a stage retains is worth waking somebody for. */
function unreadPages({ removal, alarms: { channels } }: StageConfiguration): Implausible[] {
  if (removal === "destroy" || channels === "none" || channels.page.length > 0) return [];
  return [
    {
      path: "alarms.channels.page",
      given: channels.page,
      wanted:
        'at least one channel, such as { email: "oncall@example.com" }: removal is "retain", and a page would reach nobody; or say so with channels: "none"',
    },
  ];
}
