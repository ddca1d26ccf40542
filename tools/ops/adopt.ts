import { readFileSync } from "node:fs";

import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";

import { jsonForSqs } from "../../lambdas/domain/event/envelope.ts";
import type { SubmissionEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { isToken } from "../../lambdas/domain/event/external-text.ts";
import { readTime } from "../../lambdas/domain/event/plausible-time.ts";
import { SEND_MESSAGE_BATCH } from "../../lambdas/settings/limits.ts";
import { readAdoptionFile } from "./adoption-file.ts";
import type { AdoptedApplication } from "./adoption-file.ts";
import { standingsOf } from "./adopted.ts";
import type { Standing, Standings } from "./adopted.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import { makePollerRuns } from "./poll.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Clock, OptionsAt } from "./options.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";
import { counted } from "../terminal/counted.ts";

/** What happened before `since` is history, or before now; `journey` is of the applications whose line names none. */
type AdoptOptions = OptionsAt<"journey" | "since" | "publish" | "perSecond" | "dryRun" | "yes"> &
  Clock;

/**
 * Applications that are announced before the poller runs: half of what a run may check by default, so that no other
 * application waits for more than a run.
 */
const PORTION = 100;

/** Runs in a row without one answer of Alloy that are an outage. */
const SILENT_RUNS = 3;

/** As fast as the poller may call Alloy by default. */
const PER_SECOND = 5;

/** The consumer takes an announcement within seconds; a deployment or a cold start takes longer. */
const TAKEN_MS = 90_000;

const PAUSE_MS = 2_000;

/** The longest pause before another look for comparisons: where nothing moves, they wait for the poller's schedule. */
const LONGEST_PAUSE_MS = 32_000;

/** So long without another application that is compared or agrees: the rest differs for a reason of its own. */
const PATIENCE_MS = 15 * 60_000;

/** Lines of the file that are told of, and applications in the report. */
const MOST_TOLD = 20;

/**
 * `adopt`: makes applications known that existed before, without an effect (docs/adoption.md).
 *
 * 1. Read the whole file. Nothing is announced while a line is wrong.
 * 2. Announce those that are unknown, at a rate, and let the poller compare each portion with Alloy. The first one
 *    alone shows that the stack knows adoptions. With `since`, those too that became known otherwise.
 * 3. Wait until the last check of each one agrees with Alloy, and say how many do.
 *
 * To run it again continues: what is known is not announced again.
 *
 * @throws OperatorError unless all of them agree.
 */
export async function adopt(
  stack: ConnectedStack,
  path: string,
  options: AdoptOptions,
  terminal: Terminal,
): Promise<ResultOf<"adopt">> {
  const { dryRun } = options;
  const adoption = { at: sinceOf(options), publishes: options.publish };
  const applications = applicationsIn(path, options, terminal);
  const tokens = applications.map(({ token }) => token);
  const before = await standingsOf(stack, tokens);
  const unknown = tokens.filter((token) => before.get(token)?.standing === "absent").length;
  // The consumer adopts an application that is known only since then.
  const isToAdopt = (one: Standings | undefined) =>
    one?.standing === "absent" ||
    (options.since !== null && one?.isAdopted === false && one.standing !== "forgotten");
  const fresh = applications.filter(({ token }) => isToAdopt(before.get(token)));
  terminal.print(
    `The file has ${counted(applications.length, "application")}; ${counted(unknown, "is", "are")} unknown here.`,
  );
  const silence = adoption.publishes ? "published" : "not published";
  const what = `Adopt ${counted(fresh.length, "application")}; what happened before ${timeText(adoption.at)} is ${silence}.`;
  if (dryRun) {
    terminal.print(`Dry run: ${what} Nothing was sent.`);
    return { isDryRun: true, adopted: fresh.length, standings: {} };
  }
  if (fresh.length > 0 && !options.yes) {
    await agreed(terminal, `${what} Continue?`, "Nothing was adopted");
  }

  const runPoller = makePollerRuns(stack, terminal, SILENT_RUNS);
  const context = { stack, adoption, runPoller, ...options };
  if (unknown > 0) await proveAdoption(fresh, before, context, terminal);
  let rest = fresh;
  while (rest.length > 0) {
    // What a webhook made known meanwhile must not be compared before it is adopted.
    const now = await standingsOf(
      stack,
      rest.map(({ token }) => token),
    );
    rest = rest
      .filter(({ token }) => now.get(token)?.isAdopted === false)
      .toSorted((one, other) => rankOf(now.get(one.token)) - rankOf(now.get(other.token)));
    const portion = rest.slice(0, PORTION);
    rest = rest.slice(PORTION);
    await announce(portion, context);
    await untilTaken(portion, context, terminal);
    await context.runPoller();
    terminal.progress(
      `${counted(rest.length, "application is", "applications are")} to be announced …`,
    );
  }
  const standings = report(await untilCompared(tokens, context, terminal), terminal);
  return { isDryRun: false, adopted: fresh.length, standings };
}

