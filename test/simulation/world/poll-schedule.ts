import type { Timer } from "../../../tools/cloud-in-memory/clock.ts";
import { isDamaged } from "../faults/damage.ts";
import { START } from "../scenario/scenario.ts";
import type { Functions } from "./functions.ts";
import type { World } from "./world.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

const TICK = ["tick-missed", "tick-twice"] as const;
/** Alloy's list is read at every tick for so long after something moved in it: until what is missing counts as a gap. */
const MOVED_MS = 30 * MINUTE;
/** Between two readings of a list in which nothing has moved, while faults can still happen, and afterwards. */
const STILL_MS = { busy: HOUR, quiet: 4 * HOUR };
/** Between two vain checks of an application whose item is damaged. */
const DAMAGED_MS = HOUR;
/** From the last fault until each application has been checked: an open one within 24 hours, an ended one after 25. */
const FIRST_CHECKS_MS = 28 * HOUR;

/**
 * EventBridge Scheduler, which invokes the poller. It skips each tick at which the poller has nothing to see: no
 * application is due, and nothing has moved in Alloy's list of Investigations. Such a run only reads the indices.
 * A damaged item is due at every tick, and most of those are skipped. So are most ticks of the last day: whatever is
 * still due then has been checked many times since the last fault, and only waits for a later hour.
 *
 * @returns what is to be called when a check may have been planned.
 */
export function makePollSchedule(
  world: World,
  options: {
    readonly poller: Functions["poller"];
    readonly rateMs: number;
    /** The last tick, epoch milliseconds. */
    readonly until: number;
    /** Until when something happens, epoch milliseconds. */
    readonly busyUntil: number;
  },
): () => void {
  const { clock, faults, story, scenario, cloud } = world;
  const { poller, rateMs, until, busyUntil } = options;
  const listed = scenario.investigations.flatMap(({ versions }) => versions.map(({ at }) => at));
  /** When something moves in Alloy's list of Investigations, epoch milliseconds. */
  const movesAt = scenario.settings.investigations
    ? [START, ...listed].toSorted((one, other) => one - other)
    : null;
  let next: Timer | null = null;
  /** When the poller was last invoked, epoch milliseconds. */
  let tickedAt = Number.NEGATIVE_INFINITY;
  return arm;

  function arm(): void {
    const soonest = (Math.floor(clock.now() / rateMs) + 1) * rateMs;
    const at = Math.max(soonest, Math.ceil(dueAt() / rateMs) * rateMs);
    if (at > until) return;
    if (next !== null) {
      if (next.at <= at) return;
      clock.cancel(next);
    }
    next = clock.at(at, tick);
  }

  /** From when on the poller has something to see, epoch milliseconds. */
  function dueAt(): number {
    let soonest = listAt();
    for (const [token, kept] of cloud.applications.applications) {
      if (kept.dueAt === null || kept.dueAt >= soonest) continue;
      soonest = isDamaged(token, world)
        ? Math.min(soonest, Math.max(kept.dueAt, tickedAt + DAMAGED_MS))
        : kept.dueAt;
    }
    const isLastDay = clock.now() > busyUntil + FIRST_CHECKS_MS;
    return isLastDay ? Math.max(soonest, tickedAt + STILL_MS.quiet) : soonest;
  }

  function listAt(): number {
    if (movesAt === null) return Number.POSITIVE_INFINITY;
    const now = clock.now();
    const stillMs = now < busyUntil ? STILL_MS.busy : STILL_MS.quiet;
    const moving = movesAt.find((at) => now < at + MOVED_MS) ?? Number.POSITIVE_INFINITY;
    return Math.min(moving, tickedAt + stillMs);
  }

  function tick(): void {
    next = null;
    // It was set for a check that somebody has moved since.
    if (dueAt() > clock.now()) {
      arm();
      return;
    }
    tickedAt = clock.now();
    const fault = faults.draw("schedule.tick", TICK);
    if (fault !== null) story.tell("schedule", `FAULT ${fault.kind}`);
    if (fault?.kind !== "tick-missed") {
      story.tell("schedule", "invokes the poller");
      poller.invoke({}, "", arm);
      if (fault?.kind === "tick-twice") poller.invoke({}, "", arm);
    }
    arm();
  }
}
