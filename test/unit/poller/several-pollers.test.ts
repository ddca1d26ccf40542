import { describe, expect, test } from "vitest";

import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { playPollers } from "../../support/several-pollers.ts";

const POLLING = { rateMs: MINUTE, callsPerRun: 4_200, requestsPerSecond: 100 };

/** The most calls in any second: of each call, with those in the second that it begins. */
function mostInASecond(calls: readonly { readonly at: number }[]): number {
  const times = calls.map(({ at }) => at).toSorted((one, other) => one - other);
  let [most, from] = [0, 0];
  for (const [index, at] of times.entries()) {
    while ((times[from] ?? at) <= at - 1_000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

function tokensOf(calls: readonly { readonly applicationToken: string }[]): readonly string[] {
  return calls.map(({ applicationToken }) => applicationToken);
}

describe("five pollers", () => {
  test("check what is due at the same time, each application once, and use the stage's rate in a second, but no more", async () => {
    const { calls, tokens, left } = await playPollers(1_000, { ...POLLING, pollers: 5 });

    expect(tokensOf(calls).toSorted()).toEqual(tokens);
    expect(left).toBe(0);
    expect(mostInASecond(calls)).toBeLessThanOrEqual(100);
    expect(mostInASecond(calls)).toBeGreaterThan(90);
  });

  test("make together no more calls in a run than the stage's", async () => {
    const { calls, left } = await playPollers(1_000, { ...POLLING, callsPerRun: 500, pollers: 5 });

    expect(calls).toHaveLength(500);
    expect(left).toBe(500);
  });

  test("round their shares of a rate down, so that the sum stays within it", async () => {
    const { calls } = await playPollers(600, { ...POLLING, requestsPerSecond: 19, pollers: 5 });

    expect(mostInASecond(calls)).toBeLessThanOrEqual(19);
  });

  test("leave nothing to one that does not run: the others check its part when they have time", async () => {
    const polling = { ...POLLING, pollers: 5 };
    const { calls, tokens } = await playPollers(200, polling, { run: [0, 1, 3, 4] });

    expect(tokensOf(calls).toSorted()).toEqual(tokens);
  });

  test("are all done by one that a person invokes, without a number", async () => {
    const { calls, tokens } = await playPollers(60, { ...POLLING, pollers: 5 }, { run: [null] });

    expect(tokensOf(calls).toSorted()).toEqual(tokens);
  });

  test("count once what is one for the stage", async () => {
    const polling = { ...POLLING, pollers: 5 };
    const { counted } = await playPollers(50, polling, {
      applications: (right) =>
        withMethods(right, { openGaps: async () => ({ oldest: [], further: 3 }) }),
    });

    expect(counted.filter((name) => name === "DeliveryGaps")).toHaveLength(1);
    expect(counted.filter((name) => name === "PollerRuns")).toHaveLength(5);
  });

  test("report how many are behind in all of their parts, not in one", async () => {
    const polling = { ...POLLING, callsPerRun: 50, pollers: 5 };
    const { behind } = await playPollers(1_000, polling, { overdueMs: 3 * MINUTE });

    // While the first one counts, the others may still have checked some.
    expect(Math.max(...behind)).toBeGreaterThanOrEqual(950);
  });
});

test("one poller checks as it always did: five at a time, with a second's worth of calls at once", async () => {
  const { calls, atOnce } = await playPollers(100, { ...POLLING, requestsPerSecond: 5 });

  expect(calls.filter(({ at }) => at === calls[0]?.at)).toHaveLength(1);
  expect(atOnce).toBe(5);
});
