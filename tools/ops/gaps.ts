import * as v from "valibot";

import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { INVESTIGATION_GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { indexEntries } from "./index-entries.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { isoOf } from "./timeline.ts";
import { timeText } from "./time-text.ts";

const GapSchema = v.object({
  pk: v.string(),
  gapStage: v.string(),
  gapSince: v.number(),
  journeyToken: v.nullish(v.string(), null),
});

/** `gaps`: which applications and Investigations are in gap, since when, and where the event stopped; the oldest first. */
export async function gaps(stack: ConnectedStack, terminal: Terminal): Promise<ResultOf<"gaps">> {
  const applications = await printGaps(stack, GAP_PARTITION, terminal);
  const investigations = await printGaps(stack, INVESTIGATION_GAP_PARTITION, terminal);
  if (applications.length === 0) terminal.print("No application is in gap.");
  else
    terminal.print(
      `${applications.length} in gap. To see what is missing: npm run ops -- show <application token>`,
    );
  if (investigations.length > 0)
    terminal.print(
      `Investigations in gap: ${investigations.length}. To see the steps of one: npm run ops -- show <Investigation token>`,
    );
  return { applications, investigations };
}

/** @returns those in gap. */
async function printGaps(
  stack: ConnectedStack,
  partition: string,
  terminal: Terminal,
): Promise<ResultOf<"gaps">["applications"]> {
  const found: ResultOf<"gaps">["applications"] = [];
  for await (const item of indexEntries(stack, TABLE.gapIndex, { gapPk: partition })) {
    const parsed = v.safeParse(GapSchema, item);
    if (!parsed.success) {
      const token = String(item["pk"]);
      found.push({ token, stage: null, since: null, journeyToken: null });
      // One item that is not of our form must not hide the others.
      terminal.print(`(no time)  ${token}  cannot be read`);
      continue;
    }
    const { pk, gapStage, gapSince, journeyToken } = parsed.output;
    const token = pk.replace(/^(APPLICATION|INVESTIGATION)#/, "");
    found.push({ token, stage: gapStage, since: isoOf(gapSince), journeyToken });
    const of = pk.startsWith("INVESTIGATION#") ? "an Investigation" : (journeyToken ?? "-");
    terminal.print(`${timeText(gapSince)}  ${token}  ${gapStage}  ${of}`);
  }
  return found;
}
