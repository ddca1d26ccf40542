import { parseArgs } from "node:util";

import { QUEUE } from "../../lambdas/settings/limits.ts";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { Workload } from "./bill.ts";

export const USAGE = `Usage: npm run cost -- [options]

  --webhooks <n>       webhooks a month (default: 1000000)
  --applications <n>   Journey Applications that they are about (default: a tenth of the webhooks)
  --batch <n>          events in a batch of the consumer, 1 to ${QUEUE.batchSize} (default: ${QUEUE.batchSize})
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
        batch: { type: "string", default: String(QUEUE.batchSize) },
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
    const batch = wholeNumber("--batch", values.batch);
    if (applications > webhooks) {
      throw new Error(
        `--applications is ${applications}, more than the ${webhooks} webhooks: each has at least one.`,
      );
    }
    if (batch > QUEUE.batchSize) {
      throw new Error(`--batch is ${batch}, but SQS hands over at most ${QUEUE.batchSize}.`);
    }
    const stage = stageFrom({ stage: values.stage });
    return { kind: "run", workload: { webhooks, applications, batch }, stage, json: values.json };
  } catch (error) {
    return { kind: "wrong", sentence: error instanceof Error ? error.message : String(error) };
  }
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`${option} is ${JSON.stringify(text)}; it must be a whole number above 0.`);
}
