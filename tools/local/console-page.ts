import { alloySideOf, makeLaptop } from "../console/laptop.ts";
import { startConsole } from "../console/server.ts";
import type { Console } from "../console/server.ts";
import { makeStackSource } from "../console/stack-source.ts";
import { makeStackVerbs } from "../console/verbs.ts";
import { connect } from "../ops/stack.ts";
import type { ConsoleSide, LocalStack } from "./local-stack.ts";

/**
 * Starts the console of a stack of `npm start`. It may do anything: the stack is on this machine, and holds nothing real.
 *
 * @param outputsFile - where AWS's clients find the stack, when it is not in this process.
 */
export async function startLocalConsole(stack: LocalStack, outputsFile: string): Promise<Console> {
  const { source, verbs } = stack.memory ?? (await reachedByClients(outputsFile));
  const simulator = stack.alloy?.simulator ?? null;
  return startConsole({
    canWrite: true,
    parts: {
      source,
      alloy: simulator === null ? null : alloySideOf(simulator),
      laptop:
        simulator === null
          ? null
          : makeLaptop({
              simulator,
              announceSubmission: (created) => stack.receiver.announceSubmission(created),
              throttleTable: stack.throttleTable,
            }),
      verbs,
      now: Date.now,
    },
  });
}

async function reachedByClients(outputsFile: string): Promise<ConsoleSide> {
  const connected = await connect({ stage: "local", outputsFile });
  const now = Date.now;
  return { source: makeStackSource(connected, { now }), verbs: makeStackVerbs(connected, now) };
}
