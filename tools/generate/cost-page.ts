import { readFileSync } from "node:fs";

import { EXAMPLE_PRODUCTION, SANDBOX } from "../../lib/config/default-stages.ts";
import { totalOf } from "../cost/bill.ts";
import type { Line } from "../cost/bill.ts";
import { countConsumer } from "../cost/count.ts";
import { PRICES, PRICES_AS_OF } from "../cost/prices.ts";
import { billFor, BUDGET, count, usd } from "../cost/report.ts";
import type { Bill } from "../cost/report.ts";

/** Webhooks a month, of a small, a middling and a large onboarding; each about a tenth as many applications. */
const VOLUMES = [100_000, 1_000_000, 10_000_000] as const;
const FULL_BATCH = 10;

/** What docs/cost.md compares. */
export type CostCounts = Readonly<Awaited<ReturnType<typeof countForPage>>>;

/** It takes seconds, because everything is counted anew. */
export async function countForPage() {
  const stage = EXAMPLE_PRODUCTION;
  const { routes } = SANDBOX;
  const production = await count(stage, FULL_BATCH);
  return {
    production,
    /** The same with every route published. */
    published: {
      ...production,
      consumer: await countConsumer({ ...stage, routes }, FULL_BATCH),
    },
    /** The same with every event in a batch of its own. */
    alone: { ...production, consumer: await countConsumer(stage, 1) },
  };
}

/** The generated parts of docs/cost.md, by name. */
export function costParts(counts: CostCounts): Readonly<Record<string, string>> {
  const bills = VOLUMES.map((webhooks) =>
    billFor(workload(webhooks, FULL_BATCH), counts.production),
  );
  const million = billFor(workload(1_000_000, FULL_BATCH), counts.production);
  const everything = billFor(workload(1_000_000, FULL_BATCH), counts.published);
  const alone = billFor(workload(1_000_000, 1), counts.alone);

  return {
    volumes: volumes(bills),
    choices: markdown(
      ["A million webhooks", "USD"],
      [
        ["`production` as it is, in batches of ten", usd(million.totals.perMillion)],
        ["with `progressed` published too, as in `sandbox`", usd(everything.totals.perMillion)],
        ["when every webhook comes alone, a batch of one", usd(alone.totals.perMillion)],
        ["the naive composition, without a poller", usd(naivePerMillion(everything))],
      ],
    ),
  };
}

function workload(webhooks: number, batch: number) {
  return { webhooks, applications: webhooks / 10, batch };
}

function volumes(bills: readonly Bill[]): string {
  const amounts = (of: (bill: Bill) => number) => bills.map((bill) => usd(of(bill)));
  const named = (what: string) => (bill: Bill) =>
    totalOf(bill.traffic.filter((line) => line.what === what));
  const rows = (bills[0]?.traffic ?? []).map(({ what }) => [what, ...amounts(named(what))]);
  return markdown(
    [
      `USD a month, prices of ${PRICES_AS_OF}`,
      ...bills.map(({ workload: { webhooks } }) => `${webhooks.toLocaleString("en-US")} webhooks`),
    ],
    [
      ...rows,
      ["**Traffic**", ...amounts(({ totals }) => totals.traffic)],
      ["Standing: alarms, metrics, dashboard, …", ...amounts(({ totals }) => totals.standing)],
      ["**Month**", ...amounts(({ totals }) => totals.month)],
      ["Kept events, for every month", ...amounts(({ totals }) => totals.kept)],
      [
        `Traffic per million (at most ${usd(BUDGET)})`,
        ...amounts(({ totals }) => totals.perMillion),
      ],
    ],
  );
}

/** What the bench counted of the composition that tutorials teach; it publishes everything, one by one. */
function naivePerMillion({ traffic, workload: { webhooks } }: Bill): number {
  const file = new URL("../../docs/bench/consumer.json", import.meta.url);
  const bench: {
    figures: { naive: { mean: { items: number; indexes: number; reads: number } } };
  } = JSON.parse(readFileSync(file, "utf8"));
  const { items, indexes, reads } = bench.figures.naive.mean;
  const isDynamo = ({ what }: Line) => what.startsWith("DynamoDB");
  const perEvent = (items + indexes) * PRICES.dynamoWriteUnit + reads * PRICES.dynamoReadUnit;
  return totalOf(traffic.filter((line) => !isDynamo(line))) + webhooks * perEvent;
}

function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|---|${"---:|".repeat(columns.length - 1)}`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}
