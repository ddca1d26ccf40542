/** A clock that stands still until it is told to move, and the timers that hang on it. */
export interface VirtualTime {
  readonly now: () => number;
  readonly schedule: (delayMs: number, task: () => void) => () => void;
  /** Moves the clock, running what falls due on the way, each with all that follows from it. */
  readonly advance: (ms: number) => Promise<void>;
  /** Runs timers until there are none. */
  readonly runAll: () => Promise<void>;
  readonly timers: () => number;
}

/** @param start - epoch milliseconds. */
export function makeVirtualTime(start = 1_760_000_000_000): VirtualTime {
  let now = start;
  let nextOrder = 0;
  const timers = new Map<number, { readonly at: number; readonly task: () => void }>();

  /** Everything that waits for a promise has run when this resolves. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function runUntil(limit: number): Promise<void> {
    for (;;) {
      await settle();
      const [due] = [...timers].toSorted(([a, x], [b, y]) => x.at - y.at || a - b);
      if (due === undefined || due[1].at > limit) return;
      const [order, { at, task }] = due;
      timers.delete(order);
      now = Math.max(now, at);
      task();
    }
  }

  return {
    now: () => now,
    schedule: (delayMs, task) => {
      const order = nextOrder;
      nextOrder += 1;
      timers.set(order, { at: now + delayMs, task });
      return () => timers.delete(order);
    },
    advance: async (ms) => {
      const end = now + ms;
      await runUntil(end);
      now = end;
    },
    runAll: () => runUntil(Number.POSITIVE_INFINITY),
    timers: () => timers.size,
  };
}

/** Uniform over [0, 1), the same numbers for the same seed (mulberry32). */
export function makeSeededRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
