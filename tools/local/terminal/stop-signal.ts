import { spawnSync } from "node:child_process";
import { Stopped } from "../failure.ts";
import type { Screen } from "../../terminal/screen.ts";
import { isAlive } from "../alive.ts";

/** npm forwards signals, but a killed npm forwards nothing: its absence is seen within this. */
const PARENT_CHECK_MS = 1_000;

/**
 * Is aborted, with {@link Stopped}, when somebody asks us to stop: Ctrl-C, SIGTERM, a closed terminal, or
 * npm's death when npm started us. A second request ends us at once; the emulator's supervisor cleans up then.
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
    const npm = npmProcess();
    const check = setInterval(() => {
      if (isAlive(npm)) return;
      clearInterval(check);
      stop();
    }, PARENT_CHECK_MS);
    check.unref();
  }
  return controller.signal;
}

/** npm is our parent, or, where the shell in between does not make room for its command, the shell's. */
function npmProcess(): number {
  const ps = spawnSync("ps", ["-o", "ppid=,comm=", "-p", String(process.ppid)], {
    encoding: "utf8",
  });
  const [, parent, command = ""] = /^\s*(\d+)\s+(\S+)/.exec(ps.stdout ?? "") ?? [];
  return /(^|\/)(sh|dash|bash|zsh|ash|busybox)$/.test(command) ? Number(parent) : process.ppid;
}
