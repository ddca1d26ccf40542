import { describe, expect, test } from "vitest";

import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import { consumerExecutionsFor } from "../../lib/config/expected.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import { prove } from "../../lib/proofs/prove.ts";
import { deployed, eventsPerSecond, playDay, secondsToHeal } from "../../tools/load/model.ts";

const WORK = {
  writesPerEvent: 2.8,
  dueEntriesPerApplication: 4,
  publishedPerEvent: 0.24,
  eventsPerApplication: 6.7,
  checksPerApplication: 2.5,
};
const usual = deployed(EXAMPLE_PRODUCTION.polling);
/** So many a second in one minute of the day, and nothing else. */
const burstOf = (perSecond: number) => (second: number) =>
  second >= 3_600 && second < 3_660 ? perSecond : 0;
const PEAK = { endsAt: 3_660 };

describe("a day under load", () => {
  test("ends with everything that was sent processed, and nothing waiting", () => {
    const { hours } = playDay(burstOf(900), PEAK, WORK, usual);
    const sum = (of: (hour: (typeof hours)[number]) => number) =>
      hours.reduce((total, hour) => total + of(hour), 0);

    expect(sum(({ processed }) => processed)).toBeCloseTo(60 * 900, 3);
    expect(hours.at(-1)?.backlog).toBeCloseTo(0, 3);
    expect(sum(({ refused }) => refused)).toBe(0);
  });

  test("drains what waits at the pace of the consumer", () => {
    const pace = eventsPerSecond(usual.consumer);
    const { drainSeconds, hours } = playDay(burstOf(1_000), PEAK, WORK, usual);

    expect(drainSeconds).toBeGreaterThan((60 * (1_000 - pace)) / pace - 5);
    expect(drainSeconds).toBeLessThan((60 * (1_000 - pace)) / pace + 15);
    expect(Math.max(...hours.map(({ waitSeconds }) => waitSeconds))).toBeGreaterThan(10);
  });

  test("has what the throttle refuses come again by Alloy's attempts, and stored", () => {
    const { hours } = playDay(burstOf(1_500), PEAK, WORK, usual);
    const total = hours.reduce((sum, { processed }) => sum + processed, 0);

    expect(hours[1]?.refused).toBeGreaterThan(60 * 499);
    expect(total).toBeCloseTo(60 * 1_500, 0);
  });

  test("heals a million applications no faster than the poller may call Alloy", () => {
    const { checks, total } = secondsToHeal(
      { applications: 1_000_000, lostPerApplication: 6.7 },
      usual,
    );

    // 200 calls in five minutes.
    expect(checks).toBeCloseTo(1_000_000 / (200 / 300), 3);
    expect(total).toBe(checks);
  });
});

describe("what a stage expects", () => {
  const expecting = (webhooksPerDay: number, openApplications: number) => ({
    ...EXAMPLE_PRODUCTION,
    expected: { webhooksPerDay, openApplications },
  });

  test("raises the consumer's concurrency to the peak of the day, and never lowers it", () => {
    expect(consumerExecutionsFor(EXAMPLE_PRODUCTION)).toBe(10);
    expect(consumerExecutionsFor(expecting(1_000, 100))).toBe(10);
    expect(consumerExecutionsFor(expecting(10_000_000, 100))).toBe(18);
    expect(consumerExecutionsFor({ ...expecting(10_000_000, 100), concurrency: "shared" })).toBe(2);
  });

  test("fails the synth when the pollers cannot make the calls that it brings, and says who can lift that", () => {
    expect(() => prove(expecting(100_000, 50_000))).not.toThrow();
    expect(() => prove(expecting(1_000_000, 50_000))).toThrow(
      "must be at least those that expected.webhooksPerDay brings (373,135)",
    );
    expect(() => prove(expecting(100_000, 1_000_000))).toThrow(
      "after an outage it takes more than a day to find what was lost: agree with Alloy on more, and set polling.requestsPerSecond",
    );
  });

  test("has a run each minute where one in five does not make the calls, and no more pollers than the rate needs", () => {
    const { polling } = validate(expecting(500_000, 100_000));

    expect(polling).toMatchObject({ rateMs: 60_000, callsPerRun: 210 });
    expect(polling.pollers).toBeUndefined();
    expect(() => prove(validate(expecting(500_000, 100_000)))).not.toThrow();
    expect(validate(expecting(100_000, 50_000)).polling).toEqual(EXAMPLE_PRODUCTION.polling);
  });

  test("carries a million open applications after a day's outage, at a rate that Alloy has to agree to", () => {
    const at = (requestsPerSecond: number) => {
      const stage = expecting(1_000_000, 1_000_000);
      return validate({ ...stage, polling: { ...stage.polling, requestsPerSecond } });
    };

    expect(() => prove(at(16))).toThrow("polling.requestsPerSecond");
    expect(() => prove(at(17))).not.toThrow();
    const { polling } = at(100);
    expect(polling).toMatchObject({ pollers: 5, rateMs: 60_000, callsPerRun: 4_200 });
    expect(validate(at(100)).polling).toEqual(polling);
    const { checks } = secondsToHeal(
      { applications: 1_000_000, lostPerApplication: 6.7 },
      deployed(polling),
    );
    expect(checks).toBeLessThan(24 * 3_600);
  });

  test.each([
    [expecting(20_000_000, 100), "raise it and CONCURRENCY.ingest in lambdas/settings/limits.ts"],
    [
      { ...expecting(2_000_000, 100), concurrency: "shared" as const },
      'set concurrency to "reserved"',
    ],
    [expecting(200_000_000, 100), "raise TABLE.dueShards"],
  ])(
    "fails the synth with the ceiling of ingest, of the consumer, of the index due (%#)",
    (stage, says) => {
      expect(() => prove(stage)).toThrow(says);
    },
  );

  test.each([
    [11, 100, "a poller has no shard of the index due"],
    [6, 5, "the pollers call Alloy more often than it was asked about"],
  ])("fails the synth with %i pollers at %i calls a second", (pollers, requestsPerSecond, says) => {
    const polling = { ...EXAMPLE_PRODUCTION.polling, pollers, requestsPerSecond };

    expect(() => prove({ ...EXAMPLE_PRODUCTION, polling })).toThrow(says);
  });
});
