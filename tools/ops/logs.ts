import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import * as v from "valibot";

import { OperatorError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

const HOUR_MS = 3_600_000;

/** More than anyone reads at night. */
const MOST_LINES = 200;

export const FUNCTIONS = ["ingest", "consumer", "poller", "statement"] as const;

const LOUD = ["WARN", "ERROR", "CRITICAL", "FATAL"];

/** What Lambda writes about every run, where it writes text. */
const LAMBDA_ROUTINE = /^(START|END|REPORT|INIT_START) /;

const LineSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({ level: v.optional(v.string()), _aws: v.optional(v.unknown()) }),
);

/**
 * `logs`: the warnings and errors of a function; of one application, every line. No log of ours holds a
 * body, a header or a secret.
 */
export async function logs(
  stack: ConnectedStack,
  name: string,
  options: OptionsAt<"hours" | "application">,
  terminal: Terminal,
): Promise<void> {
  const { hours, application, now } = options;
  const logGroupName = await logGroupOf(stack, name);
  let printed = 0;
  let more = false;
  const pages = paginateFilterLogEvents(
    { client: stack.logs },
    {
      logGroupName,
      startTime: now - hours * HOUR_MS,
      // CloudWatch's quotes keep a token with its hyphen one term.
      ...(application !== null && { filterPattern: `"${application}"` }),
    },
  );
  for await (const { events = [] } of pages) {
    for (const { timestamp = 0, message = "" } of events) {
      const wanted = application === null ? isForPerson(message) : message.includes(application);
      if (!wanted) continue;
      more = printed === MOST_LINES;
      if (more) break;
      // A stack trace has lines; below the first they are set in, so that none looks like a line of its own.
      const [first = "", ...rest] = message.trim().split("\n");
      terminal.print(`${timeText(timestamp)} ${first}`, ...rest.map((line) => `    ${line}`));
      printed += 1;
    }
    if (more) break;
  }
  const about = application === null ? "No warning and no error" : `No line about ${application}`;
  if (printed === 0) terminal.print(`${about} of ${name} in the last ${hours} h.`);
  if (more) terminal.print("(There are more lines: choose fewer --hours.)");
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

/** Ours by its level; a metric is none; what is not ours, such as Lambda's word about a run that it cut off, is. */
function isForPerson(line: string): boolean {
  const parsed = v.safeParse(LineSchema, line);
  if (!parsed.success) return !LAMBDA_ROUTINE.test(line);
  const { level, _aws: metric } = parsed.output;
  return metric === undefined && (level === undefined || LOUD.includes(level));
}
