import { parseArgs } from "node:util";

import { QUEUE } from "../../lambdas/settings/limits.ts";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { ARRIVALS, arrivalOf, batchesOf } from "./arrival.ts";
import type { Workload } from "./bill.ts";

export const USAGE = `Usage: npm run cost -- [options]

  --webhooks <n>       webhooks a month (default: 1000000)
  --applications <n>   Journey Applications that they are about (default: a tenth of the webhooks)
  --arrival <shape>    how they come: ${ARRIVALS.join(", ")} (default: day)
  --window <seconds>   how long Lambda waits to fill a batch, 0 to 300 (default: the stage's)
  --batch <n>          instead of an arrival: events in each batch of the consumer, 1 to ${QUEUE.batchSize}
  --stage <name>       whose routes, alarms and rates (default: production)
  --json               the same figures as JSON
`;

/** What the command line asks for; an error of it is a sentence. */
export type Options =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string }
  | {
      readonly kind: "run";
      readonly workload: Workload;
      readonly stage: StageConfiguration;
      readonly json: boolean;
    };

export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        webhooks: { type: "string", default: "1000000" },
        applications: { type: "string" },
        arrival: { type: "string", default: "day" },
        window: { type: "string" },
        batch: { type: "string" },
        stage: { type: "string", default: "production" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const webhooks = wholeNumber("--webhooks", values.webhooks);
    const applications =
      values.applications === undefined
        ? Math.ceil(webhooks / 10)
        : wholeNumber("--applications", values.applications);
    if (applications > webhooks) {
      throw new Error(
        `--applications is ${applications}, more than the ${webhooks} webhooks: each has at least one.`,
      );
    }
    const shape = ARRIVALS.find((one) => one === values.arrival);
    if (shape === undefined) {
      throw new Error(
        `--arrival is ${JSON.stringify(values.arrival)}; it must be one of ${ARRIVALS.join(", ")}.`,
      );
    }
    const stage = stageFrom({ stage: values.stage });
    const window =
      values.window === undefined ? (stage.batchWindowSeconds ?? 0) : secondsOf(values.window);
    const arrival =
      values.batch === undefined
        ? arrivalOf(shape, webhooks, window)
        : batchesOf(batchSizeOf(values.batch));
    return { kind: "run", workload: { webhooks, applications, arrival }, stage, json: values.json };
  } catch (error) {
    return { kind: "wrong", sentence: error instanceof Error ? error.message : String(error) };
  }
}

function batchSizeOf(text: string): number {
  const batch = wholeNumber("--batch", text);
  if (batch <= QUEUE.batchSize) return batch;
  throw new Error(`--batch is ${batch}, but SQS hands over at most ${QUEUE.batchSize}.`);
}

/** Lambda's most is five minutes. */
function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isInteger(seconds) && seconds >= 0 && seconds <= 300)
    return seconds;
  throw new Error(`--window is ${JSON.stringify(text)}; it must be whole seconds from 0 to 300.`);
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`${option} is ${JSON.stringify(text)}; it must be a whole number above 0.`);
}
