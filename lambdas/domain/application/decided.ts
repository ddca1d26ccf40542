import type { DecidedRegister } from "./application-state.ts";
import { outcomeWordOf } from "../routing/route.ts";

/*
 * Which decision of Alloy's was published with its reasons (docs/decisions/0054 and 0059). The merge decides, since all merges of
 * an application come one after another: so every try of a message, and the poller, find the same.
 */

/**
 * With a decision that was just answered: it stands if it is another one than the one that the poller compared it with, and
 * that one still stands.
 *
 * @param heard - null: the observation is no decision.
 */
export function decidedAfter(
  stood: DecidedRegister | null,
  heard: DecidedRegister | null,
): DecidedRegister | null {
  return heard !== null && isNewDecision(stood, heard) ? heard : stood;
}

/**
 * Whether a decision follows the newest that is known, and is another one. One that follows an older one was compared with a
 * state that is over: the poller asks again.
 */
export function isNewDecision(
  stood: DecidedRegister | null,
  heard: Omit<DecidedRegister, "decisionId">,
): boolean {
  if (heard.previous !== (stood?.decisionId ?? null)) return false;
  return stood === null || !isSame(stood, heard);
}

/**
 * Whether an answer decides nothing new. What it leaves out takes nothing back. A reopening begins anew: the same decision
 * after it is another one. Fields that configuration did not ask for before are no change.
 */
function isSame(stood: DecidedRegister, heard: Omit<DecidedRegister, "decisionId">): boolean {
  if (stood.status !== heard.status || (heard.since ?? "") > stood.stamp) return false;
  const word = outcomeWordOf(heard.outcome);
  if (word !== null && word !== outcomeWordOf(stood.outcome)) return false;
  if (stood.asked !== heard.asked) return true;
  return (["reasons", "tags", "outputs"] as const).every(
    (field) => heard[field] === null || heard[field] === stood[field],
  );
}
