/** How often the process is asked whether it runs. */
const TICK_MS = 10;

/** A timer of Node's own is as late on an idle machine. */
const USUAL_LATENESS_MS = 2;

/**
 * Measures how long this process was kept from running: by other programs of a busy machine, or by the many requests
 * that a test has in it at once, each of which stands for one in a sandbox of its own.
 */
export function watchStalls() {
  let last = performance.now();
  let stalled = 0;
  const lateness = () => Math.max(0, performance.now() - last - TICK_MS - USUAL_LATENESS_MS);
  const timer = setInterval(() => {
    stalled += lateness();
    last = performance.now();
  }, TICK_MS);
  return {
    /** Milliseconds, up to now. */
    stalledMs: () => stalled + lateness(),
    stop: () => clearInterval(timer),
  };
}
