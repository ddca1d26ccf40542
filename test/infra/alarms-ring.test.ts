import { describe, expect, it } from "vitest";
import { pollerSettings } from "../../lib/config/function-settings.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import { INCIDENT_ALARMS } from "../../lib/alarms/alert-topics.ts";
import { casesOf, furtherFaultsOf, SLOW } from "./cloudwatch/cases.ts";
import { evaluate } from "../../tools/cloudwatch/evaluate.ts";
import type { Story } from "../../tools/cloudwatch/evaluate.ts";
import { seriesOf } from "../../tools/cloudwatch/series.ts";
import type { Series } from "../../tools/cloudwatch/series.ts";
import { NOTIFICATION_CASES } from "./cloudwatch/notification-cases.ts";
import { healthyWorld, measureOutcomes, Trouble, unevenWorld } from "./cloudwatch/world.ts";
import type { Measurements } from "../../tools/cloudwatch/measurements.ts";
import { alarmsOf, templateOf, topicsOf } from "../support/template.ts";
import {
  production,
  sandbox,
  VARIANTS,
  withDecisions,
  withInvestigations,
  withOwnKey,
  withTargets,
  withWorkedRules,
} from "../../tools/template/variants.ts";

const HOUR = 60;

/** A fault begins here, when the alarms have seen a good hour, and lasts for an hour and a half. */
const FAULT = { from: HOUR, to: 2.5 * HOUR };
const END = 3 * HOUR;

/** What no person is told of, and what is over other alarms. */
const OVER_OTHERS = ["integration-unhealthy", "deployment-running", "deployment-excuses"];

const PLAYED = [
  { name: "sandbox", stage: sandbox },
  { name: "production", stage: production },
  { name: "production with a key of its own", stage: withOwnKey },
  {
    // Its schedule is a minute (`validate`).
    name: "Investigations and decisions",
    stage: { ...withInvestigations, ...withDecisions, investigations: "on" as const },
  },
  { name: "production with targets of every kind", stage: withTargets },
  { name: "sandbox with the worked rules", stage: withWorkedRules, more: NOTIFICATION_CASES },
].map(({ more = [], name, stage }) => {
  const settings = pollerSettings(validate(stage));
  const pollMinutes = settings.polling.rateMs / 60_000;
  return { name, stage, settings, pollMinutes, cases: [...casesOf(stage, pollMinutes), ...more] };
});

function idsOf({ metric, composite }: ReturnType<typeof alarmsOf>): readonly string[] {
  return [...metric, ...composite].map(({ id }) => id).toSorted();
}