type Context = Pick<AdoptOptions, "perSecond" | "now"> & {
  readonly stack: ConnectedStack;
  readonly adoption: NonNullable<SubmissionEnvelope["adoption"]>;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly runPoller: () => Promise<void>;
};

function sinceOf({ since, now }: AdoptOptions): number {
  if (since === null) return now;
  const at = readTime(since);
  if (at === null || at > now) {
    throw new UsageError(
      `--since is "${since}"; it must be a time of the past in ISO 8601, such as 2026-11-23T20:00:00Z.`,
    );
  }
  return at;
}

function applicationsIn(
  path: string,
  { journey }: AdoptOptions,
  terminal: Terminal,
): readonly AdoptedApplication[] {
  if (journey !== null && !isToken(journey)) {
    throw new UsageError(`--journey is "${journey}"; it must be a Journey's token, such as J-….`);
  }
  const { applications, repeated, errors } = readAdoptionFile(textOf(path), journey);
  if (errors.length > 0) {
    const more = errors.length - MOST_TOLD;
    throw new OperatorError(
      `${path} has ${errors.length} errors. Nothing was adopted. Correct the file, and run the command again.`,
      { details: [...errors.slice(0, MOST_TOLD), ...(more > 0 ? [`and ${more} more`] : [])] },
    );
  }
  if (repeated > 0) terminal.warn(`${repeated} lines name an application once more: ignored.`);
  return applications;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The file ${path} cannot be read (${why}). Give a CSV or JSON-lines file.`,
    );
  }
}

function rankOf(standings: Standings | undefined): number {
  return standings?.standing === "absent" ? 1 : 0;
}

/**
 * Announces one application that is unknown.
 *
 * @throws OperatorError if it becomes known and is not adopted: no more than one is announced to such a stack.
 */
async function proveAdoption(
  applications: readonly AdoptedApplication[],
  before: ReadonlyMap<string, Standings>,
  context: Context,
  terminal: Terminal,
): Promise<void> {
  const first = applications
    .filter(({ token }) => before.get(token)?.standing === "absent")
    .slice(0, 1);
  await announce(first, context);
  const standings = await untilTaken(first, context, terminal);
  for (const [token, { standing, isAdopted }] of standings) {
    if (standing === "absent") throw new OperatorError(refusedText(1));
    if (isAdopted) continue;
    throw new OperatorError(
      `${token} is known and not adopted: the stack's consumer is older than this tool, or the application was announced meanwhile. Deploy this version first; then run the command again.`,
    );
  }
}

function refusedText(count: number): string {
  return `None of ${count} announced applications became known within ${TAKEN_MS / 1_000} s. Is its Journey accepted, and its environment the stage's? For the reason: npm run ops -- logs consumer; npm run ops -- dead-letters`;
}

/** The message that adopts an application. */
export function adoptionMessage(
  { token, submission }: AdoptedApplication,
  adoption: Context["adoption"],
  now: number,
): string {
  const envelope: SubmissionEnvelope = {
    v: 1,
    kind: "submission",
    receiptId: `adopt-${now}/${token}`,
    receivedAt: now,
    submission,
    adoption,
  };
  return jsonForSqs(envelope);
}

async function announce(
  portion: readonly AdoptedApplication[],
  { stack, adoption, perSecond, now, wait }: Context,
): Promise<void> {
  const { mostEntries } = SEND_MESSAGE_BATCH;
  const rate = perSecond ?? PER_SECOND;
  const size = Math.min(mostEntries, rate);
  for (let from = 0; from < portion.length; from += size) {
    if (from > 0) await wait((size / rate) * 1_000);
    const Entries = portion.slice(from, from + size).map((one, index) => ({
      Id: String(index),
      MessageBody: adoptionMessage(one, adoption, now),
    }));
    const { Successful = [] } = await stack.sqs.send(
      new SendMessageBatchCommand({ QueueUrl: stack.eventQueueUrl, Entries }),
    );
    // Only what the answer names is there.
    if (Successful.length < Entries.length) {
      throw new OperatorError(
        `The event queue took ${Successful.length} of ${Entries.length} applications. Run the command again: it continues.`,
      );
    }
  }
}

