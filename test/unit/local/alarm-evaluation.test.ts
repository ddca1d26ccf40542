import type { MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { describe, expect, it } from "vitest";
import {
  definitionOf,
  rings,
  takeOverAlarms,
} from "../../../tools/local/emulator/alarm-evaluation.ts";
import type { AlarmChange } from "../../../tools/local/emulator/alarm-evaluation.ts";
import { HastyCloudWatch } from "../../support/hasty-cloudwatch.ts";

const NOW = 1_760_000_000_000;

function anAlarm(change: Partial<MetricAlarm> = {}): MetricAlarm {
  return {
    AlarmName: "letters",
    Namespace: "AWS/SQS",
    MetricName: "Visible",
    Dimensions: [{ Name: "QueueName", Value: "dead" }],
    Statistic: "Maximum",
    Period: 60,
    EvaluationPeriods: 1,
    DatapointsToAlarm: 1,
    Threshold: 1,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    TreatMissingData: "notBreaching",
    StateValue: "INSUFFICIENT_DATA",
    ...change,
  };
}

function ringing(change: Partial<MetricAlarm>, values: readonly number[]): boolean {
  const definition = definitionOf(anAlarm(change));
  if (definition === null) throw new Error("The alarm is all there.");
  return rings(definition, values);
}

/** A CloudWatch with one alarm, whose evaluation is taken over. */
async function takenOver(change: Partial<MetricAlarm> = { StateValue: "OK" }) {
  const cloudWatch = new HastyCloudWatch(anAlarm(change));
  const changes: AlarmChange[] = [];
  const clock = { now: NOW };
  const evaluation = await takeOverAlarms(
    { cloudWatch: cloudWatch.client },
    { namePrefix: "", now: () => clock.now, onChange: (change) => changes.push(change) },
  );
  return { cloudWatch, evaluation, changes, clock };
}

describe("an alarm's definition", () => {
  it("wants as many data points as it says, of as many as it says", () => {
    const threeOfFive = { EvaluationPeriods: 5, DatapointsToAlarm: 3 };

    expect(ringing(threeOfFive, [1, 0, 1, 0, 1])).toBe(true);
    expect(ringing(threeOfFive, [0, 0, 1, 0, 1])).toBe(false);
    expect(ringing({ ...threeOfFive, DatapointsToAlarm: undefined }, [1, 0, 1, 1, 1])).toBe(false);
  });

  it("says what silence means", () => {
    expect(ringing({}, [])).toBe(false);
    expect(ringing({ TreatMissingData: "breaching" }, [])).toBe(true);
  });

  it("is none without what it takes to decide", () => {
    expect(definitionOf(anAlarm({ MetricName: undefined }))).toBeNull();
    expect(definitionOf(anAlarm({ Statistic: undefined }))).toBeNull();
    expect(definitionOf(anAlarm({ Threshold: undefined }))).toBeNull();
  });
});

describe("alarms on an emulator", () => {
  it("tell their topics when they begin and when they end, once each", async () => {
    const { cloudWatch, evaluation, changes, clock } = await takenOver();

    cloudWatch.put("Visible", "dead", NOW, 2);
    await evaluation.evaluate();
    await evaluation.evaluate();
    clock.now += 60_000;
    cloudWatch.put("Visible", "dead", clock.now, 0);
    await evaluation.evaluate();

    expect(cloudWatch.told).toEqual(["letters ALARM", "letters OK"]);
    expect(changes).toMatchObject([
      { name: "letters", state: "ALARM", reason: expect.stringContaining("Maximum of Visible") },
      { name: "letters", state: "OK" },
    ]);
  });

  it("ring for their own dimension alone", async () => {
    const { cloudWatch, evaluation } = await takenOver();
    cloudWatch.put("Visible", "events", NOW, 100);

    await evaluation.evaluate();

    expect(cloudWatch.state("letters")).toBe("OK");
  });

  it("are set back, and tell nobody, when the emulator judges them otherwise", async () => {
    const { cloudWatch, evaluation, changes } = await takenOver();
    await evaluation.evaluate();

    cloudWatch.flip("letters", "ALARM");
    await evaluation.evaluate();

    expect(cloudWatch.state("letters")).toBe("OK");
    expect(cloudWatch.told).toEqual([]);
    expect(changes).toEqual([]);
  });

  it("tell although the emulator was quicker to the same verdict", async () => {
    const { cloudWatch, evaluation } = await takenOver();
    cloudWatch.put("Visible", "dead", NOW, 1);
    cloudWatch.flip("letters", "ALARM");

    await evaluation.evaluate();

    expect(cloudWatch.told).toEqual(["letters ALARM"]);
  });

  it("tell although metrics are put in the midst of it, at which the emulator judges too", async () => {
    const { cloudWatch, evaluation } = await takenOver();
    cloudWatch.put("Visible", "dead", NOW, 2);
    cloudWatch.onPut = () => cloudWatch.flip("letters", "ALARM");
    const puts: Promise<void>[] = [];
    cloudWatch.onSet = () => puts.push(evaluation.put("AWS/SQS", []));

    await evaluation.evaluate();
    await Promise.all(puts);

    expect(puts.length).toBeGreaterThan(0);
    expect(cloudWatch.told).toEqual(["letters ALARM"]);
  });

  it("are the emulator's again in the end", async () => {
    const { cloudWatch, evaluation } = await takenOver({});
    expect(cloudWatch.actionsEnabled("letters")).toBe(false);

    await evaluation.release();

    expect(cloudWatch.actionsEnabled("letters")).toBe(true);
  });
});
