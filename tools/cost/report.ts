import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { tableOf } from "../bench/bench.ts";
import { synthesise } from "../template/synthesise.ts";
import { arrivalOf, batchesOf } from "./arrival.ts";
import type { Arrival } from "./arrival.ts";
import { busyLines, keptLines, standingLines, totalOf, trafficLines } from "./bill.ts";
import type { Counted, Line, Standing, Workload } from "./bill.ts";
import { countBatchLog, countIngest, countMetricsRead, countSavedTogether } from "./count.ts";
import { countIdle, countLives } from "./count-lives.ts";
import { accessLogBytes, countTemplate, usualAccessLogFields } from "./count-template.ts";
import type { AccessLogField } from "./count-template.ts";
import { countAgain } from "./second-count.ts";
import { PRICES_AS_OF } from "./prices.ts";

/**
 * USD per million webhooks of what grows with the traffic, at both ends: what CI holds it to, and what is hoped for.
 * `tens`: each batch has ten. `asTheyCome`: a million a month, over a bank's day, mostly one by one.
 */
export const BUDGETS = {
  tens: { most: 4.2, goal: 3.9 },
  asTheyCome: { most: 5.4, goal: 5 },
} as const;

/** USD a month that a stage may cost at no traffic, by its footprint. */
export const STANDING = { full: 19, lean: 8 } as const;

/** What was counted of a stage, once for every workload. */
export interface Counts extends Counted {
  readonly stage: StageConfiguration;
  readonly accessLog: readonly AccessLogField[];
}

export async function count(stage: StageConfiguration): Promise<Counts> {
  const template = synthesise(stage);
  const accessLog = usualAccessLogFields(template);
  return {
    stage,
    accessLog,
    ingest: await countIngest(stage, accessLogBytes(accessLog)),
    batchLog: await countBatchLog(stage),
    savedTogether: await countSavedTogether(stage),
    lives: await countLives(stage),
    metricsReadPerRun: await countMetricsRead(stage),
    template: countTemplate(template),
  };
}

export async function countStanding(stage: StageConfiguration): Promise<Standing> {
  return {
    lives: await countIdle(stage),
    metricsReadPerRun: await countMetricsRead(stage),
    template: countTemplate(synthesise(stage)),
  };
}

/** A month's bill. Amounts in USD. */
export type Bill = ReturnType<typeof billFor>;

export function billFor(workload: Workload, counts: Counts) {
  const traffic = trafficLines(workload, counts);
  const standing = standingLines(counts);
  const busy = busyLines(counts);
  const kept = keptLines(workload, counts);
  return {
    workload,
    traffic,
    standing,
    busy,
    kept,
    totals: {
      traffic: totalOf(traffic),
      standing: totalOf(standing),
      busy: totalOf(busy),
      kept: totalOf(kept),
      /** What is kept comes on top, for every month that it has been kept. */
      month: totalOf(traffic) + totalOf(standing) + totalOf(busy),
      perMillion: perMillion(workload, counts),
    },
  };
}

function perMillion(workload: Workload, counts: Counts): number {
  return (totalOf(trafficLines(workload, counts)) / workload.webhooks) * 1e6;
}

/** One end of the price of a million webhooks, in USD. */
export interface End {
  readonly what: string;
  readonly perMillion: number;
  readonly most: number;
  readonly goal: number;
}

/** The price of a million webhooks when they come in tens, and when they come as Alloy sends them. */
export function endsOf(
  counts: Counts,
  windowSeconds = counts.stage.batchWindowSeconds ?? 0,
): readonly End[] {
  const million = { webhooks: 1_000_000, applications: 100_000 };
  const at = (arrival: Arrival) => perMillion({ ...million, arrival }, counts);
  const day = arrivalOf("day", million.webhooks, windowSeconds);
  return [
    { what: "in tens", perMillion: at(arrivalOf("tens", million.webhooks, 0)), ...BUDGETS.tens },
    { what: "as they come", perMillion: at(day), ...BUDGETS.asTheyCome },
  ];
}

/** A second count may differ by this share: by the bytes of ids and times. */
export const MOST_DIFFERENCE = 0.01;

/** Counts again what webhooks cost that come one by one. */
export async function checkedBySecondCount(counts: Counts) {
  const { stage, ingest } = counts;
  const { usd: second, ...lived } = await countAgain(stage, ingest.accessLogBytes);
  const first = billFor({ ...lived, arrival: batchesOf(1) }, counts).totals.traffic;
  const difference = second / first - 1;
  const [one, other] = [first, second].map((total) => usd((total / lived.webhooks) * 1e6));
  const sentence = `A second count, by meters in front of AWS: ${other} USD a million one by one, the first ${one}; they differ by ${(100 * difference).toFixed(2)} % (at most 1).`;
  return { difference, sentence };
}

export function asText(
  { workload, traffic, standing, busy, kept, totals }: Bill,
  ends: readonly End[],
  stage: string,
): string {
  const { webhooks, applications, arrival } = workload;
  const { shape, meanBatch, waitMs } = arrival;
  return [
    `A month of ${webhooks} webhooks about ${applications} applications, stage ${stage}, us-east-1, prices of ${PRICES_AS_OF}, no free tier`,
    `Arrival: ${shape}; ${meanBatch.toFixed(2)} events in a batch; they wait ${waitMs.half} ms for it, 99 % at most ${waitMs.most} ms\n`,
    tableOfLines("What grows with the traffic", traffic),
    tableOfLines("What a stage costs at no traffic", standing),
    tableOfLines("What it costs besides with traffic in each hour", busy),
    tableOfLines("What is kept, for every month that it is", kept),
    `Month: ${usd(totals.month)} USD, and ${usd(totals.kept)} USD for each month's events that are kept.`,
    `A million webhooks at this arrival: ${usd(totals.perMillion)} USD.`,
    ...ends.map(
      ({ what, perMillion: price, most, goal }) =>
        `A million webhooks ${what}: ${usd(price)} USD (at most ${usd(most)}; the goal is ${usd(goal)}).`,
    ),
  ].join("\n");
}

export function asJson(bill: Bill, ends: readonly End[], stage: string): string {
  return JSON.stringify({ pricesAsOf: PRICES_AS_OF, stage, ...bill, ends }, null, 2);
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
