import { describe, expect, test } from "vitest";

import { readOptions } from "../../tools/cost/options.ts";
import { arrivalOf, fromBacklog } from "../../tools/cost/arrival.ts";
import {
  asJson,
  billFor,
  checkedBySecondCount,
  endsOf,
  STANDING,
  MOST_DIFFERENCE,
} from "../../tools/cost/report.ts";
import { standingLines, totalOf } from "../../tools/cost/bill.ts";
import type { Standing } from "../../tools/cost/bill.ts";
import { countForPage } from "../../tools/generate/cost-page.ts";
import { STAGES } from "../../lib/stages.ts";

// Everything is counted anew: seconds on a quiet machine, and nothing that a slow one should fail for.
const counts = await countForPage();

const MILLION = { webhooks: 1_000_000, applications: 100_000 };
const inTens = { ...MILLION, arrival: arrivalOf("tens", MILLION.webhooks, 0) };

describe("npm run cost", () => {
  test("computes a million webhooks within the budget of both ends, by lines that add up", () => {
    const bill = billFor(inTens, counts.production);
    const ends = endsOf(counts.production);

    const { traffic, standing, busy, totals } = bill;
    const sum = [...traffic, ...standing, ...busy].reduce((total, { usd }) => total + usd, 0);
    expect(sum).toBeCloseTo(totals.month, 9);
    expect(traffic.reduce((total, { usd }) => total + usd, 0)).toBeCloseTo(totals.perMillion, 9);
    expect(ends.map(({ what }) => what)).toEqual(["in tens", "as they come"]);
    for (const { perMillion, most } of ends) expect(perMillion).toBeLessThanOrEqual(most);
    expect(JSON.parse(asJson(bill, ends, "production"))).toMatchObject({ totals, ends });
  });

  test("agrees with a second which meters each client of AWS, within 1 %", async () => {
    const { difference } = await checkedBySecondCount(counts.production);

    expect(Math.abs(difference)).toBeLessThanOrEqual(MOST_DIFFERENCE);
  });

  test("costs a write unit less for each event of a route that is not published: its idempotency record", () => {
    const [quiet, loud] = [counts.production.lives, counts.published.lives];

    expect(loud.publishedPerEvent - quiet.publishedPerEvent).toBeGreaterThan(0.5);
    expect(loud.firstWrites - quiet.firstWrites).toBe(1);
    expect(quiet.readsPerEvent).toBe(0);
  });

  test("polls an application that ends within a day for less than seven write units, reviews and errors included", () => {
    const { checkWrites, checkReads } = counts.production.lives;

    expect(checkWrites).toBeLessThan(7);
    expect(checkReads).toBeLessThan(4);
  });

  test("prices the metrics that are written at no traffic, and the others only with traffic", () => {
    const { standing, busy } = billFor(inTens, counts.production);

    const metrics = standing.find(({ what }) => what === "Custom metrics");
    // That the poller ran, in every hour, and what the statement writes in one hour of a day.
    expect(metrics?.quantity).toBeCloseTo(1 + 2 / 24, 9);
    expect(busy.map(({ quantity }) => quantity)).toEqual([expect.any(Number)]);
    expect(standing.find(({ what }) => what === "Keys")?.quantity).toBe(2);
  });
});

test("at no traffic a stage costs no more than what its footprint may", () => {
  const standingOf = (of: Standing) => totalOf(standingLines(of));

  expect(standingOf(counts.production)).toBeLessThanOrEqual(STANDING.full);
  expect(standingOf(counts.sandbox)).toBeLessThanOrEqual(STANDING.full);
  expect(standingOf(counts.lean)).toBeLessThanOrEqual(STANDING.lean);
});

describe("an arrival", () => {
  test("as Alloy's brings one event in a batch up to ten million webhooks a month", () => {
    for (const shape of ["steady", "day"] as const) {
      for (const webhooks of [100_000, 1_000_000, 10_000_000]) {
        expect(arrivalOf(shape, webhooks, 0).meanBatch).toBeLessThan(1.005);
      }
    }
  });

  test("from a backlog brings events of one application together, the more so the fewer servers hold the queue", () => {
    const shares = [1, 3, 10].map((servers) => fromBacklog(1_000_000, servers).sharedPerWebhook);

    expect(shares).toEqual(shares.toSorted((one, other) => other - one));
    expect(shares[0]).toBeGreaterThan(0.5);
    expect(arrivalOf("tens", 1_000_000, 0).sharedPerWebhook).toBe(shares[2]);
    expect(arrivalOf("day", 1_000_000, 0).sharedPerWebhook).toBeLessThan(0.001);
  });

  test("in which events of one application share a batch costs a write unit less for each that does", () => {
    expect(counts.production.savedTogether).toBe(1);
  });

  test("that is faster than all executions of the consumer fills the batches, and the events wait", () => {
    const { meanBatch, waitMs } = arrivalOf("burst", 100_000_000, 0);

    expect(meanBatch).toBeGreaterThan(9);
    expect(waitMs.most).toBeGreaterThan(1_000);
  });

  test("with a window has fuller batches, which nobody waits for longer than the window", () => {
    const [none, five] = [arrivalOf("day", 10_000_000, 0), arrivalOf("day", 10_000_000, 5)];

    expect(five.meanBatch).toBeGreaterThan(4 * none.meanBatch);
    expect(five.waitMs.most).toBeLessThanOrEqual(5_000);
    // Each message is received by itself, and each window ends with a receive that brings nothing.
    expect(five.receivesPerWebhook).toBeGreaterThan(1);
  });
});

describe("the options of npm run cost", () => {
  test.each([
    [["--webhooks", "many"], '--webhooks is "many"; it must be a whole number above 0.'],
    [["--webhooks", "1.5"], '--webhooks is "1.5"; it must be a whole number above 0.'],
    [["--applications", "0"], '--applications is "0"; it must be a whole number above 0.'],
    [
      ["--webhooks", "5", "--applications", "9"],
      "--applications is 9, more than the 5 webhooks: each has at least one.",
    ],
    [["--batch", "11"], "--batch is 11, but SQS hands over at most 10."],
    [
      ["--stage", "moon"],
      `There is no stage "moon": the stages of lib/stages.ts are ${[...STAGES.map(({ stage }) => stage), "local"].join(", ")}.`,
    ],
    [["--arrival", "later"], '--arrival is "later"; it must be one of tens, steady, day, burst.'],
    [["--window", "301"], '--window is "301"; it must be whole seconds from 0 to 300.'],
    [["--wombat"], "Unknown option '--wombat'"],
    [["twice"], "Unexpected argument 'twice'. This command does not take positional arguments"],
  ])("that are wrong are told in a sentence: %s", (args, sentence) => {
    expect(readOptions(args)).toEqual({ kind: "wrong", sentence });
  });

  test("take a tenth of the webhooks for the applications", () => {
    expect(readOptions(["--webhooks", "55", "--json"])).toMatchObject({
      kind: "run",
      workload: { webhooks: 55, applications: 6, arrival: { shape: "day" } },
      json: true,
    });
  });
});
