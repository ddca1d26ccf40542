import type { MemoryCloud } from "../cloud-in-memory/cloud.ts";
import { check } from "../ops/check.ts";
import { OperatorError } from "../ops/operator-error.ts";
import { redrive } from "../ops/redrive.ts";
import type { ConnectedStack } from "../ops/stack.ts";
import type { Terminal } from "../ops/terminal.ts";
import { readLetterOfQueue } from "./letters.ts";

/** What a person may have the console do with an application. Each answers with a sentence. */
export interface ConsoleVerbs {
  /** Has the poller compare it with Alloy. @throws OperatorError when it is unknown. */
  check(token: string): Promise<string>;
  /** Moves its dead letters back into the event queue. */
  redrive(token: string): Promise<string>;
}

/** The operators' own verbs, with their rights. */
export function makeStackVerbs(stack: ConnectedStack, now: () => number): ConsoleVerbs {
  return {
    check: (token) => saidBy((terminal) => check(stack, token, terminal, now())),
    redrive: (token) =>
      saidBy((terminal) =>
        redrive(
          stack,
          {
            application: token,
            event: null,
            limit: null,
            perSecond: null,
            dryRun: false,
            // The button is the answer.
            yes: true,
          },
          terminal,
          now(),
        ),
      ),
  };
}

/** What a verb prints, as one text. */
async function saidBy(verb: (terminal: Terminal) => Promise<unknown>): Promise<string> {
  const said: string[] = [];
  const keep: Terminal["print"] = (...lines) => void said.push(...lines.map(String));
  await verb({
    print: keep,
    warn: keep,
    redraw: keep,
    isInteractive: false,
    progress: () => undefined,
    asks: async () => "nobody",
    isAttended: false,
    reveal: () => Promise.reject(new Error("The console shows no secret.")),
  });
  return said.join(" ");
}

/** The same over a cloud in memory. */
export function makeMemoryVerbs(cloud: MemoryCloud, now: () => number): ConsoleVerbs {
  const { applications, deadLetters, events } = cloud;
  return {
    async check(token) {
      if (!applications.applications.has(token)) {
        throw new OperatorError(`The application ${token} is unknown here.`);
      }
      applications.ask(token, now());
      return `The next run of the poller compares ${token} with Alloy.`;
    },
    async redrive(token) {
      const kept: string[] = [];
      let moved = 0;
      for (let some = deadLetters.receive(); some.length > 0; some = deadLetters.receive()) {
        for (const message of some) {
          const { applicationToken } = await readLetterOfQueue(message);
          if (applicationToken !== token) {
            kept.push(message.receiptHandle);
            continue;
          }
          events.send(message.body, message.attributes);
          deadLetters.delete(message.receiptHandle);
          moved += 1;
        }
      }
      for (const handle of kept) deadLetters.changeVisibility(handle, 0);
      return `Moved ${moved} messages.`;
    },
  };
}
