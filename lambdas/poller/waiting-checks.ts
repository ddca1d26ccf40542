import type { ClaimedApplication, DueApplication } from "../domain/polling/polling-ports.ts";
import { POLLER } from "../settings/limits.ts";
import type { Finding } from "./check-application.ts";

/** A check that this run has still to make, or to make again. */
export interface WaitingCheck {
  readonly due: DueApplication;
  /** Calls about it in this run. */
  readonly attempts: number;
  /** What the last attempt claimed and found; null before the first. */
  readonly last: { readonly claimed: ClaimedApplication; readonly finding: Finding } | null;
}

/**
 * The checks of a run, in the order in which it makes them: as listed, and then those that were not answered, once
 * more. While nobody is known to be answered they are taken from all over the list, since one bad stretch of it must
 * not look like an outage.
 */
export class WaitingChecks {
  readonly #first: WaitingCheck[];
  /** With the wait that each has to make first, or null when it is over. */
  readonly #again = new Map<WaitingCheck, Promise<void> | null>();
  #spread = 0;

  constructor(due: readonly DueApplication[]) {
    this.#first = due.map((one) => ({ due: one, attempts: 0, last: null }));
  }

  /** Null when none may be made now. @param isSpread - from all over the list instead of its front. */
  take(isSpread: boolean): WaitingCheck | null {
    if (this.#first.length > 0) return this.#takeFirst(isSpread);
    const [check = null] = [...this.#again].flatMap(([one, wait]) => (wait === null ? [one] : []));
    if (check !== null) this.#again.delete(check);
    return check;
  }

  /** Makes it again, behind all others, when this wait is over. */
  putBack(check: WaitingCheck, wait: Promise<void>): void {
    const over = async () => {
      await wait;
      if (this.#again.has(check)) this.#again.set(check, null);
    };
    this.#again.set(check, over());
  }

  isEmpty(): boolean {
    return this.#first.length === 0 && this.#again.size === 0;
  }

  /** The waits that are not over. */
  waits(): readonly Promise<void>[] {
    return [...this.#again.values()].filter((wait) => wait !== null);
  }

  /** What was never begun. */
  untouched(): readonly DueApplication[] {
    return this.#first.map(({ due }) => due);
  }

  /** What was begun, and is not answered. */
  unanswered(): readonly WaitingCheck[] {
    return [...this.#again.keys()];
  }

  #takeFirst(isSpread: boolean): WaitingCheck | null {
    // What has failed before says nothing of an outage while there is something that has not.
    const healthy = this.#first.findIndex(({ due }) => due.hasFailed);
    const among = healthy < 1 ? this.#first.length : healthy;
    const index = isSpread ? Math.floor(spreadOf(this.#spread) * among) : 0;
    this.#spread += 1;
    return this.#first.splice(index, 1)[0] ?? null;
  }
}

/** 0, almost 1, 1/2, 1/4, 3/4, 1/8, …: wherever one stops, what was taken is spread over the whole. */
function spreadOf(number: number): number {
  if (number < 2) return number * 0.999_999;
  let [remaining, step, value] = [number - 1, 0.5, 0];
  for (; remaining > 0; remaining = Math.floor(remaining / 2), step /= 2) {
    value += (remaining % 2) * step;
  }
  return value;
}

/**
 * Whether the run makes another attempt: of what has not failed before, and a wait may mend; and of what met
 * credentials that have been renewed since, for that was no failure of its own.
 *
 * @param waitMs - before the attempt; 0 after renewed credentials alone.
 */
export function isWorthRetrying(
  { failedChecks }: { readonly failedChecks: number },
  check: WaitingCheck,
  waitMs: number,
) {
  return (failedChecks === 0 || waitMs === 0) && check.attempts < POLLER.attempts;
}
