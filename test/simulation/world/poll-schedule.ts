import type { PollerSettings } from "../../../lambdas/settings/poller-settings.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { Timer } from "../../../tools/cloud-in-memory/clock.ts";
import type { Functions } from "./functions.ts";
import type { Surroundings } from "../faults/sandbox.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

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
 */
export class PollSchedule {
  readonly #world: Surroundings;
  readonly #cloud: MemoryCloud;
  readonly #poller: Functions["poller"];
  readonly #rateMs: number;
  readonly #until: number;
  readonly #busyUntil: number;
  readonly #movesAt: readonly number[] | null;
  readonly #isDamaged: (applicationToken: string) => boolean;
  #next: Timer | null = null;
  /** When the poller was last invoked, epoch milliseconds. */
  #tickedAt = Number.NEGATIVE_INFINITY;

  constructor(
    world: Surroundings,
    options: {
      readonly cloud: MemoryCloud;
      readonly poller: Functions["poller"];
      readonly settings: PollerSettings;
      /** The last tick, epoch milliseconds. */
      readonly until: number;
      /** Until when something happens, epoch milliseconds. */
      readonly busyUntil: number;
      /** When something moves in Alloy's list of Investigations, epoch milliseconds. */
      readonly listMovesAt: readonly number[];
      /** Whether no check of an application can end now. */
      readonly isDamaged: (applicationToken: string) => boolean;
    },
  ) {
    this.#world = world;
    this.#cloud = options.cloud;
    this.#poller = options.poller;
    this.#rateMs = options.settings.polling.rateMs;
    this.#until = options.until;
    this.#busyUntil = options.busyUntil;
    this.#movesAt = options.settings.investigations
      ? options.listMovesAt.toSorted((one, other) => one - other)
      : null;
    this.#isDamaged = options.isDamaged;
  }

  /** A check may have been planned. */
  arm(): void {
    const { clock } = this.#world;
    const soonest = (Math.floor(clock.now() / this.#rateMs) + 1) * this.#rateMs;
    const at = Math.max(soonest, Math.ceil(this.#dueAt() / this.#rateMs) * this.#rateMs);
    if (at > this.#until) return;
    if (this.#next !== null) {
      if (this.#next.at <= at) return;
      clock.cancel(this.#next);
    }
    this.#next = clock.at(at, () => this.#tick());
  }

  /** From when on the poller has something to see, epoch milliseconds. */
  #dueAt(): number {
    let dueAt = this.#listAt();
    for (const [token, kept] of this.#cloud.applications.applications) {
      if (kept.dueAt === null || kept.dueAt >= dueAt) continue;
      dueAt = this.#isDamaged(token)
        ? Math.min(dueAt, Math.max(kept.dueAt, this.#tickedAt + DAMAGED_MS))
        : kept.dueAt;
    }
    const isLastDay = this.#world.clock.now() > this.#busyUntil + FIRST_CHECKS_MS;
    return isLastDay ? Math.max(dueAt, this.#tickedAt + STILL_MS.quiet) : dueAt;
  }

  #listAt(): number {
    if (this.#movesAt === null) return Number.POSITIVE_INFINITY;
    const now = this.#world.clock.now();
    const stillMs = now < this.#busyUntil ? STILL_MS.busy : STILL_MS.quiet;
    const movesAt = this.#movesAt.find((at) => now < at + MOVED_MS) ?? Number.POSITIVE_INFINITY;
    return Math.min(movesAt, this.#tickedAt + stillMs);
  }

  #tick(): void {
    const { clock, faults, story } = this.#world;
    this.#next = null;
    // It was set for a check that somebody has moved since.
    if (this.#dueAt() > clock.now()) {
      this.arm();
      return;
    }
    this.#tickedAt = clock.now();
    const fault = faults.draw("schedule.tick", TICK);
    if (fault !== null) story.tell("schedule", `FAULT ${fault.kind}`);
    if (fault?.kind !== "tick-missed") {
      story.tell("schedule", "invokes the poller");
      this.#poller.invoke({}, "", () => this.arm());
      if (fault?.kind === "tick-twice") this.#poller.invoke({}, "", () => this.arm());
    }
    this.arm();
  }
}
