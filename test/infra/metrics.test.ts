import { describe, expect, it } from "vitest";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { emissions, emissionsIn } from "../../tools/generate/emitters.ts";
import { dimensionsTable, documentedMetrics } from "../../tools/generate/metrics-table.ts";

describe("docs/metrics.md", () => {
  it("has every metric, each with one unit, what emits it and what it means", () => {
    const documented = documentedMetrics();

    expect(documented.map(({ name }) => name)).toEqual(Object.values(METRICS));
    for (const { units, emitters, meaning } of documented) {
      expect(units).toHaveLength(1);
      expect(emitters.length).toBeGreaterThan(0);
      expect(meaning.length).toBeGreaterThan(10);
    }
  });

  it("says of every dimension what bounds it; nobody and nothing personal is one", () => {
    const used = new Set(emissions().flatMap(({ dimensions }) => dimensions));

    expect([...used].toSorted()).toEqual([
      "Attempt",
      "Cause",
      "GapStage",
      "Journey",
      "Outcome",
      "Rule",
    ]);
    for (const dimension of used) expect(dimensionsTable()).toContain(`| \`${dimension}\` |`);
  });

  it("cannot be made when a metric has lost its emitter", () => {
    const without = emissions().filter(({ key }) => key !== "pollerRuns");

    expect(() => documentedMetrics(without)).toThrow(
      "Nothing emits PollerRuns: remove it from METRICS, or emit it.",
    );
  });

  it("cannot be made when another function emits it than the one that it is said to be of", () => {
    const moved = emissions().map((one) =>
      one.key === "pollerRuns" ? { ...one, emitter: "consumer" as const } : one,
    );

    expect(() => documentedMetrics(moved)).toThrow(
      `METRICS.pollerRuns is said to be of "Poller", but consumer emits it: begin its comment with the function's name.`,
    );
  });

  it("cannot be made when nobody watches a metric and no reason is given", () => {
    const noWatchers = new Map<string, readonly string[]>();

    expect(() => documentedMetrics(emissions(), { watchers: noWatchers })).toThrow(
      "Nobody watches WebhooksReceived: show it on the dashboard, or say in UNWATCHED of tools/generate/metrics-table.ts why not.",
    );
  });

  it("gives the reason for a metric that nobody watches", () => {
    const reasons = Object.fromEntries(Object.keys(METRICS).map((key) => [key, "for a person"]));
    const made = documentedMetrics(emissions(), { watchers: new Map(), unwatched: reasons });

    expect(made[0]?.watchers).toEqual(["nobody: for a person"]);
  });
});

describe("the reader of what is emitted", () => {
  it("finds counts and times with their dimensions, and lists that are gone through", () => {
    const code = `
      const ALWAYS = [METRICS.alloyCalls, METRICS.pollerRuns] as const;
      for (const name of ALWAYS) metrics.count(name, 0);
      metrics.count(METRICS.deliveryGaps, sum(1, 2), { [GAP_STAGE_DIMENSION]: gap.stage });
      deps.metrics.milliseconds(METRICS.gapDuration, now() - since);
    `;

    expect(emissionsIn(code, "a.ts")).toEqual([
      { key: "alloyCalls", unit: "Count", dimensions: [] },
      { key: "pollerRuns", unit: "Count", dimensions: [] },
      { key: "deliveryGaps", unit: "Count", dimensions: ["GapStage"] },
      { key: "gapDuration", unit: "Milliseconds", dimensions: [] },
    ]);
  });

  it.each([
    ["metrics.count(name);", "a.ts emits metrics.count(name);: give it a name of METRICS"],
    [
      "metrics.count(METRICS.unknown);",
      "a.ts emits METRICS.unknown, which lambdas/settings/metrics.ts",
    ],
    [
      "metrics.count(METRICS.alloyCalls, 1, dimensions);",
      "write its dimensions there, as { [A_DIMENSION]: value }",
    ],
    [
      "metrics.count(METRICS.alloyCalls, 1, { [OTHER]: value });",
      "with the dimension OTHER, which is no constant of lambdas/settings/metrics.ts",
    ],
  ])("refuses in a sentence what it cannot follow: %s", (code, sentence) => {
    expect(() => emissionsIn(code, "a.ts")).toThrow(sentence);
  });
});
