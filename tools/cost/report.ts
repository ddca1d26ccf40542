import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { tableOf } from "../bench/bench.ts";
import { keptLines, standingLines, totalOf, trafficLines } from "./bill.ts";
import type { Line, Workload } from "./bill.ts";
import { countConsumer, countIngest } from "./count.ts";
import { countPoller } from "./count-poller.ts";
import { countAccessLog, countTemplate } from "./count-template.ts";
import { PRICES_AS_OF } from "./prices.ts";

/** USD per million webhooks of what grows with the traffic: what CI holds it to, and what is hoped for. */
export const BUDGET = 5;
export const GOAL = 4;

/** What was counted of a stage, once for every workload. */
export type Counts = Readonly<Awaited<ReturnType<typeof count>>>;

/** @param batch - events in a batch of the consumer. */
export async function count(stage: StageConfiguration, batch: number) {
  return {
    stage,
    ingest: await countIngest(countAccessLog(stage)),
    consumer: await countConsumer(stage, batch),
    poller: await countPoller(stage),
    template: countTemplate(stage),
  };
}

/** A month's bill. Amounts in USD. */
export type Bill = ReturnType<typeof billFor>;

export function billFor(workload: Workload, counts: Counts) {
  const { ingest, consumer, poller, template } = counts;
  const traffic = trafficLines(workload, ingest, consumer, poller);
  const standing = standingLines(template, poller);
  const kept = keptLines(workload, consumer);
  return {
    workload,
    traffic,
    standing,
    kept,
    totals: {
      traffic: totalOf(traffic),
      standing: totalOf(standing),
      kept: totalOf(kept),
      /** What is kept comes on top, for every month that it has been kept. */
      month: totalOf(traffic) + totalOf(standing),
      /** What the budget is about. */
      perMillion: (totalOf(traffic) / workload.webhooks) * 1e6,
    },
  };
}

export function asText({ workload, traffic, standing, kept, totals }: Bill, stage: string): string {
  const { webhooks, applications } = workload;
  return [
    `A month of ${webhooks} webhooks about ${applications} applications, stage ${stage}, us-east-1, prices of ${PRICES_AS_OF}, no free tier\n`,
    tableOfLines("What grows with the traffic", traffic),
    tableOfLines("What a stage costs at no traffic", standing),
    tableOfLines("What is kept, for every month that it is", kept),
    `Month: ${usd(totals.month)} USD, and ${usd(totals.kept)} USD for each month's events that are kept.`,
    `A million webhooks: ${usd(totals.perMillion)} USD (at most ${usd(BUDGET)}; the goal is ${usd(GOAL)}).`,
  ].join("\n");
}

export function asJson(bill: Bill, stage: string): string {
  return JSON.stringify(
    { pricesAsOf: PRICES_AS_OF, stage, ...bill, budget: BUDGET, goal: GOAL },
    null,
    2,
  );
}

function tableOfLines(title: string, lines: readonly Line[]): string {
  const rows = lines.map(({ what, quantity, unit, usd: price, from }) => [
    what,
    `${rounded(quantity)} ${unit}`,
    usd(price),
    from,
  ]);
  return `${tableOf({ columns: [title, "quantity", "USD", "from"], rows: [...rows, ["total", "", usd(totalOf(lines)), ""]] })}\n`;
}

export function usd(amount: number): string {
  return amount.toFixed(2);
}

function rounded(quantity: number): string {
  return String(quantity >= 100 ? Math.round(quantity) : Math.round(quantity * 100) / 100);
}
