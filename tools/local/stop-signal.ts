import { Stopped } from "./failure.ts";
import type { Screen } from "./screen.ts";

/** npm forwards signals, but a killed npm forwards nothing: its absence is seen within this. */
const PARENT_CHECK_MS = 1_000;

/**
 * Is aborted, with {@link Stopped}, when somebody asks us to stop: Ctrl-C, SIGTERM, a closed terminal, or
 * npm's death when npm started us. A second request ends us at once; the emulator's keeper cleans up then.
 */
export function stopSignal(screen: Screen): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    screen.progress("Stopping …");
    controller.abort(new Stopped());
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

  if (process.env["npm_lifecycle_event"] !== undefined) {
    const parent = process.ppid;
    const check = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(check);
      stop();
    }, PARENT_CHECK_MS);
    check.unref();
  }
  return controller.signal;
}
