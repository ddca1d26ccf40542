/**
 * `npm run cost -- --webhooks 1000000 --applications 100000`: the monthly bill of a workload, from what
 * the real handlers are counted to do, times a dated price list. Ends with 1 above the budget.
 */
import { parseArgs } from "node:util";

import { stageFrom } from "../../lib/stages.ts";
import { tableOf } from "../bench/bench.ts";
import { standingLines, totalOf, trafficLines } from "./bill.ts";
import type { Line } from "./bill.ts";
import { countConsumer, countIngest } from "./count.ts";
import { countPoller } from "./count-poller.ts";
import { countTemplate } from "./count-template.ts";
import { PRICES_AS_OF } from "./prices.ts";

/** USD per million webhooks of what grows with the traffic (product.md's figure and its goal). */
const BUDGET = 5;
const GOAL = 4;

const { values } = parseArgs({
  options: {
    webhooks: { type: "string", default: "1000000" },
    applications: { type: "string", default: "100000" },
    stage: { type: "string", default: "production" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`Usage: npm run cost -- [options]

  --webhooks <n>       webhooks a month (default: 1000000)
  --applications <n>   Journey Applications that they are about (default: 100000)
  --stage <name>       whose routes, alarms and rates (default: production)
  --json               the same figures as JSON
`);
  process.exit(0);
}

const webhooks = positive("--webhooks", values.webhooks);
const applications = positive("--applications", values.applications);
if (applications > webhooks) {
  fail(
    `--applications is ${applications}, more than the ${webhooks} webhooks: each has at least one.`,
  );
}

const stage = stageFrom({ stage: values.stage });
const traffic = trafficLines(
  { webhooks, applications },
  await countIngest(),
  await countConsumer(stage),
  await countPoller(stage),
);
const standing = standingLines(countTemplate(stage));
const perMillion = (totalOf(traffic) / webhooks) * 1e6;
const total = totalOf(traffic) + totalOf(standing);

if (values.json) {
  console.log(
    JSON.stringify(
      {
        pricesAsOf: PRICES_AS_OF,
        stage: values.stage,
        workload: { webhooks, applications },
        traffic,
        standing,
        totals: {
          traffic: totalOf(traffic),
          standing: totalOf(standing),
          month: total,
          perMillion,
        },
        budget: BUDGET,
        goal: GOAL,
      },
      null,
      2,
    ),
  );
} else {
  console.log(
    `A month of ${webhooks} webhooks about ${applications} applications, stage ${values.stage}, us-east-1, prices of ${PRICES_AS_OF}, no free tier\n`,
  );
  console.log(table("What grows with the traffic", traffic));
  console.log(table("What a stage costs at no traffic", standing));
  console.log(`Month: ${usd(total)} USD.`);
  console.log(
    `A million webhooks: ${usd(perMillion)} USD (at most ${usd(BUDGET)}; the goal is ${usd(GOAL)}).`,
  );
}
if (perMillion > BUDGET) {
  console.error(
    `Above the budget: ${usd(perMillion)} USD a million webhooks, wanted at most ${usd(BUDGET)}.`,
  );
  process.exitCode = 1;
}

function table(title: string, lines: readonly Line[]): string {
  const rows = lines.map(({ what, quantity, unit, usd: price, from }) => [
    what,
    `${rounded(quantity)} ${unit}`,
    usd(price),
    from,
  ]);
  return `${tableOf({ columns: [title, "quantity", "USD", "from"], rows: [...rows, ["total", "", usd(totalOf(lines)), ""]] })}\n`;
}

function usd(amount: number): string {
  return amount.toFixed(2);
}

function rounded(quantity: number): string {
  return String(quantity >= 100 ? Math.round(quantity) : Math.round(quantity * 100) / 100);
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  return fail(`${option} is "${text}"; it must be a whole number above 0.`);
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
