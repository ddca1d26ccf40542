import { readScenarios } from "../../alloy-simulator/scenario.ts";
import type { AlarmChange } from "../emulator/alarm-evaluation.ts";

/**
 * Whatever is played, these ring where something takes too long: what is answered late comes again, or the poller is first, since
 * a second here is minutes of Alloy's.
 */
const BY_SLOWNESS =
  /-(?:near-timeout|slow|throttled|behind|too-old|unchecked|in-conflict|not-draining|unhealthy)$|^(?:consumer-failing|duplicates-high|delivery-gap|webhooks-repaired|webhooks-repaired-often)$/;

/** However slow the machine is, these mean what they say. */
const NEVER_BY_SLOWNESS =
  /^(?:credentials-|notification-|statement-|events-unrecognised|environment-mixed|status-unrecognised|applications-stale|completeness-low)/;

/** An evaluation of the alarms takes a tenth of it. Where it takes longer, answers come too late everywhere. */
const SLOW_MS = 1_000;

/** One step of the Investigation is lost, and recovered. */
const BY_THE_INVESTIGATION = ["webhooks-repaired"] as const;

/** The alarms that rang, and whether they were to. */
export interface AlarmVerdict {
  /** With the scenarios that ring it. */
  readonly meant: readonly { readonly id: string; readonly by: string }[];
  readonly slow: readonly string[];
  /** What rang for no reason, a sentence each. */
  readonly faults: readonly string[];
}

/** Who of what was played rings an alarm; null: nobody does. */
export type Ringers = (id: string) => string | null;

/** When all scenarios are played, and the Investigation. */
export const ringersOfAll: Ringers = (id) => {
  const named = [...readScenarios().values()].filter(({ alarms }) => alarms.includes(id));
  const names = named.map(({ name }) => name);
  if (BY_THE_INVESTIGATION.some((one) => one === id)) names.push("the Investigation");
  return names.length === 0 ? null : names.join(" and ");
};

/** The scenarios that ring no alarm. */
export function silentScenarios(): readonly string[] {
  return [...readScenarios().values()]
    .filter(({ alarms }) => alarms.length === 0)
    .map(({ name }) => name);
}

/**
 * Judges what rang while scenarios were played.
 *
 * @param seen.slowestMs - what the slowest evaluation took.
 */
export function verdictOnAlarms(
  { rang, slowestMs }: { readonly rang: readonly AlarmChange[]; readonly slowestMs: number },
  ringers: Ringers,
): AlarmVerdict {
  const isSlow = slowestMs > SLOW_MS;
  const meant: { readonly id: string; readonly by: string }[] = [];
  const slow: string[] = [];
  const faults: string[] = [];
  for (const { id, reason } of rang) {
    const by = ringers(id);
    if (by !== null) meant.push({ id, by });
    else if (isSlow ? !NEVER_BY_SLOWNESS.test(id) : BY_SLOWNESS.test(id)) slow.push(id);
    else faults.push(`The alarm ${id} rang, but nothing that was played rings it: ${reason}`);
  }
  return { meant, slow, faults };
}
