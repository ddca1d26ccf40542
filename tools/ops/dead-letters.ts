import { noteOfFailure } from "./application.ts";
import { choiceOf, choiceText, isChosen, NO_REASON } from "./dead-letter.ts";
import type { ChoiceOptions, DeadLetter } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import type { Verdict } from "./dead-letter-queue.ts";
import { letterQueueNamed, nameOf } from "./letter-queues.ts";
import type { Given } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { isoOf } from "./timeline.ts";
import { timeText } from "./time-text.ts";

/** More than a screen shows. */
const USUAL_LIMIT = 20;

/** `dead-letters`: prints what is dead-lettered, and leaves everything as it was. */
export async function listDeadLetters(
  stack: ConnectedStack,
  options: ChoiceOptions & Pick<Given, "limit" | "bodies"> & { readonly now?: number },
  terminal: Terminal,
): Promise<ResultOf<"dead-letters">> {
  const limit = options.limit ?? USUAL_LIMIT;
  const choice = choiceOf(options, options.now ?? 0);
  const queue = await letterQueueNamed(stack, options.queue);
  const letters: ResultOf<"dead-letters">["letters"] = [];
  let more = false;
  const visit = async (letter: DeadLetter): Promise<Verdict> => {
    if (!isChosen(letter, choice)) return "keep";
    if (letters.length === limit) {
      more = true;
      return "stop";
    }
    const evidence = await evidenceOf(stack, letter);
    terminal.print(...describe(letter, evidence));
    if (options.bodies)
      terminal.print(`    ${letter.body ?? "(its body is in the payload bucket)"}`);
    const { about, applicationToken, eventId, reason, sentAt, body } = letter;
    letters.push({
      queue: queue.id,
      sentAt: isoOf(sentAt),
      about,
      applicationToken,
      eventId,
      reason: reason ?? evidence,
      body: options.bodies ? body : null,
    });
    return "keep";
  };
  await lookThrough(stack, visit, queue.url);
  if (letters.length === 0) terminal.print(`${nameOf(queue)} has no message${choiceText(choice)}.`);
  if (more) terminal.print(`(There are more messages: --limit ${limit * 10} shows more.)`);
  return { letters, isCut: more };
}

/** Two lines; no body, and nothing of it but tokens and types. */
export function describe(letter: DeadLetter, evidence: string | null): readonly string[] {
  const sent = timeText(letter.sentAt);
  const why =
    letter.reason ??
    `${NO_REASON}${evidence === null ? "; see the consumer's log" : `, at last: ${evidence}`}`;
  const earlier =
    letter.earlierReason === null ? "" : ` (dead-lettered before: ${letter.earlierReason})`;
  return [`${sent}  ${letter.about}`, `    ${why}${earlier}`];
}

/** What the consumer noted of a letter that carries no reason itself. */
async function evidenceOf(
  stack: ConnectedStack,
  { applicationToken, eventId, reason }: DeadLetter,
): Promise<string | null> {
  if (reason !== null || applicationToken === null || eventId === null) return null;
  try {
    return await noteOfFailure(stack, applicationToken, eventId);
  } catch (error) {
    // One letter that the table cannot be asked for must not hide the others.
    return `(the table could not be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}
