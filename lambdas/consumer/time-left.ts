import { TIMEOUTS_MS } from "../settings.ts";

/** Runs a task after so many milliseconds. @returns what calls it off. */
export type Schedule = (delayMs: number, task: () => void) => () => void;

/**
 * The last moments of an invocation, by the time that is left: a batch that Lambda's time-out cuts off
 * comes back as a whole, its done records too, and without a word to the queue.
 */
export const LEFT_MS = {
  /** What is not read by now is given back, so that one body cannot hold its neighbours. */
  reading: 0.6 * TIMEOUTS_MS.consumer,
  /**
   * No work is begun any more, and what waits to be published goes out without those that hang. Twelve
   * seconds to the cut-off: all attempts of one `PutEvents` (`SDK_LIMITS`), so that none is cut off.
   */
  lastCall: TIMEOUTS_MS.consumer / 2,
  /** What is still under way is given back; the calls for that are allowed two seconds. */
  cutOff: 3_000,
  /** The answer goes out, whatever became of those calls. */
  answer: 1_000,
} as const;

/** Tells of the moments of one invocation. */
export class TimeLeft {
  readonly #remainingMs: () => number;
  readonly #schedule: Schedule;
  readonly #calledOff: (() => void)[] = [];

  constructor(remainingMs: () => number, schedule: Schedule) {
    this.#remainingMs = remainingMs;
    this.#schedule = schedule;
  }

  isBelow(leftMs: number): boolean {
    return this.#remainingMs() < leftMs;
  }

  /** Resolves when no more than this is left. */
  async until(leftMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const delayMs = Math.max(0, this.#remainingMs() - leftMs);
    this.#calledOff.push(this.#schedule(delayMs, resolve));
    return promise;
  }

  /** The invocation has its answer; what waits for a later moment waits for ever. */
  end(): void {
    for (const callOff of this.#calledOff) callOff();
  }
}