/** Waits until the consumer has made them known; what it refuses stays absent. */
async function untilTaken(
  portion: readonly AdoptedApplication[],
  { stack, wait }: Context,
  terminal: Terminal,
): Promise<ReadonlyMap<string, Standings>> {
  const tokens = portion.map(({ token }) => token);
  for (let waited = 0; ; waited += PAUSE_MS) {
    const standings = await standingsOf(stack, tokens);
    const absent = countOf(standings, "absent");
    if (absent === 0 || waited >= TAKEN_MS) return standings;
    terminal.progress(`Waiting for the consumer: ${absent} of ${tokens.length} …`);
    await wait(PAUSE_MS);
  }
}

/** Lets the poller check what is due until nothing changes any more. */
async function untilCompared(
  tokens: readonly string[],
  { stack, wait, runPoller }: Context,
  terminal: Terminal,
): Promise<ReadonlyMap<string, Standings>> {
  let [before, waited, pause] = ["", 0, 0];
  let standings = await standingsOf(stack, tokens);
  for (;;) {
    const count = countOf(standings, "agrees");
    const unchecked = countOf(standings, "unchecked");
    const open = toCompareOf(standings);
    if (open.length === 0) return standings;
    const progress = `${count} ${unchecked}`;
    const hasMoved = progress !== before;
    if (hasMoved) [before, waited] = [progress, 0];
    if (waited >= PATIENCE_MS) return standings;
    terminal.progress(
      `${count} of ${tokens.length} agree with Alloy; ${open.length} are to be compared …`,
    );
    pause = hasMoved ? PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
    await wait(pause);
    waited += pause;
    await runPoller();
    // Each look at an application is a read that is paid. When none is left, a last look is at all of them.
    const again = await standingsOf(stack, open);
    standings =
      toCompareOf(again).length === 0
        ? await standingsOf(stack, tokens)
        : new Map([...standings, ...again]);
  }
}

/** Those that the poller has still to check. */
function toCompareOf(standings: ReadonlyMap<string, Standings>): readonly string[] {
  return [...standings].flatMap(([token, { standing }]) =>
    standing === "unchecked" || standing === "differs" ? [token] : [],
  );
}

function countOf(standings: ReadonlyMap<string, Standings>, wanted: Standing): number {
  return [...standings.values()].filter(({ standing }) => standing === wanted).length;
}

/** For a person, in the order of the report. */
const SAYS: Readonly<Record<Standing, string>> = {
  agrees: "agree with Alloy",
  differs: "differ from Alloy, or wait for another check; to see one: npm run ops -- show <token>",
  unknown: "are unknown to Alloy, or of another environment",
  unchecked: "are not compared yet; the poller's next runs check them",
  forgotten: "are forgotten here: nothing of them is taken up",
  absent: "are not known here: refused, or of a Journey that the stage does not accept",
};

function report(
  standings: ReadonlyMap<string, Standings>,
  terminal: Terminal,
): Readonly<Record<string, number>> {
  const kinds = ["agrees", "forgotten", "differs", "unknown", "unchecked", "absent"] as const;
  for (const kind of kinds) {
    const count = countOf(standings, kind);
    if (count === 0 && kind !== "agrees") continue;
    terminal.print(`${count} of ${standings.size} ${SAYS[kind]}`);
    if (kind === "agrees") continue;
    const tokens = [...standings].filter(([, { standing }]) => standing === kind);
    terminal.print(...tokens.slice(0, MOST_TOLD).map(([token]) => `  ${token}`));
  }
  // Somebody wanted these forgotten: that they stay so is no failure.
  const fine = countOf(standings, "agrees") + countOf(standings, "forgotten");
  const others = standings.size - fine;
  if (others > 0) {
    throw new OperatorError(
      `${others} of ${standings.size} applications do not agree with Alloy. To compare them again, run the command again.`,
    );
  }
  return Object.fromEntries(kinds.map((kind) => [kind, countOf(standings, kind)]));
}
