import type { DecidedRegister } from "./application-state.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { askedAtOf } from "./stamp.ts";

/*
 * Which decision of Alloy's was published with its reasons (docs/decisions/0054). The merge decides, since all merges of
 * an application come one after another: so every try of a message, and the poller, find the same.
 */

/**
 * With a decision that was just answered: it stands if it is another one, of a later answer. It names the one before.
 *
 * @param heard - null: the observation is no decision.
 */
export function decidedAfter(
  stood: DecidedRegister | null,
  heard: DecidedRegister | null,
): DecidedRegister | null {
  if (heard === null || stood === null) return heard ?? stood;
  return isNewDecision(stood, heard) ? { ...heard, previous: stood.decisionId } : stood;
}

/** Whether a decision is another one than the newest that is known, and was answered later. */
export function isNewDecision(stood: DecidedRegister | null, heard: DecidedRegister): boolean {
  if (stood === null) return true;
  return askedAtOf(heard.stamp) > askedAtOf(stood.stamp) && !isSame(stood, heard);
}

/**
 * Whether an answer decides nothing new. What it leaves out takes nothing back. A reopening begins anew: the same decision
 * after it is another one. Fields that configuration did not ask for before are no change.
 */
function isSame(stood: DecidedRegister, heard: DecidedRegister): boolean {
  if (stood.status !== heard.status || (heard.since ?? "") > stood.stamp) return false;
  const word = outcomeWordOf(heard.outcome);
  if (word !== null && word !== outcomeWordOf(stood.outcome)) return false;
  if (stood.asked !== heard.asked) return true;
  return (["reasons", "tags", "outputs"] as const).every(
    (field) => heard[field] === null || heard[field] === stood[field],
  );
}
