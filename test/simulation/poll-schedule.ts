import type { PollerSettings } from "../../lambdas/settings.ts";
import type { MemoryCloud } from "../../tools/memory/cloud.ts";
import type { Timer } from "./clock.ts";
import type { Functions } from "./functions.ts";
import type { Surroundings } from "./sandbox.ts";

const TICK = ["tick-missed", "tick-twice"] as const;
/** Between two readings of a list in which nothing moves any more. */
const QUIET_MS = 4 * 3_600_000;

/**
 * EventBridge Scheduler, which invokes the poller. Ticks at which nothing is due are skipped: such a
 * run reads the index, and does nothing. Where the stage reads Alloy's list of Investigations, none is skipped as long
 * as something happens, and most are afterwards.
 */
export class PollSchedule {
  readonly #world: Surroundings;
  readonly #cloud: MemoryCloud;
  readonly #poller: Functions["poller"];
  readonly #rateMs: number;
  readonly #until: number;
  readonly #listsUntil: number | null;
  #next: Timer | null = null;

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
    },
  ) {
    this.#world = world;
    this.#cloud = options.cloud;
    this.#poller = options.poller;
    this.#rateMs = options.settings.polling.rateMs;
    this.#until = options.until;
    this.#listsUntil = options.settings.investigations ? options.busyUntil : null;
  }

  /** A check may have been planned. */
  arm(): void {
    const { clock } = this.#world;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const kept of this.#cloud.applications.applications.values()) {
      if (kept.dueAt !== null && kept.dueAt < dueAt) dueAt = kept.dueAt;
    }
    dueAt = Math.min(dueAt, this.#listAt(clock.now()));
    const soonest = (Math.floor(clock.now() / this.#rateMs) + 1) * this.#rateMs;
    const at = Math.max(soonest, Math.ceil(dueAt / this.#rateMs) * this.#rateMs);
    if (at > this.#until) return;
    if (this.#next !== null) {
      if (this.#next.at <= at) return;
      clock.cancel(this.#next);
    }
    this.#next = clock.at(at, () => this.#tick());
  }

  #listAt(now: number): number {
    if (this.#listsUntil === null) return Number.POSITIVE_INFINITY;
    return now < this.#listsUntil ? now : now + QUIET_MS;
  }

  #tick(): void {
    const { faults, story } = this.#world;
    this.#next = null;
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
