import { TIMEOUTS_MS } from "../settings/limits.ts";

/** Runs a task after so many milliseconds. @returns a function that cancels it. */
export type Schedule = (delayMs: number, task: () => void) => () => void;

/**
 * The milliseconds that an invocation has left at each of its deadlines. At Lambda's own time-out, SQS would
 * deliver the whole batch again, with its completed messages, and without a retry delay of ours.
 */
const LEFT_MS = {
  /** A message that is not read by now is retried, so that one large body does not delay the others. */
  readBy: 0.6 * TIMEOUTS_MS.consumer,
  /**
   * No preparation begins any more; prepared events are published. Twelve seconds remain until `completeBy`:
   * enough for all attempts of one `PutEvents` (`SDK_LIMITS`).
   */
  publishBy: TIMEOUTS_MS.consumer / 2,
  /** Unfinished messages are retried; the calls for that have two seconds. */
  completeBy: 3_000,
  /** The answer is returned, also when those calls have not ended. */
  answerBy: 1_000,
} as const;

type Moment = keyof typeof LEFT_MS;

/** The deadlines of one invocation. */
export class Deadline {
  readonly remainingMs: () => number;
  readonly #schedule: Schedule;
  readonly #timers: (() => void)[] = [];
  #hasEnded = false;

  /** @param remainingMs - Lambda's `getRemainingTimeInMillis`. */
  constructor(remainingMs: () => number, schedule: Schedule) {
    this.remainingMs = remainingMs;
    this.#schedule = schedule;
  }

  /** Also true once the invocation has answered. A frozen sandbox can find several deadlines past. */
  isPast(moment: Moment): boolean {
    return this.#hasEnded || this.remainingMs() <= LEFT_MS[moment];
  }

  /** Waits until a phase ends, but not beyond its deadline. */
  async wait(moment: Moment, phase: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const delayMs = Math.max(0, this.remainingMs() - LEFT_MS[moment]);
    this.#timers.push(this.#schedule(delayMs, resolve));
    await Promise.race([phase, promise]);
  }

  /** The invocation answers: cancels all timers. */
  end(): void {
    this.#hasEnded = true;
    for (const cancel of this.#timers) cancel();
  }
}
