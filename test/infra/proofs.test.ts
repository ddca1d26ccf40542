import { describe, expect, it } from "vitest";
import {
  CONCURRENCY,
  REDELIVERY_MS,
  THROTTLE,
  TIMEOUTS_MS,
} from "../../lambdas/settings/limits.ts";
import { concurrency } from "../../lib/proofs/concurrency.ts";
import { violations } from "../../lib/proofs/inequality.ts";
import { pollingPace } from "../../lib/proofs/polling-pace.ts";
import { prove } from "../../lib/proofs/prove.ts";
import { redelivery } from "../../lib/proofs/redelivery.ts";
import { timeLimits } from "../../lib/proofs/time-limits.ts";
import { localStage, EXAMPLE_PRODUCTION, SANDBOX } from "../../lib/config/default-stages.ts";

const DAY = 86_400_000;

describe("the proofs", () => {
  it.each([
    ["sandbox", SANDBOX],
    ["production", EXAMPLE_PRODUCTION],
    ["local at full speed", localStage({ timeScale: "1" })],
    ["local, 600 times faster", localStage({ timeScale: "600" })],
    ["local, a million times faster", localStage({ timeScale: "1000000" })],
  ])("hold for %s", (_name, stage) => {
    expect(() => prove(stage)).not.toThrow();
  });

  it("name the stage and each inequality that does not hold", () => {
    const stage = {
      ...SANDBOX,
      retention: { ...SANDBOX.retention, payloadsMs: 1 * DAY },
      polling: { ...SANDBOX.polling, runMs: 45_000 },
    };

    expect(() => prove(stage)).toThrow(
      [
        'Stage "sandbox": retention.payloadsMs (86,400,000 ms) must be at least Alloy\'s retries + queue + dead letters + longest replay (3,110,400,000 ms), or a large event that comes back late has no body left.',
        'Stage "sandbox": 0.8 × TIMEOUTS_MS.poller (44,000 ms) must be more than polling.runMs (45,000 ms), or a full run rings as poller-near-timeout, and Lambda may cut it off.',
      ].join("\n"),
    );
  });
});

describe("an event is remembered as long as it can come back", () => {
  it("36 days by Alloy, the queues and a replay, and the window is longer", () => {
    const sum = Object.values(REDELIVERY_MS).reduce((total, span) => total + span, 0);

    expect(sum).toBe(36 * DAY);
    expect(violations(redelivery(SANDBOX))).toEqual([]);
  });

  it("or the synth fails", () => {
    expect(violations(redelivery(SANDBOX, 36 * DAY - 1))).toEqual([
      "IDEMPOTENCY.windowMs (3,110,399,999 ms) must be at least Alloy's retries + queue + dead letters + longest replay (3,110,400,000 ms), or an event that comes back late has its effect twice.",
    ]);
  });

  it("and a dead letter does not expire on arrival", () => {
    const spans = { ...REDELIVERY_MS, deadLetterRetention: 4 * DAY };

    expect(violations(redelivery(SANDBOX, 40 * DAY, spans))).toEqual([
      expect.stringContaining("expires on arrival"),
    ]);
  });
});

it.each([
  ["ingest", { ingest: 6_000 }, "API Gateway gives up before ingest has answered"],
  ["the integration", { integration: 10_000 }, "Alloy gives up before API Gateway has answered"],
  ["the visibility", { visibility: 179_999 }, "delivers an event again"],
  ["the poller", { poller: 300_000 }, "two runs of the poller overlap"],
])("a limit ends before the one that would cut it off: %s", (_name, change, because) => {
  const limits = { ...TIMEOUTS_MS, ...change };

  expect(violations(timeLimits(SANDBOX, limits))).toEqual([expect.stringContaining(because)]);
});

it.each([
  ["a second check before the first", { secondCheckMs: 1 }, "checks get denser with age"],
  ["a cap below the second check", { capMs: 15 * 60_000 - 1 }, "checks get denser with age"],
  ["more calls than a run has time for", { callsPerRun: 211 }, "never reaches the calls"],
])("the poller's pace: %s fails the synth", (_name, change, because) => {
  const stage = { ...SANDBOX, polling: { ...SANDBOX.polling, ...change } };

  expect(violations(pollingPace(stage))).toEqual([expect.stringContaining(because)]);
});

describe("what comes in may run", () => {
  it.each([
    ["more batches than the consumer may run", { eventSource: 11 }, "throttled batches"],
    ["fewer than Lambda accepts", { eventSource: 1 }, "Lambda refuses"],
    ["fewer of a shared account than Lambda accepts", { sharedEventSource: 1 }, "Lambda refuses"],
  ])("%s fail the synth", (_name, change, because) => {
    const limits = { ...CONCURRENCY, ...change };

    expect(violations(concurrency(limits))).toEqual([expect.stringContaining(because)]);
  });

  it.each([
    ["more at one moment than cold executions take", { burst: 101 }, ["a burst finds fewer"]],
    ["more a second than Lambda starts", { requestsPerSecond: 1_001 }, ["Lambda refuses requests"]],
    [
      "more a second than warm executions take",
      { requestsPerSecond: 3_400 },
      ["a flood of forgeries", "Lambda refuses requests"],
    ],
  ])("%s fails the synth", (_name, change, because) => {
    const throttle = { ...THROTTLE, ...change };

    expect(violations(concurrency(CONCURRENCY, throttle))).toEqual(
      because.map((text) => expect.stringContaining(text)),
    );
  });
});
