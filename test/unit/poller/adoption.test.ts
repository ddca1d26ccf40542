import { describe, expect, test } from "vitest";

import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfSubmission } from "../../../lambdas/domain/application/observation.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  afterRun,
  DAY,
  failureOf,
  MINUTE,
  recordOf,
  START,
  TIMED_OUT,
  withRecorded,
} from "../../support/poller.ts";
import type { StoredApplication } from "../../support/poller.ts";
import { aSubmission } from "../../support/snapshots.ts";

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

const waiting = { status: "waiting_review" };
const WATCHED = [METRICS.eventsMissing, METRICS.transitionsUnheard, METRICS.deliveryGaps];

describe("an adopted application, at its checks", () => {
  test("has its history queued, and is in no gap for it", async () => {
    const poller = await afterRun(adopted, [started, review], { says: waiting });

    const types = poller.sent.map(({ body }) => JSON.parse(body ?? "").data.type);
    expect(types).toEqual([started.type, review.type]);
    expect(poller.notices).toEqual([]);
    expect(poller.stored().gap).toBeNull();
    expect(WATCHED.map((name) => poller.metrics.get(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("is checked again soon, until its history is recorded, and then agrees", async () => {
    const poller = await afterRun(adopted, [started, review], { says: waiting });
    expect(poller.stored().memory.unsettledSince).not.toBeNull();
    expect(poller.nextCheckAt()).toBeLessThan(START + 5 * MINUTE);

    const events = [started, review].map((event) =>
      recordOf(event, { origin: "poll", receivedAt: START }),
    );
    const { state } = withRecorded([started, review]);
    poller.change({ events, state: mergeState(adopted.state, state) });
    await poller.runAfter((poller.nextCheckAt() ?? 0) - poller.now());

    expect(poller.stored().memory.unsettledSince).toBeNull();
    expect(poller.stored().gap).toBeNull();
  });

  test("is in gap for what is missing since its adoption", async () => {
    const says = { status: "completed", outcome: "Approved" };
    const poller = await afterRun(adopted, [started, decided], { says });

    expect(poller.stored().gap).toMatchObject({
      since: decided.at,
      eventCount: 1,
      stage: "not-delivered",
    });
    expect(poller.sent).toHaveLength(2);
    expect(poller.metrics.get(METRICS.eventsMissing)).toBe(1);
  });

  test("is in gap for history whose processing failed", async () => {
    const failure = failureOf(review, { failedAt: START - MINUTE });
    const poller = await afterRun({ ...adopted, failures: [failure] }, [started, review], {
      says: waiting,
    });

    expect(poller.stored().gap).toMatchObject({ stage: "dead-lettered", eventCount: 1 });
  });

  test("is in no gap for webhooks that never came, while Alloy does not answer", async () => {
    const poller = await afterRun(adopted, () => TIMED_OUT);

    expect(poller.stored().gap).toBeNull();
    expect(poller.notices).toEqual([]);
  });
});
