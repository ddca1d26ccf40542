import type { CorrectionContext } from "../../lambdas/domain/application/correction.ts";

/** In which nothing is queued and nothing has failed. @param settledBy - epoch milliseconds; it is now, unless said otherwise. */
export function aCorrectionContext(settledBy: number, now: number = settledBy): CorrectionContext {
  return {
    settledBy,
    isStuck: false,
    matches: [],
    queuedBefore: new Set(),
    failedIds: new Set(),
    retriedIds: new Set(),
    now,
  };
}
