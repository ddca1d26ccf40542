import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { judgeRights, refuseMethods } from "../faults/iam.ts";
import { runSeed } from "./run-seed.ts";

let denied: Awaited<ReturnType<typeof judgeRights>>;

beforeAll(async () => {
  denied = await judgeRights();
});

afterAll(() => refuseMethods(new Map()));

describe("a world under the policies of the template", () => {
  test("keeps its promises: IAM refuses nothing to the functions", async () => {
    const { violations } = await runSeed(1);

    expect([...denied]).toEqual([]);
    expect(violations).toEqual([]);
  });

  test("breaks them when the consumer may not read the events beside a healed one", async () => {
    refuseMethods(new Map([["consumer.store.reportsNear", "no statement allows it"]]));

    expect(await brokenAmong(40)).toBe(true);
  });

  test("breaks them when the poller may not queue what is missing", async () => {
    refuseMethods(new Map([["poller.queue.send", "no statement allows it"]]));

    expect(await brokenAmong(40)).toBe(true);
  });
});

async function brokenAmong(seeds: number): Promise<boolean> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await runSeed(seed);
    if (violations.length > 0) return true;
  }
  return false;
}
