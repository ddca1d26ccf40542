import { readFileSync } from "node:fs";

import { EXAMPLE_PRODUCTION, SANDBOX } from "../../lib/config/default-stages.ts";
import { ARRIVALS, arrivalOf } from "../cost/arrival.ts";
import type { Arrival, ArrivalShape } from "../cost/arrival.ts";
import { standingLines, totalOf } from "../cost/bill.ts";
import type { Line, Standing } from "../cost/bill.ts";
import { countLives } from "../cost/count-lives.ts";
import { PRICES, PRICES_AS_OF } from "../cost/prices.ts";
import { logRows } from "./log-table.ts";
import { billFor, count, countStanding, endsOf, usd } from "../cost/report.ts";
import type { Bill } from "../cost/report.ts";

/** Webhooks a month, of a small, a middling and a large onboarding; each about a tenth as many applications. */
const VOLUMES = [100_000, 1_000_000, 10_000_000] as const;
const MILLION = 1_000_000;

/** Seconds that Lambda may wait for a batch, of which the page shows what each saves. */
const WINDOWS = [0, 1, 5] as const;

/** Windows that a stage may have, of which the page shows what each costs and how long an event waits. */
const SETTINGS = [0, 1, 5, 20, 50] as const;

/** Write units of the ids of an entity, once in the life of an application (test/contract/external-ids.test.ts counts them). */
const ENTITY_WRITES = 4;

/** Of an event in an archive: `events/fixtures/approved.json` has 1,095 without white space. */
const ARCHIVED_BYTES = 1_100;

/** What docs/cost.md compares. */
export type CostCounts = Readonly<Awaited<ReturnType<typeof countForPage>>>;

/** It takes seconds, because everything is counted anew. */
export async function countForPage() {
  const stage = EXAMPLE_PRODUCTION;
  const { routes } = SANDBOX;
  const production = await count(stage);
  return {
    production,
    /** What stands of a sandbox, and of a lean one. */
    sandbox: await countStanding(SANDBOX),
    lean: await countStanding({ ...SANDBOX, footprint: "lean" }),
    /** The same with every route published. */
    published: { ...production, lives: await countLives({ ...stage, routes }) },
  };
}

