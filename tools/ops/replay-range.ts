import { eventsBy } from "./find.ts";
import { UsageError } from "./operator-error.ts";
import type { Clock, OptionsAt } from "./options.ts";
import { replay } from "./replay.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed, withoutResults } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

type RangeOptions = OptionsAt<
  "since" | "until" | "route" | "perSecond" | "dryRun" | "force" | "yes"
> &
  Pick<Clock, "wait">;

/**
 * `replay` without an application: the events of a time, a route, or both, application by application. What had its
 * effect is a duplicate and has none again, so that a run that was cut off can be run again.
 */
export async function replayRange(
  stack: ConnectedStack,
  options: RangeOptions,
  terminal: Terminal,
): Promise<ResultOf<"replay">> {
  const { since, until, route, perSecond, dryRun, force, yes, now, wait } = options;
  if (since === null && until === null && route === null) {
    throw new UsageError('"replay" needs an application, or --since, --until or --route.');
  }
  const events = await eventsBy(stack, { since, until, route, now }, terminal);
  const tokens = new Set(events.map(({ token }) => token));
  const what = `${counted(events.length, "event")} of ${counted(tokens.size, "application")}`;
  if (dryRun) {
    for (const { at, token, type, eventId } of events) {
      terminal.print(`${at ?? "-"}  ${token}  ${type ?? "-"} ${eventId}`);
    }
    terminal.print(`Dry run: ${what} would go through the queue again.`);
    return { isDryRun: true, sent: events.length, chosen: events.length, leftOut: 0 };
  }
  if (!yes) {
    await agreed(terminal, `Send ${what} of ${stack.stackName} again?`, "Nothing was sent");
  }
  const quiet = withoutResults(terminal);
  let sent = 0;
  for (const { token, eventId } of events) {
    const one = await replay(stack, token, { event: eventId, dryRun: false, force, now }, quiet);
    sent += one.sent;
    terminal.progress(`${sent} of ${events.length} events …`);
    if (perSecond !== null) await wait(1_000 / perSecond);
  }
  terminal.print(`Sent ${sent} of ${what} through the queue again.`);
  return { isDryRun: false, sent, chosen: events.length, leftOut: events.length - sent };
}
