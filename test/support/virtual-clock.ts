import { setImmediate as nextTick } from "node:timers/promises";

interface Timer {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * Time that passes only where somebody waits: `run` lets everything happen that can, then goes to the
 * earliest wait, until the work is done. What waits side by side waits side by side.
 */
export class VirtualClock {
  #now: number;
  #timers: Timer[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  now = (): number => this.#now;

  sleep = async (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#timers.push({ at: this.#now + ms, wake: resolve });
    return promise;
  };

  advance(ms: number): void {
    this.#now += ms;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    let isDone = false;
    const result = work().finally(() => {
      isDone = true;
    });
    for (;;) {
      await nextTick();
      if (isDone) return result;
      this.#timers.sort((one, other) => one.at - other.at);
      const next = this.#timers.shift();
      if (next === undefined) throw new Error("the work waits for something that is not time");
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }
}
