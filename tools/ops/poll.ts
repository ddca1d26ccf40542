import { setTimeout as sleep } from "node:timers/promises";

import { InvokeCommand, TooManyRequestsException } from "@aws-sdk/client-lambda";
import * as v from "valibot";

import { TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { OperatorError } from "./operator-error.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

/** A run is waited for to its end, and a little longer: to give up before it would start a second one. */
const INVOKE_MS = TIMEOUTS_MS.poller + 5_000;

/** The poller runs once at a time; a run of its schedule ends within its timeout. */
const PAUSE_MS = 5_000;
const PAUSES = Math.ceil(INVOKE_MS / PAUSE_MS);

const count = v.optional(v.number(), 0);

/** What a run of the poller returns, as far as it is printed. */
const ReportSchema = v.object({
  due: v.number(),
  left: v.number(),
  checked: count,
  unknown: count,
  ignored: count,
  rescheduled: count,
  unanswered: count,
  failed: count,
});

const DryRunSchema = v.object({
  due: v.number(),
  applications: v.array(
    v.object({
      applicationToken: v.string(),
      result: v.string(),
      missing: v.number(),
      gapStage: v.nullable(v.string()),
      nextCheck: v.nullable(v.string()),
    }),
  ),
});

/**
 * `poll`: runs the poller now, again and again until nothing is left that is due. Each run keeps to the
 * stage's rate and budget; only the waits between runs are left out.
 *
 * @throws OperatorError when something that was due could not be checked: what is due again later is not done.
 */
export async function poll(
  stack: ConnectedStack,
  { dryRun }: { readonly dryRun: boolean },
  terminal: Terminal,
): Promise<ResultOf<"poll">> {
  if (dryRun) return printDryRun(stack, terminal);
  let unanswered = 0;
  let failed = 0;
  for (let checked = 0; ;) {
    const report = v.parse(ReportSchema, await invokePoller(stack, {}, terminal));
    checked += report.checked;
    unanswered += report.unanswered;
    failed += report.failed;
    if (report.left === 0) {
      if (unanswered + failed > 0)
        throw new OperatorError(uncheckedText(checked, unanswered, failed));
      terminal.print(`Checked ${counted(checked, "application")}. No application is due.`);
      return { isDryRun: false, checked, due: 0, applications: [] };
    }
    const { unknown, ignored, rescheduled } = report;
    // Those that Alloy did not answer for are due again soon: with them alone it would go on for ever.
    if (report.checked + unknown + ignored + rescheduled === 0) {
      throw new OperatorError(
        `The poller made no progress: ${report.left} applications remain. Alloy did not answer for ${report.unanswered} of them. For the reason: npm run ops -- logs poller`,
      );
    }
    terminal.progress(`Checked ${checked} so far, at least ${report.left} remain …`);
  }
}

function uncheckedText(checked: number, unanswered: number, failed: number): string {
  const why = [
    ...(unanswered > 0 ? [`Alloy did not answer for ${unanswered}`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  return `Checked ${checked}, but not every application that was due: ${why.join(", ")}. Those are due again later. For the reason: npm run ops -- logs poller`;
}

async function printDryRun(stack: ConnectedStack, terminal: Terminal): Promise<ResultOf<"poll">> {
  const { due, applications } = v.parse(
    DryRunSchema,
    await invokePoller(stack, { dryRun: true }, terminal),
  );
  for (const { applicationToken, result, missing, gapStage, nextCheck } of applications) {
    const found = `${result}, ${missing} missing, ${gapStage ?? "no gap"}`;
    terminal.print(`${applicationToken}  ${found}, next check ${nextCheck ?? "none"}`);
  }
  terminal.print(
    `Dry run: ${due} applications are due. The poller compared ${applications.length} of them and changed nothing.`,
  );
  return { isDryRun: true, checked: 0, due, applications };
}

/**
 * Runs of the poller, for a verb that reads the table for what came of them. They report an outage of Alloy as `poll` does.
 *
 * @param silentRuns - so many runs in a row in which Alloy answered for none make an outage. Of one alone the verb's own
 *   applications may not have been a part: a scheduled run has them.
 */
export function makePollerRuns(
  stack: ConnectedStack,
  terminal: Terminal,
  silentRuns: number,
): () => Promise<void> {
  let silent = 0;
  return async () => {
    const { checked, unanswered, due } = v.parse(
      ReportSchema,
      await invokePoller(stack, {}, terminal),
    );
    silent = due > 0 && checked === 0 && unanswered > 0 ? silent + 1 : 0;
    if (silent < silentRuns) return;
    throw new OperatorError(
      `Alloy did not answer for any of ${counted(unanswered, "application")}. Run the command again when it does. For the reason: npm run ops -- logs poller`,
    );
  };
}

/** Invokes the poller once, and waits while another run is in progress. */
export async function invokePoller(
  { lambda, functionNames }: ConnectedStack,
  payload: object,
  terminal: Terminal,
): Promise<unknown> {
  for (let pauses = 0; ; pauses += 1) {
    try {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({
          FunctionName: functionNames.poller,
          Payload: JSON.stringify(payload),
        }),
        { requestTimeout: INVOKE_MS },
      );
      if (FunctionError === undefined) return JSON.parse(Payload?.transformToString() ?? "null");
      throw new OperatorError(
        "The run of the poller failed. The applications that it did not check are still due. For the reason: npm run ops -- logs poller",
      );
    } catch (error) {
      if (!(error instanceof TooManyRequestsException) || pauses === PAUSES) throw error;
      terminal.progress("Another run of the poller is in progress. Waiting for its end …");
      await sleep(PAUSE_MS);
    }
  }
}