/** The generated parts of docs/cost.md, by name. */
export function costParts(counts: CostCounts): Readonly<Record<string, string>> {
  const { production, published } = counts;
  const bills = VOLUMES.map((webhooks) =>
    billFor(workload(webhooks, arrivalOf("day", webhooks, 0)), production),
  );
  const both = (of: CostCounts["production"], more = 0) => {
    const [tens, asTheyCome] = endsOf(of);
    return [usd((tens?.perMillion ?? 0) + more), usd((asTheyCome?.perMillion ?? 0) + more)];
  };
  const { applications } = workload(MILLION, arrivalOf("tens", MILLION, 0));
  const archivedGb = (MILLION * production.lives.publishedPerEvent * ARCHIVED_BYTES) / 1e9;
  const archived = archivedGb * (PRICES.archiveGb + PRICES.archiveGbMonth);
  const indexed = applications * ENTITY_WRITES * PRICES.dynamoWriteUnit;
  const inTens = billFor(workload(MILLION, arrivalOf("tens", MILLION, 0)), published);
  const alone = billFor(workload(MILLION, arrivalOf("day", MILLION, 0)), published);
  return {
    volumes: volumes(bills),
    arrival: markdown(
      ["A million webhooks, USD", ...VOLUMES.map((one) => `${grouped(one)} a month`)],
      ARRIVALS.flatMap((shape) =>
        (shape === "tens" ? [0] : WINDOWS).map((window) => [
          nameOf(shape, window),
          ...VOLUMES.map((webhooks) => {
            const arrival = arrivalOf(shape, webhooks, window);
            const { perMillion } = billFor(workload(webhooks, arrival), production).totals;
            return `${usd(perMillion)} (${arrival.meanBatch.toFixed(1)})`;
          }),
        ]),
      ),
    ),
    windows: markdown(
      [
        "`batchWindowSeconds`",
        ...VOLUMES.map((one) => `USD, ${grouped(one)} a month`),
        "an event waits, half",
        "99 %",
      ],
      SETTINGS.map((seconds) => {
        const arrivals = VOLUMES.map(
          (webhooks) => [webhooks, arrivalOf("day", webhooks, seconds)] as const,
        );
        const waits = arrivals[1]?.[1].waitMs ?? { half: 0, most: 0 };
        return [
          String(seconds),
          ...arrivals.map(([webhooks, arrival]) =>
            usd(billFor(workload(webhooks, arrival), production).totals.perMillion),
          ),
          `${(waits.half / 1_000).toFixed(1)} s`,
          `${(waits.most / 1_000).toFixed(1)} s`,
        ];
      }),
    ),
    rest: markdown(
      ["USD a month at no traffic", "`full`", "`lean`"],
      [
        ...standingRows(counts.sandbox, counts.lean),
        [
          "**Month**",
          usd(totalOf(standingLines(counts.sandbox))),
          usd(totalOf(standingLines(counts.lean))),
        ],
      ],
    ),
    logs: markdown(
      ["Of one webhook", "Bytes", "USD a million", "Who reads it"],
      logRows(production),
    ),
    choices: markdown(
      ["A million webhooks, USD", "in tens", "as they come"],
      [
        ["`production` as it is", ...both(production)],
        ["with `progressed` published too, as in `sandbox`", ...both(published)],
        ['with `entityIndex: "on"`, one entity per application', ...both(production, indexed)],
        ["with an `archive`, and what it keeps for a month", ...both(production, archived)],
        [
          "the naive composition, without a poller",
          usd(naivePerMillion(inTens)),
          usd(naivePerMillion(alone)),
        ],
      ],
    ),
  };
}

function standingRows(...counted: readonly [Standing, Standing]): readonly (readonly string[])[] {
  const [full, lean] = counted.map((one) => standingLines(one));
  const amounts = (full ?? []).map(({ what, usd: amount }) => {
    const other = lean?.find((line) => line.what === what)?.usd ?? 0;
    return { what, amount, other };
  });
  return amounts
    .filter(({ amount }) => amount >= 0.05)
    .map(({ what, amount, other }) => [what, usd(amount), usd(other)]);
}

function nameOf(shape: ArrivalShape, window: number): string {
  const names: Readonly<Record<ArrivalShape, string>> = {
    tens: "in tens, from a backlog",
    steady: "at one rate all day",
    day: "over a bank's day",
    burst: "a day's applications in one hour",
  };
  return window === 0 ? names[shape] : `… with a window of ${window} s`;
}

function workload(webhooks: number, arrival: Arrival) {
  return { webhooks, applications: webhooks / 10, arrival };
}

function volumes(bills: readonly Bill[]): string {
  const amounts = (of: (bill: Bill) => number) => bills.map((bill) => usd(of(bill)));
  const named = (what: string) => (bill: Bill) =>
    totalOf(bill.traffic.filter((line) => line.what === what));
  const rows = (bills[0]?.traffic ?? []).map(({ what }) => [what, ...amounts(named(what))]);
  return markdown(
    [
      `USD a month, prices of ${PRICES_AS_OF}`,
      ...bills.map(({ workload: { webhooks } }) => `${grouped(webhooks)} webhooks`),
    ],
    [
      ...rows,
      ["**Traffic**", ...amounts(({ totals }) => totals.traffic)],
      ["Standing: alarms, metrics, dashboard, …", ...amounts(({ totals }) => totals.standing)],
      ["Metrics that only traffic writes", ...amounts(({ totals }) => totals.busy)],
      ["**Month**", ...amounts(({ totals }) => totals.month)],
      ["Kept events, for every month", ...amounts(({ totals }) => totals.kept)],
      ["Traffic per million", ...amounts(({ totals }) => totals.perMillion)],
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

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|---|${"---:|".repeat(columns.length - 1)}`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}
