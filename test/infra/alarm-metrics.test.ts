import { describe, expect, it } from "vitest";
import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import { emissions } from "../../tools/generate/emitters.ts";
import { listOf, objectsIn, synthesise } from "../../tools/template/synthesise.ts";
import {
  production,
  sandbox,
  VARIANTS,
  withInvestigations,
  withWorkedRules,
} from "../../tools/template/variants.ts";

/** A metric with the dimensions under which CloudWatch keeps it: `DeliveryGaps{GapStage,Stage}`. */
function identity(name: string, dimensions: readonly string[]): string {
  return `${name}{${[...dimensions].toSorted().join()}}`;
}

const EMITTED = new Set(
  emissions().map(({ key, dimensions }) =>
    identity(METRICS[key], [STAGE_DIMENSION, ...dimensions]),
  ),
);

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = synthesise(stage);

  it("every metric of ours that an alarm watches is emitted, under the dimensions that it watches", () => {
    const watched = stack
      .ofType("AWS::CloudWatch::Alarm")
      .flatMap(({ Properties }) => objectsIn(Properties))
      .filter(({ Namespace }) => Namespace === METRIC_NAMESPACE)
      .map((metric) =>
        identity(
          String(metric["MetricName"]),
          listOf(metric["Dimensions"]).flatMap((one) =>
            objectsIn(one).map(({ Name }) => String(Name)),
          ),
        ),
      );

    expect(watched.length).toBeGreaterThan(0);
    expect(watched.filter((metric) => !EMITTED.has(metric))).toEqual([]);
  });
});

it("every metric that is emitted is watched: by an alarm, or by people on the dashboard", () => {
  // A rule's metrics, and those of Investigations, are watched where a stage has them.
  const stages = [sandbox, production, withInvestigations, withWorkedRules];
  const watching = JSON.stringify(
    stages
      .flatMap((stage) => synthesise(stage).resources)
      .filter(({ Type }) =>
        ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"].includes(Type),
      ),
  );
  const names = new Set(emissions().map(({ key }) => METRICS[key]));

  // The name and what encloses it in the dashboard's body, which is JSON in JSON.
  expect([...names].filter((name) => !new RegExp(`"${name}\\\\*"`).test(watching))).toEqual([]);
});

it("every metric that has a name is emitted", () => {
  const emitted = new Set(emissions().map(({ key }) => METRICS[key]));

  expect(Object.values(METRICS).filter((name) => !emitted.has(name))).toEqual([]);
});
