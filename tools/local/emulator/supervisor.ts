/**
 * Starts one command and ends it when whoever started the supervisor is gone, however that happened: a killed
 * process cannot clean up, but its end of the channel closes. The command gets a process group of its own,
 * so that what it starts (the Lambdas' processes) ends with it, and Ctrl-C at the terminal does not reach
 * it before its turn.
 *
 * Run by ./supervised-process.ts: node supervisor.ts <program> [arguments]
 */
import { spawn } from "node:child_process";

/** MiniStack stores its state and ends within two seconds. */
const PATIENCE_MS = 8_000;

const [program = "", ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });

child.on("error", (error) => tellAndExit({ error: error.message }));
child.on("exit", (code, signal) => tellAndExit({ code, signal }));
child.on("spawn", () => process.send?.({ pid: child.pid }));
process.on("disconnect", endChild);
// Whoever asks for this needs nothing that the command would still do.
process.on("message", () => signalGroup("SIGKILL"));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, endChild);

let ending = false;
function endChild(): void {
  if (ending) return;
  ending = true;
  signalGroup("SIGTERM");
  setTimeout(() => signalGroup("SIGKILL"), PATIENCE_MS).unref();
}

function signalGroup(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already: that is what was wanted.
  }
}

function tellAndExit(how: Record<string, unknown>): void {
  // What is left of the group has lost its parent and nobody else would end it.
  signalGroup("SIGKILL");
  if (!process.connected) process.exit(0);
  process.send?.({ ended: how }, () => process.exit(0));
}
