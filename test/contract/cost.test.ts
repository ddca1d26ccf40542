import { describe, expect, test } from "vitest";

import { readOptions } from "../../tools/cost/options.ts";
import { asJson, billFor, BUDGET } from "../../tools/cost/report.ts";
import { countForPage } from "../../tools/generate/cost-page.ts";
import { STAGES } from "../../lib/stages.ts";

// Everything is counted anew: seconds on a quiet machine, and nothing that a slow one should fail for.
const counts = await countForPage();

const MILLION = { webhooks: 1_000_000, applications: 100_000, batch: 10 };

describe("npm run cost", () => {
  test("computes a million webhooks within the budget, by lines that add up", () => {
    const bill = billFor(MILLION, counts.production);

    const { traffic, standing, totals } = bill;
    const sum = [...traffic, ...standing].reduce((total, { usd }) => total + usd, 0);
    expect(sum).toBeCloseTo(totals.month, 9);
    expect(traffic.reduce((total, { usd }) => total + usd, 0)).toBeCloseTo(totals.perMillion, 9);
    expect(totals.perMillion).toBeLessThanOrEqual(BUDGET);
    expect(JSON.parse(asJson(bill, "production")).totals).toEqual(totals);
  });

  test("costs two write units less for each event of a route that is not published", () => {
    const [quiet, loud] = [counts.production.consumer, counts.published.consumer];

    expect(loud.publishedPerEvent - quiet.publishedPerEvent).toBeGreaterThan(0.5);
    expect(loud.firstWrites - quiet.firstWrites).toBe(2);
    expect(quiet.readsPerEvent).toBe(0);
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
    [["--wombat"], "Unknown option '--wombat'"],
    [["twice"], "Unexpected argument 'twice'. This command does not take positional arguments"],
  ])("that are wrong are told in a sentence: %s", (args, sentence) => {
    expect(readOptions(args)).toEqual({ kind: "wrong", sentence });
  });

  test("take a tenth of the webhooks for the applications", () => {
    expect(readOptions(["--webhooks", "55", "--json"])).toMatchObject({
      kind: "run",
      workload: { webhooks: 55, applications: 6, batch: 10 },
      json: true,
    });
  });
});
