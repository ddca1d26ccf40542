import { describe, expect, test } from "vitest";

import { countOutcomeChanges } from "../../../lambdas/poller/outcome-changes.ts";
import type { ComparisonSettings } from "../../../lambdas/settings/poller-settings.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { MemoryOutcomeCounts } from "../../../tools/cloud-in-memory/outcome-counts.ts";
import { MINUTE, HOUR } from "../../../tools/cloud-in-memory/clock.ts";

const WEEK = 7 * 24 * HOUR;
const NOW = Date.UTC(2026, 10, 23, 20, 3);

const approved = { outcome: "approved", journey: null } as const;
const halved: ComparisonSettings = {
  rule: "approvals-halved",
  subjects: [approved],
  windowMs: HOUR,
  beforeMs: WEEK,
  atLeast: 10,
};

/** What one run says, by its lines. */
async function run(
  options: {
    readonly outcomes?: Pick<MemoryOutcomeCounts, "total">;
    readonly comparisons?: readonly ComparisonSettings[];
    readonly expectedOutcomes?: Parameters<
      typeof countOutcomeChanges
    >[0]["settings"]["expectedOutcomes"];
  } = {},
) {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const warnings: string[] = [];
  const metrics = makeMetrics({
    stage: "sandbox",
    write: (line) => void lines.push(JSON.parse(line)),
    now: () => NOW,
  });
  const { outcomes = new MemoryOutcomeCounts(), comparisons = [], expectedOutcomes = [] } = options;
  await countOutcomeChanges({
    outcomes,
    settings: { comparisons, expectedOutcomes },
    metrics,
    logger: {
      debug() {},
      info() {},
      warn: (code) => void warnings.push(code),
      error() {},
    },
    now: () => NOW,
  });
  metrics.flush();
  return { lines: lines.map(({ _aws, Stage: _stage, ...line }) => line), warnings };
}

function noted(count: number, at: number, outcomes = new MemoryOutcomeCounts()) {
  for (let index = 0; index < count; index += 1) outcomes.note(approved, at);
  return outcomes;
}

describe("the poller", () => {
  test("says by how many per cent an outcome has changed, under the rule's name", async () => {
    const outcomes = noted(8, NOW - 30 * MINUTE, noted(20, NOW - WEEK - 30 * MINUTE));

    const { lines } = await run({ outcomes, comparisons: [halved] });

    expect(lines).toEqual([{ Rule: "approvals-halved", OutcomeChange: -60 }]);
  });

  test("says the same when the same run comes again", async () => {
    const outcomes = noted(8, NOW - 30 * MINUTE, noted(20, NOW - WEEK - 30 * MINUTE));

    const [first, second] = await Promise.all([
      run({ outcomes, comparisons: [halved] }),
      run({ outcomes, comparisons: [halved] }),
    ]);

    expect(first).toEqual(second);
  });

  test("says zero of too few", async () => {
    const { lines } = await run({ outcomes: noted(9, NOW - 30 * MINUTE), comparisons: [halved] });

    expect(lines).toEqual([{ Rule: "approvals-halved", OutcomeChange: 0 }]);
  });

  test("leaves out what cannot be read, says so, and goes on", async () => {
    const other = { ...halved, rule: "another", subjects: [] };
    const outcomes = {
      total: async (subjects: readonly unknown[]) => {
        if (subjects.length > 0) throw new Error("throttled");
        return 0;
      },
    };

    const { lines, warnings } = await run({ outcomes, comparisons: [halved, other] });

    expect(lines).toEqual([{ Rule: "another", OutcomeChange: 0 }]);
    expect(warnings).toEqual(["poller.outcomes.unreadable"]);
  });

  test("puts a zero for what a band expects, so that its absence has a value", async () => {
    const { lines } = await run({
      expectedOutcomes: [
        { outcome: "submitted", journey: null },
        { outcome: "submitted", journey: "J-1" },
      ],
    });

    expect(lines).toEqual([
      { Outcome: "submitted", ApplicationsByOutcome: 0 },
      { Journey: "J-1", Outcome: "submitted", ApplicationsByOutcome: 0 },
    ]);
  });

  test("says nothing where no rule asks for it", async () => {
    expect(await run()).toEqual({ lines: [], warnings: [] });
  });
});
