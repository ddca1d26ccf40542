import type { Attention } from "../ops/health-schema.ts";
import type { DeadLetterGroup, GapEntry, Needs } from "./view.ts";
import { counted } from "../terminal/counted.ts";

/** More do not fit in a list that anybody reads; the applications in gap stand at the top of the other list, too. */
const SHOWN_GAPS = 200;

/** What needs a person, by what was seen. Notes are shown, and are no reason to call a stack unhealthy. */
export function needsBy(seen: {
  readonly items: readonly Attention[];
  /** The oldest first. */
  readonly gaps: readonly GapEntry[];
  /** How many more are in gap than `gaps` has. */
  readonly furtherGaps: number;
  readonly deadLettered: number;
  readonly deadLetters: readonly DeadLetterGroup[];
  /** Messages that wait in the event queue, or are worked on. */
  readonly waiting: number;
  readonly unread: readonly string[];
}): Needs {
  const { gaps, deadLettered, deadLetters, waiting, unread } = seen;
  const gapCount = gaps.length + seen.furtherGaps;
  const alarms = seen.items.filter(({ severity }) => severity !== "note");
  const why = [
    ...(alarms.length === 0 ? [] : [alarms.map(({ name }) => name).join(", ")]),
    ...(gapCount === 0 ? [] : [counted(gapCount, "application in gap", "applications in gap")]),
    ...(deadLettered === 0 ? [] : [counted(deadLettered, "dead letter")]),
  ];
  return {
    isHealthy: why.length === 0,
    why: why.length === 0 ? "no alarm, no gap, no dead letter" : why.join("; "),
    items: [...seen.items, ...(waiting === 0 ? [] : [waitingItem(waiting)])],
    gaps: gaps.slice(0, SHOWN_GAPS),
    gapCount,
    deadLetters,
    unread,
  };
}

function waitingItem(waiting: number): Attention {
  return {
    kind: "queue",
    name: "EventQueue",
    severity: "note",
    sentence: `${counted(waiting, "message waits", "messages wait")} for the consumer`,
    since: null,
    next: null,
    runbook: null,
  };
}
