import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { healthOf } from "../../../tools/ops/health.ts";
import type { Observed } from "../../../tools/ops/health.ts";
import { StatusSchema } from "../../../tools/ops/health-schema.ts";
import { describeStatus } from "../../../tools/ops/status.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");

const aQueue = (id: string, waiting: number) => ({ id, name: `s-${id}-X1`, waiting, inFlight: 0 });

function observed(change: Partial<Observed> = {}): Observed {
  return {
    stack: "AlloyJourneyWebhooks-production",
    now: NOW,
    alarms: [],
    endpoint: { url: "https://example.com", answer: 404, why: "", ms: 80 },
    queues: [aQueue("EventQueue", 3), aQueue("ApprovedQueue", 40), aQueue("DeadLetterQueue", 0)],
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
  reads: [METRICS.deliveryGaps],
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

  it("says a filled queue once, with the severity of the alarm that reads it", () => {
    // It stood there as a ticket, beside the page of its alarm.
    const alarm = {
      ...ALARM,
      id: "dead-letters-not-empty",
      fact: "At least one event is in the dead-letter queue.",
      runbook: null,
      reads: ["s-DeadLetterQueue-X1"],
    };
    const queues = [aQueue("ApprovedDeadLetterQueue", 1), aQueue("DeadLetterQueue", 2)];

    expect(textOf({ alarms: [alarm], queues }).filter((_, line) => line !== 1)).toEqual([
      "NOT HEALTHY: page dead-letters-not-empty; 1 in ApprovedDeadLetterQueue",
      "  page    dead-letters-not-empty for 20 min: At least one event is in the dead-letter queue. (2 in DeadLetterQueue) → dead-letters",
      "  ticket  1 in ApprovedDeadLetterQueue → dead-letters --queue ApprovedDeadLetterQueue",
    ]);
  });

  it("says a filled queue with the first of several alarms, and a long one beside an alarm of another thing", () => {
    const alarm = { ...ALARM, fact: "Full.", since: NOW, runbook: null };
    const alarms = [
      { ...alarm, id: "expiring", severity: "page", reads: ["s-DeadLetterQueue-X1"] },
      { ...alarm, id: "later", severity: "ticket", reads: ["s-DeadLetterQueue-X1"] },
      { ...alarm, id: "first", since: NOW - 60_000, reads: ["s-DeadLetterQueue-X1"] },
      { ...alarm, id: "poller-silent", severity: "page", reads: ["s-EventQueue-X1"] },
    ] as const;
    const queues = [aQueue("DeadLetterQueue", 2), aQueue("EventQueue", 1_000)];

    expect(textOf({ alarms, queues }).slice(2)).toEqual([
      "  page    expiring for 0 min: Full.",
      "  page    first for 1 min: Full. (2 in DeadLetterQueue) → dead-letters",
      "  page    poller-silent for 0 min: Full.",
      "  ticket  later for 0 min: Full.",
      "  ticket  1000 events wait in EventQueue → logs consumer",
    ]);
  });

  it("says a gap once as well", () => {
    const values = new Map([[METRICS.deliveryGaps, 2]]);

    const { attention } = healthOf(observed({ alarms: [ALARM], values }));

    expect(attention).toMatchObject([
      {
        kind: "alarm",
        severity: "page",
        sentence: `${ALARM.fact} (2 applications in gap)`,
        next: "gaps",
      },
    ]);
  });

  it.each([
    ["a dead letter", { queues: [aQueue("DeadLetterQueue", 1)] }],
    ["a route's dead letter", { queues: [aQueue("ApprovedDeadLetterQueue", 1)] }],
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
