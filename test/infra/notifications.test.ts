import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { changeInPercent } from "../../lambdas/domain/application/outcome-change.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { EXAMPLE_RULES } from "../../lib/config/example-rules.ts";
import { consumerSettings, pollerSettings } from "../../lib/config/function-settings.ts";
import type { NotificationRule } from "../../lib/config/notification-rules.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { metricAlarmsOf } from "../../tools/cloudwatch/alarms.ts";
import { evaluate } from "../../tools/cloudwatch/evaluate.ts";
import { Measurements } from "../../tools/cloudwatch/measurements.ts";
import { seriesOf } from "../../tools/cloudwatch/series.ts";
import { sandbox, withWorkedRules } from "../../tools/template/variants.ts";
import { templateOf, topicsOf } from "../support/template.ts";
import { LEFT_OUT, sentenceAbout, sentencesOf, withSetting } from "../support/stages.ts";
import { MINUTE, HOUR, DAY } from "../../tools/cloud-in-memory/clock.ts";

const WEEK_MINUTES = 7 * 24 * 60;

const common = { windowMs: 30 * MINUTE, tell: "ticket", who: "Somebody looks." } as const;
const ONE = "J-one";
const TWO = "J-two";

/** Rules of each kind in the directions that the worked examples leave out. */
const FURTHER_RULES: readonly NotificationRule[] = [
  { ...common, name: "sum", kind: "count", of: "denied", moreThan: 10, journeys: [ONE, TWO] },
  {
    ...common,
    name: "few",
    kind: "percent",
    of: "approved",
    is: "below",
    percent: 50,
    atLeast: 10,
  },
  {
    ...common,
    name: "both",
    kind: "percent",
    of: "denied",
    is: "above",
    percent: 30,
    atLeast: 10,
    journeys: [ONE, TWO],
  },
  {
    ...common,
    name: "more",
    kind: "percentChange",
    of: "errored",
    change: "rises",
    byPercent: 200,
    since: "day-before",
    atLeast: 5,
  },
  { ...common, name: "many", kind: "anomaly", of: "expired", is: "above", deviations: 2 },
  { ...common, name: "odd", kind: "anomaly", of: "ended", is: "outside", deviations: 2 },
  {
    ...common,
    name: "slow",
    kind: "anomaly",
    of: "time-to-decision-p50",
    is: "above",
    deviations: 2,
    journeys: [ONE],
  },
  {
    ...common,
    name: "late",
    kind: "timeToDecision",
    percentile: "p50",
    longerThanMs: HOUR,
    atLeast: 5,
    journeys: [ONE],
  },
];

const stack = templateOf({ ...sandbox, notifications: FURTHER_RULES });
const series = seriesOf("sandbox");
const alarms = metricAlarmsOf(stack).filter(({ id }) => id.startsWith("notification-"));

/** The rules that ring at all, when each minute of two hours is as `minute` says. */
function ringing(measure: (world: Measurements, minute: number) => void): readonly string[] {
  const world = new Measurements();
  for (let minute = 0; minute < 120; minute += 1) measure(world, minute);
  const { rang } = evaluate({ metric: alarms, composite: [] }, world, { from: 60, to: 120 });
  return [...rang.keys()].map((id) => id.replace("notification-", "")).toSorted();
}

const counts =
  (outcome: "denied" | "approved" | "ended" | "expired", journey: string | null, value = 1) =>
  (world: Measurements, minute: number) =>
    world.put(series.outcome({ outcome, journey }), minute, value);

const together =
  (...all: readonly ((world: Measurements, minute: number) => void)[]) =>
  (world: Measurements, minute: number) => {
    for (const one of all) one(world, minute);
  };

const every =
  (minutes: number, measure: (world: Measurements, minute: number) => void) =>
  (world: Measurements, minute: number) => {
    if (minute % minutes === 0) measure(world, minute);
  };

const before =
  (weeks: number, measure: (world: Measurements, minute: number) => void) =>
  (world: Measurements, minute: number) =>
    measure(world, minute - weeks * WEEK_MINUTES);

const change = (percent: number) => (world: Measurements, minute: number) =>
  world.put(series.change("more"), minute, percent);

