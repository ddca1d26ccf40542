import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does something again and again, never twice at a time, with a pause in between.
 *
 * @param options.onFailure - gets what a pass throws; the next one comes all the same.
 * @returns a function that ends it: a pass that is under way is the last one.
 */
export function startRepeating(
  pass: () => Promise<void>,
  options: { readonly pauseMs: number; readonly onFailure: (error: unknown) => void },
): () => void {
  const stop = new AbortController();
  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      await pass().catch(options.onFailure);
      // An aborted pause is the end, not a failure.
      await sleep(options.pauseMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
  void loop();
  return () => stop.abort();
}
