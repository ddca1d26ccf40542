import { readScenarios } from "../../alloy-simulator/scenario.ts";
import type { AlarmChange } from "../emulator/alarm-evaluation.ts";

/**
 * Whatever is played, these ring where a machine has no time: what takes too long, and what follows from it, since Alloy sends
 * again what is answered late, and SQS delivers it again.
 */
const BY_A_SLOW_MACHINE =
  /-(?:near-timeout|slow|throttled|behind|too-old|unchecked|in-conflict|not-draining)$|^(?:consumer-failing|duplicates-high)$/;

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

/** Judges what rang while scenarios were played. */
export function verdictOnAlarms(rang: readonly AlarmChange[], ringers: Ringers): AlarmVerdict {
  const meant: { readonly id: string; readonly by: string }[] = [];
  const slow: string[] = [];
  const faults: string[] = [];
  for (const { id, reason } of rang) {
    const by = ringers(id);
    if (by !== null) meant.push({ id, by });
    else if (BY_A_SLOW_MACHINE.test(id)) slow.push(id);
    else faults.push(`The alarm ${id} rang, but nothing that was played rings it: ${reason}`);
  }
  return { meant, slow, faults };
}
