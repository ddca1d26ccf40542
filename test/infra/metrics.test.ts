import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { emittedMetrics, metricFacts } from "../../tools/generate/emitted-metrics.ts";
import { dimensionsTable, documentedMetrics } from "../../tools/generate/metrics-table.ts";

const codeOf = (name: string) =>
  globSync(`lambdas/${name}/*.ts`)
    .map((file) => readFileSync(file, "utf8"))
    .join();

describe("docs/metrics.md", () => {
  it("has every metric, with what it means", () => {
    const documented = documentedMetrics();

    expect(documented.map(({ name }) => name)).toEqual(Object.values(METRICS));
    for (const { means } of documented) expect(means.length).toBeGreaterThan(10);
  });

  // That no other function emits it, in another unit or under another dimension, is a matter of types.
  it.each(metricFacts())(
    "$name is emitted by each function that it is said to be of",
    ({ key, of }) => {
      expect(of.length).toBeGreaterThan(0);
      expect(of.filter((name) => new RegExp(`METRICS.${key}\\b`).test(codeOf(name)))).toEqual(of);
    },
  );

  it("says of every dimension what bounds it; nobody and nothing personal is one", () => {
    const used = new Set(emittedMetrics().flatMap(({ dimensions }) => dimensions));

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

  it("cannot be made when nobody watches a metric and no reason is given", () => {
    const noWatchers = new Map<string, readonly string[]>();

    expect(() => documentedMetrics({ watchers: noWatchers })).toThrow(
      "Nobody watches WebhooksReceived: show it on the dashboard, or say in UNWATCHED of tools/generate/metrics-table.ts why not.",
    );
  });

  it("gives the reason for a metric that nobody watches", () => {
    const unwatched = Object.fromEntries(Object.keys(METRICS).map((key) => [key, "for a person"]));
    const made = documentedMetrics({ watchers: new Map(), unwatched });

    expect(made[0]?.watchers).toEqual(["nobody: for a person"]);
  });
});