const TIME_IN_ONE = `AlloyJourneyWebhooks/${METRICS.timeToDecision}{Journey=${ONE},Stage=sandbox}`;
const took = (ms: number) => (world: Measurements, minute: number) =>
  world.put(TIME_IN_ONE, minute, ms);

describe("a rule", () => {
  it.each([
    // Neither Journey alone has eleven in half an hour.
    [
      "of two Journeys",
      together(every(4, counts("denied", ONE)), every(4, counts("denied", TWO))),
      ["sum"],
    ],
    ["of two Journeys, of another", counts("denied", "J-three"), []],
    [
      "of a share below",
      together(counts("ended", null), every(3, counts("approved", null))),
      ["few"],
    ],
    [
      "of a share that is not",
      together(counts("ended", null), every(1, counts("approved", null))),
      [],
    ],
    ["of a share of too few", every(5, counts("ended", null)), []],
    [
      "of a share in two Journeys",
      together(
        counts("ended", ONE),
        counts("ended", TWO),
        every(2, counts("denied", ONE)),
        every(4, counts("denied", TWO)),
      ),
      ["both", "sum"],
    ],
    ["of a rise", every(5, change(changeInPercent(15, 5, 5))), ["more"]],
    ["of a rise that is too small", every(5, change(changeInPercent(14, 5, 5))), []],
    [
      "of what is above its band",
      together(
        every(3, counts("expired", null)),
        before(1, every(10, counts("expired", null))),
        before(2, every(10, counts("expired", null))),
      ),
      ["many"],
    ],
    ["of a band that is not learnt yet", counts("expired", null), []],
    [
      "of what leaves its band downwards",
      together(every(10, counts("ended", null)), before(1, counts("ended", null))),
      ["odd"],
    ],
    [
      "of what leaves its band upwards",
      together(
        counts("ended", null, 3),
        before(1, counts("ended", null)),
        counts("approved", null, 3),
      ),
      ["odd"],
    ],
    [
      "of a median that leaves its band",
      together(took(50 * MINUTE), before(1, took(10 * MINUTE)), before(2, took(11 * MINUTE))),
      ["slow"],
    ],
    ["of a median that is too long", took(2 * HOUR), ["late"]],
    ["of a median of too few", every(10, took(2 * HOUR)), []],
  ])("%s", (_name, measure, wanted) => {
    expect(ringing(measure)).toEqual(wanted);
  });

  it("makes the Journeys that it names counted, beside those that are accepted by name", () => {
    const stage = { ...sandbox, journeys: [ONE, "J-three"], notifications: FURTHER_RULES };

    const { journeys, countedJourneys } = consumerSettings(stage);
    // Each stands once: what is accepted by name is counted anyhow.
    expect([...journeys, ...countedJourneys]).toEqual([ONE, "J-three", TWO]);
    expect(consumerSettings(sandbox).countedJourneys).toEqual([]);
  });

  it("tells the poller what to compare, and what may not be silent", () => {
    expect(pollerSettings({ ...sandbox, notifications: FURTHER_RULES })).toMatchObject({
      comparisons: [
        {
          rule: "more",
          subjects: [{ outcome: "errored", journey: null }],
          windowMs: 30 * MINUTE,
          beforeMs: DAY,
          atLeast: 5,
        },
      ],
      expectedOutcomes: [
        { outcome: "expired", journey: null },
        { outcome: "ended", journey: null },
      ],
    });
  });

  it("tells a team through a topic and channels of its own", () => {
    const withTeam = templateOf(withWorkedRules);
    const subscriptions = withTeam
      .ofType("AWS::SNS::Subscription")
      .map(({ Properties }) => [Properties["TopicArn"], Properties["Endpoint"]]);

    expect(topicsOf(withTeam, "reviews-piling-up")).toEqual(["ReviewDeskTeamTopic"]);
    expect(subscriptions).toEqual([[{ Ref: "ReviewDeskTeamTopic" }, "review-desk@example.com"]]);
  });

  it("stays within CloudWatch's limits, whatever it asks for", () => {
    const { resources } = templateOf(withWorkedRules);
    for (const { Type, Properties } of [...stack.resources, ...resources]) {
      if (Type !== "AWS::CloudWatch::Alarm") continue;
      const metrics = Array.isArray(Properties["Metrics"]) ? Properties["Metrics"] : [];
      const stats = metrics.filter((metric) => "MetricStat" in metric);
      const period = Number(Properties["Period"] ?? stats[0]?.MetricStat.Period);
      const span = period * Number(Properties["EvaluationPeriods"]);

      expect(stats.length).toBeLessThanOrEqual(10);
      expect(period % 60).toBe(0);
      expect(span).toBeLessThanOrEqual(period < 3_600 ? 86_400 : 604_800);
    }
  });
});