describe.each(PLAYED)("in $name", ({ name, stage, settings, pollMinutes, cases }) => {
  const stack = templateOf(stage);
  const alarms = alarmsOf(stack);
  const series = seriesOf(stage.stage);
  const fired = new Set<string>();
  const silent = new Set<string>();

  /** Two webhooks a minute, and the fault. */
  function story(fault: (trouble: Trouble, series: Series) => unknown): Story {
    const world = healthyWorld(series, END, 2, pollMinutes);
    fault(new Trouble(world, FAULT, pollMinutes), series);
    measureOutcomes(world, series, settings, END);
    return evaluate(alarms, world, { from: FAULT.from - 5, to: END });
  }

  it.each(cases)("$id rings in time, with what else the fault means, and once", (one) => {
    const { rang } = story(one.fault);

    const [first = Number.POSITIVE_INFINITY, ...again] = rang.get(one.id) ?? [];
    expect(first - FAULT.from).toBeLessThanOrEqual(one.within);
    expect(again).toEqual([]);
    expect([...rang.keys()].toSorted()).toEqual(withIncident([one.id, ...(one.with ?? [])]));
    fired.add(one.id);
  });

  it.each(cases)("$id stays silent when it is close", ({ id, nearMiss, nearMissIsFor = [] }) => {
    const { rang } = story(nearMiss);

    expect([...rang.keys()].toSorted()).toEqual(withIncident(nearMissIsFor));
    silent.add(id);
  });

  it.each(SLOW)("$id rings after days, and stays silent when it is close", (one) => {
    const days = 5 * 24 * HOUR;
    const rung = (fault: typeof one.fault) => {
      // What comes in and what is decided is nothing to these alarms.
      const world = healthyWorld(series, days, 0, pollMinutes);
      fault(new Trouble(world, { from: HOUR, to: days }, pollMinutes), series);
      const metric = alarms.metric.filter(
        ({ id }) => id === one.id || id.startsWith("dead-letters-"),
      );
      return evaluate({ metric, composite: [] }, world, { from: HOUR - 5, to: days }).rang;
    };
    const rang = rung(one.fault);

    const [first = Number.POSITIVE_INFINITY, ...again] = rang.get(one.id) ?? [];
    expect(first - HOUR).toBeLessThanOrEqual(one.within);
    expect(first - HOUR).toBeGreaterThan(one.within - 24 * HOUR);
    expect(again).toEqual([]);
    expect([...rang.keys()].toSorted()).toEqual([one.id, ...(one.with ?? [])].toSorted());
    fired.add(one.id);
    expect([...rung(one.nearMiss).keys()]).toEqual(one.nearMissIsFor);
    silent.add(one.id);
  });

  it.each(furtherFaultsOf(stage).map((one) => [one.name, one] as const))("%s", (_, one) => {
    const { rang } = story(one.fault);

    expect([...rang.keys()].toSorted()).toEqual(withIncident(one.rings));
  });

  it("nothing rings on a healthy day", () => {
    // From one webhook in five minutes at night to twelve a minute at noon.
    const byDay = (minute: number) => {
      const hour = minute / HOUR;
      if (hour < 6 || hour >= 22) return minute % 5 === 0 ? 1 : 0;
      return Math.round(12 * Math.sin((Math.PI * (hour - 6)) / 16));
    };
    const world = unevenWorld(series, 24 * HOUR, byDay, pollMinutes);
    measureOutcomes(world, series, settings, 24 * HOUR);

    const { rang } = evaluate(alarms, world, { from: HOUR, to: 24 * HOUR });

    expect([...rang]).toEqual([]);
  });

  it("nothing rings in a quiet night, without a single webhook", () => {
    const world = healthyWorld(series, 9 * HOUR, 0, pollMinutes);
    measureOutcomes(world, series, settings, 9 * HOUR);

    const { rang } = evaluate(alarms, world, { from: HOUR, to: 9 * HOUR });

    expect([...rang]).toEqual([]);
  });

  describe("a new stack", () => {
    const minutes = 4 * HOUR;
    /** Made at the end of the first hour: of the time before, CloudWatch has nothing. */
    const born = HOUR;
    const firstHours = (trouble: (world: Measurements) => unknown) => {
      const world = unevenWorld(
        series,
        minutes,
        (minute) => (minute > born + 30 ? 2 : 0),
        pollMinutes,
      );
      measureOutcomes(world, series, settings, minutes);
      for (const name of world.names()) world.forget(name, 0, born);
      // The schedule's first tick comes after its first period.
      for (const name of ["PollerRuns"] as const)
        world.forget(series.ours(name), 0, born + pollMinutes + 1);
      trouble(world);
      return evaluate(alarms, world, { from: born, to: minutes });
    };

    it("that is healthy rings nothing in its first hours", () => {
      const { rang, told } = firstHours(() => undefined);

      expect([...rang]).toEqual([]);
      expect([...told]).toEqual([]);
    });

    it("whose poller never runs pages for that within half an hour", () => {
      const { rang, told } = firstHours((world) =>
        world.forget(series.ours("PollerRuns"), 0, minutes),
      );

      expect([...rang.keys()].toSorted()).toEqual(["integration-unhealthy", "poller-silent"]);
      const [page = Number.POSITIVE_INFINITY] = told.get("integration-unhealthy") ?? [];
      expect(page - born).toBeLessThanOrEqual(30);
    });
  });

  it("a reader of a route that is dead is told as a ticket, long before SQS deletes the event", () => {
    const days = 2 * 24 * HOUR;
    const world = healthyWorld(series, days, 0, pollMinutes);
    new Trouble(world, { from: 0, to: days }).is(
      series.queue("ApproximateAgeOfOldestMessage", "ApprovedQueue"),
      (minute) => 60 * minute,
    );
    measureOutcomes(world, series, settings, days);

    const { rang } = evaluate(alarms, world, { from: HOUR, to: days });

    expect([...rang.keys()]).toEqual(["route-unread-approved"]);
    expect(rang.get("route-unread-approved")?.[0]).toBeLessThan(25 * HOUR);
  });

  it("a second incident inside the first is told, and the first once", () => {
    const { told } = story((trouble, { api, ours }) => {
      trouble.is(api("5xx"), 1);
      trouble.is(ours("DeliveryGaps"), (minute) => (minute < 40 ? 0 : 1), pollMinutes);
    });

    const [second = 0] = told.get("delivery-gap") ?? [];
    expect(told.get("integration-unhealthy")).toHaveLength(1);
    expect(second - FAULT.from).toBeGreaterThan(35);
    expect(topicsOf(stack, "delivery-gap")).toEqual(["PageTopic", "TicketTopic"]);
  });

  it("every alarm watches something that is measured in one of the worlds", () => {
    const measured = new Set(
      cases.flatMap(({ fault, nearMiss }) => {
        const world = healthyWorld(series, END, 2, pollMinutes);
        fault(new Trouble(world, FAULT, pollMinutes), series);
        nearMiss(new Trouble(world, FAULT, pollMinutes), series);
        measureOutcomes(world, series, settings, END);
        return world.names();
      }),
    );

    const blind = alarms.metric.filter(
      ({ metrics }) => !metrics.some((metric) => measured.has(metric.series)),
    );
    expect(blind.map(({ id }) => id)).toEqual(["deployment-running"]);
  });

  describe("integration-unhealthy", () => {
    const deployment = (trouble: Trouble) => trouble.once(series.deployments, 1);
    /** API Gateway answers 5xx, for so many minutes. */
    const failing = (trouble: Trouble, minutes: number) =>
      trouble.and(series.api("5xx"), (minute) => (minute < minutes ? 1 : 0));
    /** CloudFormation announces that a deployment goes back. */
    const goingBack = (trouble: Trouble) =>
      trouble.and(series.deployments, (minute) => (minute === 8 ? 1 : 0));

    it.each<readonly [string, (trouble: Trouble) => unknown]>([
      [
        "whatever rings",
        (trouble) =>
          trouble
            .is(series.api("5xx"), 3)
            .is(series.lambda("Throttles", "ingest"), 3)
            .none(series.ours("PollerRuns")),
      ],
      ["of what a deployment does, where there is none", (trouble) => failing(trouble, 4)],
      [
        "during a deployment that people wait for a decision",
        (trouble) => deployment(trouble).is(series.ours("DeliveryGaps"), 1, pollMinutes),
      ],
    ])("tells once, %s", (_, fault) => {
      expect(story(fault).told.get("integration-unhealthy")).toHaveLength(1);
    });

    it("tells nobody of what a deployment does", () => {
      const { rang, told } = story((trouble) => failing(deployment(trouble), 4));

      expect([...rang.keys()].toSorted()).toEqual([
        "deployment-excuses",
        "deployment-running",
        "ingest-failing",
        "integration-unhealthy",
      ]);
      expect(told.get("integration-unhealthy")).toBeUndefined();
      for (const id of OVER_OTHERS) fired.add(id);
    });

    it("tells nobody of a deployment that goes back, once it has gone back", () => {
      const { told, ended } = story((trouble) => failing(goingBack(deployment(trouble)), 8));

      expect(told.get("integration-unhealthy")).toBeUndefined();
      expect(told.get("ingest-failing")).toHaveLength(1);
      expect(ended.get("ingest-failing")).toHaveLength(1);
    });

    it("stays silent, and so does what is for it, while what rings can wait until the morning", () => {
      const { rang } = story((trouble) =>
        trouble
          .is(series.ours("EventsDuplicate"), 1)
          .is(series.lambda("Throttles", "consumer"), 2)
          .is(series.queue("ApproximateNumberOfMessagesVisible", "DeadLetterQueue"), 1),
      );

      expect(OVER_OTHERS.filter((id) => rang.has(id))).toEqual([]);
      expect(rang.size).toBe(3);
      for (const id of OVER_OTHERS) silent.add(id);
    });

    it.each<readonly [string, (trouble: Trouble) => Trouble, number, number]>([
      ["of a deployment that goes back and does not help", goingBack, 0, 25],
      ["after a deployment of what still rings", (trouble) => trouble, 10, 16],
    ])("tells %s", (_, more, after, within) => {
      const { told } = story((trouble) => more(deployment(trouble)).is(series.api("5xx"), 1));

      const [page = Number.POSITIVE_INFINITY] = told.get("integration-unhealthy") ?? [];
      expect(page - FAULT.from).toBeGreaterThan(after);
      expect(page - FAULT.from).toBeLessThanOrEqual(within);
    });
  });

  // The last one: it counts what the others have seen.
  it("every alarm of the template has been seen to fire and to stay silent", () => {
    const all = idsOf(alarms);
    console.log(
      `${name}: alarms in the template: ${all.length}, tested to fire: ${fired.size}, tested to stay silent: ${silent.size}`,
    );

    expect([...fired].toSorted(), "test/infra/cloudwatch/cases.ts, a case per alarm").toEqual(all);
    expect([...silent].toSorted(), "test/infra/cloudwatch/cases.ts, a case per alarm").toEqual(all);
  });
});

it.each(VARIANTS)("%s has no alarm that is not played in one of these", (name, stage) => {
  const played = new Set(PLAYED.flatMap((one) => idsOf(alarmsOf(templateOf(one.stage)))));

  const own = idsOf(alarmsOf(templateOf(stage)));

  console.log(`${name}: alarms in the template: ${own.length}`);
  expect(own.filter((id) => !played.has(id))).toEqual([]);
});

/** In the order of a sorted list, with the alarm over all of them where one of its alarms is among them. */
function withIncident(ids: readonly string[]): readonly string[] {
  const incidents: readonly string[] = INCIDENT_ALARMS;
  const follows = ids.some((id) => incidents.includes(id)) ? ["integration-unhealthy"] : [];
  return [...ids, ...follows].toSorted();
}
