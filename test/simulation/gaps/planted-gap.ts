import type { GapStage } from "../../../lambdas/settings/metrics.ts";
import { Random, mix, numberOf } from "../../../tools/cloud-in-memory/random.ts";
import { ENDS, isBeyondApi, isDamaged, isHandled } from "../scenario/expectations.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import { isUnnamed } from "../scenario/views.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * What goes wrong with one event, in a world in which nothing else does. It goes wrong until somebody
 * is told of it, so that what the poller says can be held against what was the case when it said it.
 */

export const TROUBLES = {
  withheld: "Alloy never sends its webhook",
  refused: "we refuse every webhook from then on",
  "refused-for-minutes":
    "we refuse every webhook for three minutes; Alloy's fourth attempt gets in",
  held: "the queue hands out nothing from then on",
  failing: "its record cannot be written, however often it is tried",
  poisoned: "nobody can process it: it is dead-lettered at once",
  "not-applied": "it is recorded, and never merged into the state",
} as const;

export type Trouble = keyof typeof TROUBLES;

/** In a fixed order. */
export const ALL_TROUBLES: readonly Trouble[] = Object.keys(TROUBLES).filter(isTrouble);

function isTrouble(name: string): name is Trouble {
  return Object.hasOwn(TROUBLES, name);
}

/** One event, and what goes wrong with it. */
export interface PlantedGap {
  readonly trouble: Trouble;
  readonly victim: TrueEvent;
  /** With which webhooks are refused, where they are. */
  readonly refusal: 401 | 403 | 503;
  /** When it goes wrong, epoch milliseconds. */
  readonly from: number;
  /** When it is over, whether or not somebody was told; infinite: when somebody was. */
  readonly until: number;
}

const BRIEF_MS = 3 * MINUTE;

/** Trouble begins so long before its event, and what is to be known of the application was known before. */
const LEAD_MS = 1_000;
/** From an event to its application standing in the table, with nothing in the way. */
const KNOWN_WITHIN_MS = 5_000;

/** The trouble of a scenario, by its seed; null: none of its events can have it. */
export function plantGap(scenario: Scenario): PlantedGap | null {
  const random = new Random(mix(scenario.seed, numberOf("gap")));
  const trouble = ALL_TROUBLES[scenario.seed % ALL_TROUBLES.length] ?? "withheld";
  const [first, ...others] = scenario.events.filter((event) => isVictim(event, trouble, scenario));
  if (first === undefined) return null;
  const victim = random.pick([first, ...others]);
  const from = Math.min(...victim.times) - LEAD_MS;
  return {
    trouble,
    victim,
    refusal: random.pick([401, 403, 503]),
    from,
    until: trouble === "refused-for-minutes" ? from + BRIEF_MS : Number.POSITIVE_INFINITY,
  };
}

/** Whether an event can have the trouble, and somebody could find out: of an unknown application nobody can. */
function isVictim(event: TrueEvent, trouble: Trouble, scenario: Scenario): boolean {
  const { application, at, type } = event;
  if (!isHandled(scenario, application.journeyToken, type)) return false;
  // What Alloy's API does not say, nobody misses.
  if (isBeyondApi(application, scenario) || isDamaged(application)) return false;
  if (!isKnownBefore(scenario, application, at - LEAD_MS)) return false;
  // What the state shows anyway is no gap: only of the last word on an application it is seen to be missing.
  return trouble !== "not-applied" || isLastWord(event);
}

function isKnownBefore(scenario: Scenario, application: TrueApplication, at: number): boolean {
  const { journeyToken, submission, createdAt, events } = application;
  const announcedAt = submission === null ? [] : [createdAt];
  const told = events
    .filter(({ type }) => isHandled(scenario, journeyToken, type))
    .map((event) => event.at);
  return [...announcedAt, ...told].some((knownAt) => knownAt + KNOWN_WITHIN_MS < at);
}

function isLastWord(event: TrueEvent): boolean {
  const { application, type, order } = event;
  const { events, versions } = application;
  // An error could be an applicant's: it is Alloy's answer that moves the application.
  if (!ENDS.includes(type) || type === "error") return false;
  // An end without an outcome is confirmed at once by Alloy's own answer: repaired before it is due.
  if (type === "completed_application" && isUnnamed(event)) return false;
  if (events.slice(order + 1).length > 0) return false;
  return (
    events.slice(0, order).every((before) => !ENDS.includes(before.type)) && versions.length > 1
  );
}

/** Where the truth stopped, by what was the case when somebody was told. */
export function trueStageOf(
  { trouble }: PlantedGap,
  seen: { readonly hasArrived: boolean; readonly isDeadLettered: boolean },
): GapStage {
  switch (trouble) {
    case "withheld":
      return "not-delivered";
    case "refused":
      return "rejected";
    case "refused-for-minutes":
      return seen.hasArrived ? "late" : "rejected";
    case "held":
      return "in-flight";
    case "failing":
      return seen.isDeadLettered ? "dead-lettered" : "failed-processing";
    case "poisoned":
      return "dead-lettered";
    case "not-applied":
      return "not-applied";
  }
}