describe("docs/notifications.md", () => {
  const page = readFileSync("docs/notifications.md", "utf8");
  const source = readFileSync("lib/config/example-rules.ts", "utf8");
  const examples = [...page.matchAll(/```ts\n(\{\n[\s\S]*?\n\})\n```/g)].map(([, text]) => text);

  it("shows the five worked rules as they are tested", () => {
    const tested = [...source.matchAll(/: NotificationRule = (\{\n[\s\S]*?\n\});/g)].map(
      ([, text]) => text,
    );

    expect(examples).toHaveLength(5);
    expect(examples).toEqual(tested);
    expect(EXAMPLE_RULES).toHaveLength(5);
  });

  it("shows one of each kind", () => {
    expect(new Set(EXAMPLE_RULES.map(({ kind }) => kind)).size).toBe(5);
  });
});

describe("a mistake in a rule is one sentence", () => {
  it.each<readonly [NotificationRule["kind"], where: string, given: unknown, wanted: string]>([
    [
      "count",
      "of",
      "aproved",
      "one of submitted, manual-review, needs-action, approved, denied, errored, expired, ended",
    ],
    [
      "count",
      "kind",
      "ratio",
      "one of the kinds count, percent, percentChange, anomaly, timeToDecision",
    ],
    ["count", "name", "Many denied", "lower-case words with hyphens, such as many-denied"],
    ["percent", "journeys.0", "JA-1", "a Journey token, such as J-VCQoADBJxeHtmdAvFqoS"],
    ["count", "journeys", [], "at least one Journey token; leave journeys out for all of them"],
    ["count", "windowMs", 450_000, "whole minutes: CloudWatch counts by the minute"],
    ["count", "windowMs", 2 * MINUTE, "at least 5 minutes: what is newer may not be counted yet"],
    [
      "count",
      "windowMs",
      4 * DAY,
      "at most 84 hours: an alarm looks at two windows, and CloudWatch at seven days in all",
    ],
    [
      "count",
      "who",
      "  ",
      "a sentence that ends with a full stop: who should act, and how they begin",
    ],
    [
      "count",
      "tell",
      "fraud",
      "one of page, ticket, review-desk: another team goes into alarms.teams",
    ],
    ["percent", "percent", 140, "a percentage from 0 to 100"],
    [
      "percent",
      "atLeast",
      LEFT_OUT,
      "a minimum volume, such as 50: one application of two is 50 % too",
    ],
    ["percent", "atLeast", 0, "at least 1 application: a share of none says nothing"],
    [
      "percent",
      "of",
      "ended",
      "one of manual-review, needs-action, approved, denied, errored, expired",
    ],
    ["percentChange", "byPercent", 150, "at most 100 for a fall: there are none fewer than none"],
    [
      "percentChange",
      "windowMs",
      7 * MINUTE,
      "whole five minutes: by these the poller compares two windows",
    ],
    ["percentChange", "since", "month-before", '"day-before" or "week-before"'],
    ["anomaly", "deviations", 0, "above 0, such as 3"],
    ["timeToDecision", "percentile", "p95", "one of p50, p90, p99"],
  ])("%s: %s is %j, but it must be %s", (kind, where, given, wanted) => {
    const wrong = withSetting(withRule(kind), `notifications.0.${where}`, given);

    const shown = given === LEFT_OUT ? undefined : given;
    expect(sentencesOf(wrong)).toBe(sentenceAbout(`notifications.0.${where}`, shown, wanted));
  });

  it.each<
    readonly [
      string,
      NotificationRule["kind"],
      object,
      where: string,
      given: unknown,
      wanted: string,
    ]
  >([
    [
      "more Journeys than an alarm can read",
      "percent",
      { journeys: ["J-1", "J-2", "J-3", "J-4", "J-5", "J-6"] },
      "journeys",
      6,
      "at most 5 Journeys: an alarm reads at most 10 metrics, and this one 2 a Journey",
    ],
    [
      "a share that is never below",
      "percent",
      { is: "below", percent: 0 },
      "percent",
      0,
      "above 0: no share is below it",
    ],
    [
      "a window that overlaps the one before",
      "percentChange",
      { since: "day-before", windowMs: 36 * HOUR },
      "windowMs",
      36 * HOUR,
      "at most a day: a longer window would be compared with a part of itself",
    ],
    [
      "a band of two metrics",
      "anomaly",
      { journeys: ["J-1", "J-2"] },
      "journeys",
      2,
      "one Journey, or left out for all: CloudWatch learns the band of one metric; write a rule for each",
    ],
    [
      "a percentile of two Journeys",
      "timeToDecision",
      { journeys: ["J-1", "J-2"] },
      "journeys",
      2,
      "one Journey, or left out for all: percentiles of several Journeys do not add up; write a rule for each",
    ],
  ])("%s", (_mistake, kind, changes, where, given, wanted) => {
    const wrong = withRules({ ...ruleOf(kind), ...changes });

    expect(sentencesOf(wrong)).toBe(sentenceAbout(`notifications.0.${where}`, given, wanted));
  });

  it("a part of another kind", () => {
    expect(sentencesOf(withRules({ ...ruleOf("count"), percent: 40 }))).toBe(
      'Stage "sandbox", notifications.0.percent: there is no such setting; remove it in lib/stages.ts.',
    );
  });

  it("two rules of one name", () => {
    expect(sentencesOf(withRules(ruleOf("count"), ruleOf("count")))).toBe(
      sentenceAbout(
        "notifications.1.name",
        "many-denied",
        "a name that no other rule has: it is the alarm's",
      ),
    );
  });

  it("a Journey that is not accepted", () => {
    expect(sentencesOf({ ...withRule("percent"), journeys: [ONE] })).toBe(
      sentenceAbout(
        "notifications.0.journeys.0",
        "J-VCQoADBJxeHtmdAvFqoS",
        `one of ${ONE}: journeys accepts no other`,
      ),
    );
  });

  it("more Journeys to compare than CloudWatch reads at once", () => {
    const journeys = Array.from({ length: 501 }, (_, index) => `J-${index}`);

    expect(sentencesOf(withRules({ ...ruleOf("percentChange"), journeys }))).toMatch(
      /^Stage "sandbox", notifications: 501 was given, but it must be at most 500 Journeys /,
    );
  });

  it("a team that nobody hears", () => {
    expect(sentencesOf(withSetting(withRules(), "alarms.teams", { fraud: [] }))).toBe(
      sentenceAbout("alarms.teams.fraud", [], "at least one channel: nobody would be notified"),
    );
  });

  it("fails the synth, and several mistakes are several sentences", () => {
    const wrong = withRules({ ...ruleOf("count"), of: "aproved", windowMs: 1 });

    expect(() => templateOf(wrong)).toThrow(
      /^Stage "sandbox", notifications\.0\.[\s\S]+lib\/stages\.ts\.$/,
    );
    expect(sentencesOf(wrong).split("\n").length).toBeGreaterThanOrEqual(2);
  });
});

/** A stage with these rules, of which the compiler would refuse some. */
function withRules(...notifications: readonly unknown[]): StageConfiguration {
  return withSetting(withWorkedRules, "notifications", notifications);
}

/** The worked rule of a kind. */
function ruleOf(kind: NotificationRule["kind"]): NotificationRule {
  const rule = EXAMPLE_RULES.find((one) => one.kind === kind);
  if (rule === undefined) throw new Error(`There is no worked rule of the kind ${kind}.`);
  return rule;
}

const withRule = (kind: NotificationRule["kind"]) => withRules(ruleOf(kind));
