import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import * as v from "valibot";

import { readShortLine } from "../cloudwatch/short-line.ts";
import { OperatorError } from "./operator-error.ts";
import type { Clock, OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeIn } from "./time-option.ts";
import { isoOf } from "./timeline.ts";
import { timeText } from "./time-text.ts";

const HOUR_MS = 3_600_000;

/** More than anyone reads at night. */
const MOST_LINES = 200;

/** CloudWatch takes seconds to have a line. */
const FOLLOW_MS = 2_000;
const LATE_MS = 30_000;

export const FUNCTIONS = ["ingest", "consumer", "poller", "statement"] as const;

const LOUD = ["WARN", "ERROR", "CRITICAL", "FATAL"];

/** What Lambda writes about every run, where it writes text; and what Node says in two lines of a package's code. */
const RUNTIME_ROUTINE =
  /^((START|END|REPORT|INIT_START) |\(node:\d+\) \[DEP\d+\] |\(Use `node --trace-deprecation )/;

const LineSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    level: v.optional(v.string()),
    _aws: v.optional(v.unknown()),
    // What Lambda writes about a run, where it writes JSON (Lambda's guide, "Telemetry API Event schema").
    type: v.fallback(v.optional(v.string()), undefined),
    record: v.fallback(v.optional(v.looseObject({ status: v.optional(v.string()) })), undefined),
  }),
);

interface LogLine {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
}

/**
 * `logs`: the warnings and errors of a function, newest last; of one application, every line. No log of ours holds a
 * body, a header or a secret.
 */
export async function logs(
  stack: ConnectedStack,
  name: string,
  options: OptionsAt<"hours" | "since" | "until" | "application" | "follow"> & Pick<Clock, "wait">,
  terminal: Terminal,
): Promise<ResultOf<"logs">> {
  const { application, now, follow, wait } = options;
  const from = timeIn("--since", options.since, now) ?? now - (options.hours ?? 1) * HOUR_MS;
  const to = timeIn("--until", options.until, now);
  const logGroupName = await logGroupOf(stack, name);
  const { lines, isCut } = await linesOf(stack, { logGroupName, from, to, application });
  if (isCut) {
    terminal.print(
      `(The newest ${MOST_LINES} lines; --until ${timeText(lines[0]?.at)} shows older ones.)`,
    );
  }
  terminal.print(...lines.flatMap(textOf));
  if (lines.length === 0 && !follow) {
    const about = application === null ? "No warning and no error" : `No line about ${application}`;
    terminal.print(`${about} of ${name} since ${timeText(from)}.`);
  }
  if (follow) {
    await followed(lines, now - LATE_MS);
  }
  return { function: name, lines: lines.map(({ at, text }) => ({ at: isoOf(at), text })), isCut };

  /** Prints what comes, until a person interrupts it. */
  async function followed(before: readonly LogLine[], from: number): Promise<never> {
    const seen = new Set(before.map(({ id }) => id));
    let since = from;
    for (;;) {
      await wait(FOLLOW_MS);
      const next = await linesOf(stack, { logGroupName, from: since, to: null, application });
      const fresh = next.lines.filter(({ id }) => !seen.has(id));
      terminal.print(...fresh.flatMap(textOf));
      for (const { id } of fresh) seen.add(id);
      since = Math.max(since, ...fresh.map(({ at }) => at - LATE_MS));
    }
  }
}

/** A stack trace has lines; below the first they are set in, so that none looks like a line of its own. */
function textOf({ at, text }: LogLine): readonly string[] {
  const [first = "", ...rest] = text.split("\n");
  return [`${timeText(at)} ${first}`, ...rest.map((line) => `    ${line}`)];
}

/** The newest lines that are for a person, newest last. CloudWatch gives the oldest first. */
async function linesOf(
  stack: ConnectedStack,
  {
    logGroupName,
    from,
    to,
    application,
  }: {
    readonly logGroupName: string;
    readonly from: number;
    readonly to: number | null;
    readonly application: string | null;
  },
): Promise<{ readonly lines: readonly LogLine[]; readonly isCut: boolean }> {
  let lines: LogLine[] = [];
  let isCut = false;
  const pages = paginateFilterLogEvents(
    { client: stack.logs },
    {
      logGroupName,
      startTime: from,
      ...(to !== null && { endTime: to }),
      // CloudWatch's quotes keep a token with its hyphen one term.
      ...(application !== null && { filterPattern: `"${application}"` }),
    },
  );
  for await (const { events = [] } of pages) {
    for (const { eventId = "", timestamp = 0, message = "" } of events) {
      const isWanted = application === null ? isForPerson(message) : message.includes(application);
      if (!isWanted) continue;
      lines.push({ id: eventId, at: timestamp, text: message.trim() });
    }
    if (lines.length > MOST_LINES) {
      isCut = true;
      lines = lines.slice(-MOST_LINES);
    }
  }
  // Streams of one group are not in order of time among each other.
  return { lines: lines.toSorted((one, other) => one.at - other.at), isCut };
}

export async function logGroupOf(stack: ConnectedStack, name: string): Promise<string> {
  const known = FUNCTIONS.find((one) => one === name);
  if (known === undefined) {
    throw new OperatorError(
      `The function "${name}" does not exist. The functions are ${FUNCTIONS.join(", ")}.`,
    );
  }
  const FunctionName = stack.functionNames[known];
  const { LoggingConfig } = await stack.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  return LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`;
}

/** Ours by its level; a metric is none, in either form; what is not ours, such as Lambda's word about a run that it cut off, is. */
function isForPerson(line: string): boolean {
  const parsed = v.safeParse(LineSchema, line);
  if (!parsed.success) return !RUNTIME_ROUTINE.test(line) && readShortLine(line) === null;
  const { level, _aws: metric, type = "", record } = parsed.output;
  if (type.startsWith("platform.")) return (record?.status ?? "success") !== "success";
  return metric === undefined && (level === undefined || LOUD.includes(level));
}
