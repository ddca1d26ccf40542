import type { StateValue } from "@aws-sdk/client-cloudwatch";
import { describe, expect, it } from "vitest";
import { takeOverAlarms } from "../../../tools/local/emulator/alarm-evaluation.ts";
import type { AlarmChange } from "../../../tools/local/emulator/alarm-evaluation.ts";
import { deployedAlarms } from "../../../tools/local/emulator/deployed-alarms.ts";
import { readTemplate } from "../../../tools/template/template.ts";
import { HastyCloudWatch } from "../../support/hasty-cloudwatch.ts";

const NOW = 1_760_000_000_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

type Properties = Readonly<Record<string, unknown>>;

const metricOf = (MetricName: string, About: unknown = "dead") => ({
  Namespace: "Test",
  MetricName,
  Dimensions: [{ Name: "About", Value: About }],
});

const COMMON = {
  EvaluationPeriods: 1,
  DatapointsToAlarm: 1,
  TreatMissingData: "notBreaching",
  AlarmDescription: "It is so.",
};

const LETTERS = {
  ...COMMON,
  AlarmName: "letters",
  ...metricOf("Visible"),
  Statistic: "Maximum",
  Period: 60,
  Threshold: 1,
  ComparisonOperator: "GreaterThanOrEqualToThreshold",
};

const stat = (Id: string, MetricName: string, Period = 900) => ({
  Id,
  MetricStat: { Metric: metricOf(MetricName), Period, Stat: "Sum" },
});

/** On metric math, which the emulator cannot hold. */
const CALLS = {
  ...COMMON,
  AlarmName: "calls-failing",
  Metrics: [
    { Id: "share", Expression: "IF(FILL(calls, 0) > 0, 100 * FILL(failed, 0) / calls, 0)" },
    stat("calls", "Calls"),
    stat("failed", "Failed"),
  ],
  Threshold: 20,
  ComparisonOperator: "GreaterThanThreshold",
};

/** A CloudWatch that has the first of these alarms, and whose evaluation of all of them is taken over. */
async function takenOver({
  metric = [LETTERS],
  composite = [],
  state = "OK",
  held = ["letters"],
}: {
  readonly metric?: readonly Properties[];
  readonly composite?: readonly Properties[];
  readonly state?: StateValue;
  readonly held?: readonly string[];
} = {}) {
  const cloudWatch = new HastyCloudWatch(
    ...held.map((AlarmName) => ({ AlarmName, StateValue: state })),
  );
  const changes: AlarmChange[] = [];
  const clock = { now: NOW };
  const entries = [
    ...metric.map((Properties) => ["AWS::CloudWatch::Alarm", Properties] as const),
    ...composite.map((Properties) => ["AWS::CloudWatch::CompositeAlarm", Properties] as const),
  ].map(([Type, Properties]) => [String(Properties["AlarmName"]), { Type, Properties }]);
  const template = readTemplate({ Resources: Object.fromEntries(entries) });
  const evaluation = await takeOverAlarms(
    { cloudWatch: cloudWatch.client },
    deployedAlarms({ template, resources: [{ type: "", id: "Dead", name: "/queue/dead" }] }, "s"),
    { now: () => clock.now, onChange: (change) => changes.push(change) },
  );
  return { cloudWatch, evaluation, changes, clock };
}

