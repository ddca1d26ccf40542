import * as v from "valibot";

import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { INVESTIGATION_GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { firstIndexEntries } from "./index-entries.ts";
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

/** So many are listed of each, the oldest. Nobody reads more, and a day's outage may leave a million. */
const MOST_LISTED = 10_000;

/** `gaps`: which applications and Investigations are in gap, since when, and where the event stopped; the oldest first. */
export async function gaps(stack: ConnectedStack, terminal: Terminal): Promise<ResultOf<"gaps">> {
  const applications = await printGaps(stack, GAP_PARTITION, terminal);
  const investigations = await printGaps(stack, INVESTIGATION_GAP_PARTITION, terminal);
  const further = { applications: applications.further, investigations: investigations.further };
  const inGap = applications.found.length + further.applications;
  if (inGap === 0) terminal.print("No application is in gap.");
  else
    terminal.print(
      `${inGap} in gap. To see what is missing: npm run ops -- show <application token>`,
    );
  const others = investigations.found.length + further.investigations;
  if (others > 0)
    terminal.print(
      `Investigations in gap: ${others}. To see the steps of one: npm run ops -- show <Investigation token>`,
    );
  return { applications: applications.found, investigations: investigations.found, further };
}

/** @returns the oldest of those in gap, and how many more there are. */
async function printGaps(
  stack: ConnectedStack,
  partition: string,
  terminal: Terminal,
): Promise<{ readonly found: ResultOf<"gaps">["applications"]; readonly further: number }> {
  const found: ResultOf<"gaps">["applications"] = [];
  const key = { gapPk: partition };
  const { entries, further } = await firstIndexEntries(stack, TABLE.gapIndex, key, MOST_LISTED);
  for (const item of entries) {
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
  if (further > 0) terminal.print(`… and ${further} younger ones`);
  return { found, further };
}
