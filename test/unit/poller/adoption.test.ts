import { describe, expect, test } from "vitest";

import { stateOfSubmission } from "../../../lambdas/domain/application/observation.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aPoller, withRecorded, recordOf, START } from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import type { StoredApplication } from "../../support/poller.ts";
import { aSubmission } from "../../support/snapshots.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const ADOPTED_AT = START - 20 * MINUTE;

const started = aJourneyEvent({ type: "started_application", at: ADOPTED_AT - 3 * DAY });
const review = aJourneyEvent({ type: "pending_review", at: ADOPTED_AT - 2 * DAY });
const decided = aJourneyEvent({
  type: "completed_application",
  at: ADOPTED_AT + 5 * MINUTE,
  outcome: "Approved",
});

const adopted: StoredApplication = {
  ...withRecorded([started], { events: [] }),
  state: stateOfSubmission(aSubmission(), { at: ADOPTED_AT, publishes: false }),
};

const WATCHED = [METRICS.eventsMissing, METRICS.transitionsUnheard, METRICS.deliveryGaps];

describe("an adopted application, at its checks", () => {
  test("has its history queued, and is in no gap for it", async () => {
    const applications = new Map([["JA-1", adopted]]);
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review], { status: "waiting_review" }),
    });

    await poller.run();

    const types = poller.sent.map(({ body }) => JSON.parse(body ?? "").data.type);
    expect(types).toEqual([started.type, review.type]);
    expect(poller.notices).toEqual([]);
    expect(applications.get("JA-1")?.gap).toBeNull();
    expect(WATCHED.map((name) => poller.metrics.get(name))).toEqual([0, 0, 0]);
  });

  test("is checked again soon, until its history is recorded, and then agrees", async () => {
    const applications = new Map([["JA-1", adopted]]);
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review], { status: "waiting_review" }),
    });
    await poller.run();
    const first = applications.get("JA-1");
    expect(first?.memory.unsettledSince).not.toBeNull();
    expect(first?.dueAt).toBeLessThan(START + 5 * MINUTE);

    const events = [started, review].map((event) =>
      recordOf(event, { origin: "poll", receivedAt: START }),
    );
    applications.set("JA-1", { ...adopted, ...first, events, dueAt: START });
    await poller.run();

    expect(applications.get("JA-1")?.memory.unsettledSince).toBeNull();
    expect(applications.get("JA-1")?.gap).toBeNull();
  });

  test("is in gap for what is missing since its adoption", async () => {
    const applications = new Map([["JA-1", adopted]]);
    const poller = aPoller(applications, {
      answer: (token) =>
        alloyAnswer(token, [started, decided], { status: "completed", outcome: "Approved" }),
    });

    await poller.run();

    expect(applications.get("JA-1")?.gap).toMatchObject({
      since: decided.at,
      eventCount: 1,
      stage: "not-delivered",
    });
    expect(poller.sent).toHaveLength(2);
    expect(poller.metrics.get(METRICS.eventsMissing)).toBe(1);
  });

  test("is in gap for history whose processing failed", async () => {
    const failure = {
      eventId: review.eventId,
      eventType: review.type,
      failedAt: START - MINUTE,
      reason: "the table is down",
      deadLettered: true,
    };
    const applications = new Map([["JA-1", { ...adopted, failures: [failure] }]]);
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review], { status: "waiting_review" }),
    });

    await poller.run();

    expect(applications.get("JA-1")?.gap).toMatchObject({ stage: "dead-lettered", eventCount: 1 });
  });

  test("is in no gap for webhooks that never came, while Alloy does not answer", async () => {
    const applications = new Map([["JA-1", adopted]]);
    const poller = aPoller(applications, {
      answer: () => ({ kind: "failed", cause: "timeout", retryAfterMs: null }),
    });

    await poller.run();

    expect(applications.get("JA-1")?.gap).toBeNull();
    expect(poller.notices).toEqual([]);
  });
});
