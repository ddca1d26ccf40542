/** Milliseconds. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

import TinyQueue from "tinyqueue";

/** Something that is to happen. */
export interface Timer {
  readonly at: number;
  readonly order: number;
  task: (() => void) | null;
}

/**
 * The world's time: it stands still while code runs, and jumps to whatever comes next.
 *
 * Between two timers everything that waits for a promise runs to its end: a tick of Node's `nextTick`
 * queue comes after all microtasks, those included that microtasks make. So the order of everything is
 * fixed by the timers alone, at a cost of well below a microsecond each.
 */
export class Clock {
  #now: number;
  #order = 0;
  /** The earliest first, and of one time the one that was set first. */
  readonly #timers = new TinyQueue<Timer>(
    [],
    (one, other) => one.at - other.at || one.order - other.order,
  );

  /** @param start - epoch milliseconds. */
  constructor(start: number) {
    this.#now = start;
  }

  /** Epoch milliseconds. */
  readonly now = (): number => this.#now;

  at(time: number, task: () => void): Timer {
    const timer = { at: Math.max(time, this.#now), order: this.#order, task };
    this.#order += 1;
    this.#timers.push(timer);
    return timer;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.at(this.#now + delayMs, task);
  }

  /** A timer that is not needed any more; it costs nothing but its place. */
  cancel(timer: Timer): void {
    timer.task = null;
  }

  /** The same as a handler takes it. @returns a function that cancels it. */
  readonly schedule = (delayMs: number, task: () => void): (() => void) => {
    const timer = this.after(delayMs, task);
    return () => this.cancel(timer);
  };

  readonly sleep = async (ms: number): Promise<void> =>
    new Promise((resolve) => void this.after(ms, resolve));

  /** How many timers are set. */
  timers(): number {
    return this.#timers.data.filter(({ task }) => task !== null).length;
  }

  /** Moves the time on, and lets nothing happen. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Lets everything happen in so many milliseconds from now. */
  async advance(ms: number): Promise<void> {
    await this.run(this.#now + ms);
  }

  /** Lets everything happen until nothing is left; the time is then that of the last. */
  async runAll(): Promise<void> {
    await this.run(Number.POSITIVE_INFINITY);
  }

  /** Lets time pass for as long as the work waits for it. @throws Error when it waits for something else. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    let isDone = false;
    const result = work().finally(() => {
      isDone = true;
    });
    await this.run(Number.POSITIVE_INFINITY, () => isDone);
    if (!isDone) throw new Error("the work waits for something that is not time");
    return result;
  }

  /**
   * Lets everything happen up to this time.
   *
   * @param isOver - asked before each timer: whether to stop there. @default - never
   * @throws whatever a timer's task throws.
   */
  async run(until: number, isOver: (() => boolean) | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = Promise.resolve();
      // Not `queueMicrotask`: Node makes a resource of each of its calls.
      const soon = async () => {
        await settled;
        process.nextTick(step);
      };
      const step = () => {
        try {
          let timer = this.#timers.peek();
          while (timer !== undefined && timer.task === null) {
            this.#timers.pop();
            timer = this.#timers.peek();
          }
          if (timer === undefined || timer.at > until) {
            if (until < Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until);
            resolve();
            return;
          }
          if (isOver?.() === true) {
            resolve();
            return;
          }
          this.#timers.pop();
          this.#now = Math.max(this.#now, timer.at);
          timer.task?.();
        } catch (error) {
          reject(error);
          return;
        }
        void soon();
      };
      void soon();
    });
  }
}