describe("alarms on an emulator", () => {
  it("tell their topics when they begin and when they end, once each", async () => {
    const { cloudWatch, evaluation, changes, clock } = await takenOver();

    cloudWatch.put("Visible", "dead", NOW, 2);
    await evaluation.evaluate();
    await evaluation.evaluate();
    clock.now += MINUTE;
    cloudWatch.put("Visible", "dead", clock.now, 0);
    await evaluation.evaluate();

    expect(cloudWatch.told).toEqual(["letters ALARM", "letters OK"]);
    expect(changes).toMatchObject([
      { id: "letters", state: "ALARM", reason: expect.stringContaining("Maximum of Visible") },
      { id: "letters", state: "OK", description: "It is so." },
    ]);
    expect(evaluation.seen().rang.map(({ id }) => id)).toEqual(["letters"]);
  });

  it("want as many data points as they say, of as many as they say", async () => {
    const threeOfFive = { ...LETTERS, EvaluationPeriods: 5, DatapointsToAlarm: 3 };
    const { cloudWatch, evaluation, clock } = await takenOver({ metric: [threeOfFive] });
    const states: (string | undefined)[] = [];
    for (const value of [1, 0, 1, 0, 1, 0, 0]) {
      cloudWatch.put("Visible", "dead", clock.now, value);
      await evaluation.evaluate();
      states.push(cloudWatch.state("letters"));
      clock.now += MINUTE;
    }

    expect(states).toEqual(["OK", "OK", "OK", "OK", "ALARM", "OK", "OK"]);
  });

  it("ring in silence when they say that silence is bad", async () => {
    const { cloudWatch, evaluation } = await takenOver({
      metric: [{ ...LETTERS, TreatMissingData: "breaching" }],
    });

    await evaluation.evaluate();

    expect(cloudWatch.told).toEqual(["letters ALARM"]);
  });

  it("ring for their own dimension alone", async () => {
    const { cloudWatch, evaluation } = await takenOver();
    cloudWatch.put("Visible", "events", NOW, 100);

    await evaluation.evaluate();

    expect(cloudWatch.state("letters")).toBe("OK");
  });

  it("find a resource by the name that it has there", async () => {
    const queue = { "Fn::GetAtt": ["Dead", "QueueName"] };
    const { cloudWatch, evaluation } = await takenOver({
      metric: [{ ...LETTERS, ...metricOf("Visible", queue) }],
    });
    cloudWatch.put("Visible", "dead", NOW, 2);

    await evaluation.evaluate();

    expect(cloudWatch.state("letters")).toBe("ALARM");
  });

  it("ask for nothing that nobody has measured", async () => {
    const { cloudWatch, evaluation } = await takenOver({ metric: [LETTERS, CALLS] });
    cloudWatch.put("Calls", "dead", NOW, 10);

    await evaluation.evaluate();

    expect(cloudWatch.asked).toBe(1);
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

  it("are set back as soon as metrics are put: ops status showed alarms that had not rung", async () => {
    const { cloudWatch, evaluation } = await takenOver();
    await evaluation.evaluate();
    cloudWatch.onPut = () => cloudWatch.flip("letters", "ALARM");

    await evaluation.put("AWS/SQS", []);

    expect(cloudWatch.state("letters")).toBe("OK");
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

  it("are the emulator's again in the end, but for those that it cannot judge", async () => {
    const { cloudWatch, evaluation } = await takenOver({ metric: [LETTERS, CALLS] });
    expect(cloudWatch.names()).toEqual(["letters", "calls-failing"]);
    expect(cloudWatch.actionsEnabled("letters")).toBe(false);

    await evaluation.release();

    expect(cloudWatch.names()).toEqual(["letters"]);
    expect(cloudWatch.actionsEnabled("letters")).toBe(true);
  });
});

describe("an alarm that the emulator cannot hold", () => {
  it("on metric math rings as it does in an account: an outage rang nothing here", async () => {
    const { cloudWatch, evaluation } = await takenOver({ metric: [CALLS], held: [] });
    cloudWatch.put("Calls", "dead", NOW, 10);
    cloudWatch.put("Failed", "dead", NOW, 2);
    await evaluation.evaluate();
    const before = cloudWatch.state("calls-failing");
    cloudWatch.put("Failed", "dead", NOW, 1);
    await evaluation.evaluate();

    expect(before).toBe("OK");
    expect(cloudWatch.told).toEqual(["calls-failing OK", "calls-failing ALARM"]);
  });

  it("on what is expected is silent without weeks to learn from, and rings with them", async () => {
    const band = {
      ...COMMON,
      AlarmName: "nobody-applies",
      Metrics: [
        { Id: "band", Expression: "ANOMALY_DETECTION_BAND(measured, 3)" },
        stat("measured", "Submitted", 1_800),
      ],
      ThresholdMetricId: "band",
      ComparisonOperator: "LessThanLowerThreshold",
    };
    const { cloudWatch, evaluation } = await takenOver({ metric: [band], held: [] });
    cloudWatch.put("Submitted", "dead", NOW, 1);
    await evaluation.evaluate();
    const before = cloudWatch.state("nobody-applies");
    for (const days of [7, 14]) cloudWatch.put("Submitted", "dead", NOW - days * DAY, 400);
    await evaluation.evaluate();

    expect(before).toBe("OK");
    expect(cloudWatch.state("nobody-applies")).toBe("ALARM");
  });

  const UNHEALTHY = {
    AlarmName: "unhealthy",
    AlarmRule: { "Fn::Join": ["", ['ALARM("', { "Fn::GetAtt": ["letters", "Arn"] }, '")']] },
  };

  it("over others rings with them, and ends with them", async () => {
    const { cloudWatch, evaluation, clock } = await takenOver({ composite: [UNHEALTHY] });
    cloudWatch.put("Visible", "dead", NOW, 2);
    await evaluation.evaluate();
    clock.now += MINUTE;
    cloudWatch.put("Visible", "dead", clock.now, 0);
    await evaluation.evaluate();

    expect(cloudWatch.told.filter((told) => told.startsWith("unhealthy"))).toEqual([
      "unhealthy ALARM",
      "unhealthy OK",
    ]);
  });

  it("over others tells nobody while its suppressor may still ring, or rings", async () => {
    const deploying = { ...LETTERS, AlarmName: "deploying", ...metricOf("Deployments") };
    const { cloudWatch, evaluation, clock } = await takenOver({
      metric: [LETTERS, deploying],
      held: ["letters", "deploying"],
      composite: [
        {
          ...UNHEALTHY,
          ActionsSuppressor: { "Fn::GetAtt": ["deploying", "Arn"] },
          ActionsSuppressorWaitPeriod: 120,
          ActionsSuppressorExtensionPeriod: 0,
        },
      ],
    });
    const toldAt: number[] = [];
    for (let minute = 0; minute < 6; minute += 1) {
      cloudWatch.put("Visible", "dead", clock.now, 1);
      cloudWatch.put("Deployments", "dead", clock.now, minute >= 1 && minute < 4 ? 1 : 0);
      await evaluation.evaluate();
      if (cloudWatch.told.includes("unhealthy ALARM")) toldAt.push(minute);
      clock.now += MINUTE;
    }

    expect(cloudWatch.state("unhealthy")).toBe("ALARM");
    expect(toldAt).toEqual([4, 5]);
  });
});
