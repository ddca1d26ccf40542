import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import * as v from "valibot";

import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";

const HOUR_MS = 3_600_000;

/** More than anyone reads at night. */
const MOST_LINES = 200;

const FUNCTIONS = ["ingest", "consumer", "poller"] as const;

const LOUD = ["WARN", "ERROR", "CRITICAL", "FATAL"];

/** What Lambda writes about every run, where it writes text. */
const LAMBDA_ROUTINE = /^(START|END|REPORT|INIT_START) /;

const LineSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({ level: v.optional(v.string()), _aws: v.optional(v.unknown()) }),
);

/** `logs`: the warnings and errors of a function. No log of ours holds a body, a header or a secret. */
export async function logs(
  stack: ConnectedStack,
  name: string,
  options: { readonly hours: number; readonly now: number },
): Promise<void> {
  const logGroupName = await logGroupOf(stack, name);
  const lines: string[] = [];
  let nextToken: string | undefined;
  do {
    const { events = [], nextToken: next } = await stack.logs.send(
      new FilterLogEventsCommand({
        logGroupName,
        startTime: options.now - options.hours * HOUR_MS,
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    nextToken = next;
    for (const { timestamp = 0, message = "" } of events) {
      if (isForPerson(message))
        lines.push(`${new Date(timestamp).toISOString()} ${message.trim()}`);
    }
  } while (nextToken !== undefined && lines.length < MOST_LINES);
  if (lines.length === 0) {
    console.log(`No warning and no error of ${name} in the last ${options.hours} h.`);
  } else console.log(lines.slice(0, MOST_LINES).join("\n"));
  if (lines.length > MOST_LINES || nextToken !== undefined) {
    console.log(`(There is more: ask for fewer --hours.)`);
  }
}

async function logGroupOf(stack: ConnectedStack, name: string): Promise<string> {
  const known = FUNCTIONS.find((one) => one === name);
  if (known === undefined) {
    throw new OperatorError(
      `There is no function "${name}": it is one of ${FUNCTIONS.join(", ")}.`,
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
