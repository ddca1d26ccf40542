import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { healthOf } from "../../../tools/ops/health.ts";
import type { Observed } from "../../../tools/ops/health.ts";
import { StatusSchema } from "../../../tools/ops/health-schema.ts";
import { describeStatus } from "../../../tools/ops/status.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");

function observed(change: Partial<Observed> = {}): Observed {
  return {
    stack: "AlloyJourneyWebhooks-production",
    now: NOW,
    alarms: [],
    endpoint: { url: "https://example.com", answer: 404, why: "", ms: 80 },
    queues: [
      { id: "EventQueue", waiting: 3, inFlight: 1 },
      { id: "ApprovedQueue", waiting: 40, inFlight: 0 },
      { id: "DeadLetterQueue", waiting: 0, inFlight: 0 },
    ],
    values: new Map(),
    lastWeek: new Map(),
    lastWebhookAt: NOW - 12 * 60_000,
    lastPollAt: NOW - 60_000,
    ...change,
  };
}

const ALARM = {
  id: "delivery-gap",
  severity: "page",
  fact: "Alloy has events that have not taken effect here.",
  since: NOW - 20 * 60_000,
  runbook: "https://example.com/delivery-gap.md",
} as const;

function textOf(change: Partial<Observed>): readonly string[] {
  return describeStatus(healthOf(observed(change)), false);
}

describe("status", () => {
  it("says in its first line that the stack is healthy, and when the last webhook came", () => {
    expect(textOf({})).toEqual([
      "Healthy: no alarm, no gap, no dead letter",
      "  last webhook 12 min ago; last run of the poller 1 min ago; endpoint answers in 80 ms",
    ]);
  });

  it("names each alarm with its severity, since when, and its runbook", () => {
    // U16: alarm names without severity, since when, runbook; exit code 0 with pages ringing.
    const { isHealthy } = healthOf(observed({ alarms: [ALARM] }));

    expect(isHealthy).toBe(false);
    expect(textOf({ alarms: [ALARM] })).toEqual([
      "NOT HEALTHY: page delivery-gap",
      "  last webhook 12 min ago; last run of the poller 1 min ago; endpoint answers in 80 ms",
      "  page    delivery-gap for 20 min: Alloy has events that have not taken effect here. → https://example.com/delivery-gap.md",
    ]);
  });

  it.each([
    ["a dead letter", { queues: [{ id: "DeadLetterQueue", waiting: 1, inFlight: 0 }] }],
    [
      "a route's dead letter",
      { queues: [{ id: "ApprovedDeadLetterQueue", waiting: 1, inFlight: 0 }] },
    ],
    ["a gap", { values: new Map([[METRICS.deliveryGaps, 2]]) }],
    ["an endpoint that does not answer", { endpoint: { ...observed().endpoint, answer: null } }],
    ["an endpoint that is not ours", { endpoint: { ...observed().endpoint, answer: 200 } }],
  ])("is not healthy with %s, before any alarm rings", (_, change: Partial<Observed>) => {
    expect(healthOf(observed(change)).isHealthy).toBe(false);
  });

  it("is healthy while strangers are refused, and notes them", () => {
    const status = healthOf(observed({ values: new Map([[METRICS.credentialsRejected, 3]]) }));

    expect(status.isHealthy).toBe(true);
    expect(status.attention).toMatchObject([
      { severity: "note", sentence: "CredentialsRejected 3 in the last hour" },
    ]);
  });

  it("does not call an hour healthy in which the webhooks have stopped", () => {
    // U10: a receiver dead since ten minutes still showed a healthy hour.
    const change = {
      values: new Map([[METRICS.webhooksReceived, 40]]),
      lastWeek: new Map([[METRICS.webhooksReceived, 400]]),
    };

    expect(textOf(change).join("\n")).toContain(
      "40 webhooks in the last hour, 400 in the same hour last week, the last 12 min ago",
    );
  });

  it("fits on ten lines however much is wrong, and --all shows the rest", () => {
    const alarms = Array.from({ length: 30 }, (_, n) => ({ ...ALARM, id: `alarm-${n}` }));
    const status = healthOf(observed({ alarms }));

    expect(describeStatus(status, false)).toHaveLength(11);
    expect(describeStatus(status, true).join("\n")).toContain("alarm-29 for 20 min");
    expect(describeStatus(status, true).join("\n")).toContain("EventQueue");
  });

  it("leaves out queues and metrics that are as they should be", () => {
    expect(textOf({}).join("\n")).not.toContain("Queue");
  });

  it("is JSON that its schema describes", () => {
    const status = healthOf(observed({ alarms: [ALARM] }));

    expect(v.parse(StatusSchema, JSON.parse(JSON.stringify(status)))).toEqual(status);
  });
});
