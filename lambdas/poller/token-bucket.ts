/** Lets calls through at a rate, some of them at once. */
export interface TokenBucket {
  /**
   * Waits for a call's turn.
   *
   * @param deadline - epoch milliseconds.
   * @returns false when its turn does not come before the deadline.
   */
  take(deadline: number): Promise<boolean>;
  /**
   * Alloy had too many: lets nothing through for this time, then at half the rate, down to one call per
   * it, or per second if that is slower.
   */
  slowDown(ms: number): void;
  /** Allows no call for this time, then continues at its rate. */
  rest(ms: number): void;
}

const SECOND = 1_000;

/** @param options.burst - calls at one moment, after a rest; at least 1. */
export function makeTokenBucket(options: {
  readonly perSecond: number;
  readonly burst: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}): TokenBucket {
  const { perSecond, burst, now, sleep } = options;
  let most = burst;
  // Whole milliseconds, as timers have: a fraction less would let one call more into some second.
  let intervalMs = Math.ceil(SECOND / perSecond);
  let slowedUntil = 0;
  /** When the bucket is, or was, full again: one number says how many tokens are in it. */
  let fullAt = now();

  return {
    async take(deadline) {
      const turn = Math.max(now(), fullAt - (most - 1) * intervalMs);
      if (turn >= deadline) return false;
      fullAt = Math.max(fullAt, turn) + intervalMs;
      const wait = turn - now();
      if (wait > 0) await sleep(wait);
      return true;
    },
    slowDown(ms) {
      // Calls that were refused together are one refusal. What Alloy asks for may be the rest of a window.
      const longest = Math.max(intervalMs, ms, SECOND);
      if (now() >= slowedUntil) intervalMs = Math.min(intervalMs * 2, longest);
      slowedUntil = Math.max(slowedUntil, now() + ms);
      most = 1;
      fullAt = Math.max(fullAt, slowedUntil);
    },
    rest(ms) {
      fullAt = Math.max(fullAt, now() + ms + (most - 1) * intervalMs);
    },
  };
}
