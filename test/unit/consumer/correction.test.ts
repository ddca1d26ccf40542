import { describe, expect, test } from "vitest";

import { prepareCorrection } from "../../../lambdas/consumer/answer.ts";
import { outcomeOf, statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { correctionIdOf } from "../../../lambdas/domain/application/correction.ts";
import type { Correction } from "../../../lambdas/domain/application/correction.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { reportOf } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import type { Snapshot } from "../../../lambdas/domain/application/observation.ts";
import { stampOf } from "../../../lambdas/domain/application/stamp.ts";
import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { MemoryInvestigations } from "../../../tools/cloud-in-memory/investigations.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { CONSUMER_SETTINGS, UNCOUNTED } from "../../../tools/cloud-in-memory/runtime.ts";
import { aCorrection } from "../../support/snapshots.ts";
import { anEventRecord } from "../../support/records.ts";

const AT = 1_760_000_000_000;
const NOW = AT + 600_000;

const started = aJourneyEvent({ type: "started_application", at: AT - 1_000 });
const check = { dueAt: NOW, when: "first" } as const;

/** That Alloy has approved. */
const approval = (snapshot: Partial<Snapshot> = {}, changes: Partial<Correction> = {}) =>
  aCorrection(
    {
      status: "completed",
      outcome: "Approved",
      at: AT,
      externalIds: { group: "acct", partner: null, application: null },
      ...snapshot,
    },
    { askedAt: NOW, ...changes },
  );

/** A store in which these events are applied, and what is published by corrections of it. */
async function aConsumer(...events: readonly JourneyEvent[]) {
  const store = new MemoryApplicationTable();
  for (const event of events) await store.mergeState(stateOfEvent(event), check);
  const published: PublishedEvent[] = [];
  const done = new Set<string>();
  /** Takes a correction; the bus takes its event, unless the bus is down. */
  const correct = async (correction: Correction, bus: "up" | "down" = "up") => {
    const receipt = { receiptId: "poll", origin: "poll", receivedAt: NOW } as const;
    const { event } = await prepareCorrection({ receipt }, correction, {
      store,
      investigations: new MemoryInvestigations(),
      begin: async (eventId) => (done.has(eventId) ? "duplicate" : "begun"),
      isCompleted: async (eventId) => done.has(eventId),
      recordFirst: () => Promise.reject(new Error("a correction records nothing")),
      settings: CONSUMER_SETTINGS,
      metrics: UNCOUNTED,
      now: () => NOW,
    });
    if (event === null || bus === "down") return;
    published.push(event);
    done.add(event.eventId);
  };
  const standing = () => {
    const state = store.applications.get("JA-1")?.state;
    return state && [statusOf(state), outcomeOf(state)];
  };
  return { store, published, done, correct, standing };
}

describe("a correction that tells of an end whose message had failed", () => {
  const ended = aJourneyEvent({ type: "completed_application", at: AT, outcome: "Approved" });
  const confirms = reportOf(ended);
  const correction = approval({}, { confirms, mayComeBack: true });

  test("is published under the end's id, once", async () => {
    const { published, correct } = await aConsumer(started);

    await correct(correction);
    await correct({ ...correction, askedAt: NOW + 1 });

    expect(published).toMatchObject([{ eventId: confirms.eventId, route: "approved" }]);
  });

  test("waits for the end's first message, which was recorded meanwhile; once that has failed, it is published", async () => {
    const { store, published, correct } = await aConsumer(started);
    const { eventId } = ended;
    const lock = { by: "delivery", until: NOW + 1 };
    await store.recordEvent(anEventRecord(ended, { lock }));
    const effect = { eventId, isFirstTry: true, isPublished: () => true };
    await store.mergeState({ ...stateOfEvent(ended), effect }, check);

    await correct(correction);
    const meanwhile = [...published];
    await store.unlockEvent(ended, lock);
    await correct(correction);

    expect(meanwhile).toEqual([]);
    expect(published).toMatchObject([{ eventId, route: "approved" }]);
  });

  test("is not published when the message has come back and was published", async () => {
    const { published, done, correct, standing } = await aConsumer(started, ended);
    done.add(confirms.eventId);

    await correct(correction);

    expect(published).toEqual([]);
    expect(standing()).toEqual(["completed", "Approved"]);
  });
});

describe("a correction", () => {
  test("moves the state, and is published on the route of its status", async () => {
    const { published, correct, standing } = await aConsumer(started);
    const correction = approval();

    await correct(correction);

    expect(standing()).toEqual(["completed", "Approved"]);
    expect(published).toMatchObject([
      {
        eventId: correctionIdOf(correction),
        route: "approved",
        eventType: "snapshot",
        status: "completed",
        outcome: "Approved",
        origin: "poll",
        externalIds: { group: "acct", entity: null },
      },
    ]);
  });

  test("does nothing when an event has said the same meanwhile", async () => {
    const ended = aJourneyEvent({ type: "completed_application", at: AT, outcome: "Approved" });
    const { published, correct } = await aConsumer(started, ended);

    await correct(approval());

    expect(published).toEqual([]);
  });

  test("is not published when its own event was, and an end before the reopening came after that", async () => {
    const ended = { type: "completed_application", outcome: "Approved" };
    const retriggered = aJourneyEvent({ type: "journey_application_retriggered", at: AT - 300 });
    const told = aJourneyEvent({ ...ended, at: AT, outcome: "Denied" });
    const late = aJourneyEvent({ ...ended, at: AT - 500 });
    const { published, correct, standing } = await aConsumer(started, retriggered, told, late);
    expect(standing()).toEqual(["completed", "Approved"]);

    await correct(approval({ outcome: "Denied" }, { since: stampOf(retriggered) }));

    expect(published).toEqual([]);
    expect(standing()).toEqual(["completed", "Denied"]);
  });

  test("still holds when an older event comes after it, although it agreed when it was taken", async () => {
    const { store, published, correct, standing } = await aConsumer(started);
    await correct(approval({ status: "running", outcome: null }));
    expect(published).toEqual([]);

    // Alloy moved on by an event that the stage ignores; this one was held up.
    const pending = aJourneyEvent({ type: "pending_step_up", at: AT - 500 });
    await store.mergeState(stateOfEvent(pending), check);

    expect(standing()).toEqual(["running", null]);
  });

  test("does not undo what has happened since", async () => {
    const ended = aJourneyEvent({ type: "completed_application", at: AT + 1, outcome: "Denied" });
    const { published, correct, standing } = await aConsumer(started, ended);

    await correct(approval({ status: "waiting_review", outcome: null }));

    expect(standing()).toEqual(["completed", "Denied"]);
    expect(published).toEqual([]);
  });

  test("is still published when the first try was cut off before it could be", async () => {
    const { published, correct } = await aConsumer(started);
    const correction = approval();
    await correct(correction, "down");

    await correct(correction);

    expect(published.map((event) => event.route)).toEqual(["approved"]);
  });

  test("of a shadow application is kept, and not published", async () => {
    const { store, published, correct } = await aConsumer(started);

    await correct(approval({ isShadow: true }));

    expect(store.applications.get("JA-1")?.state.isShadow).toBe(true);
    expect(published).toEqual([]);
  });

  test("for our own books is not published", async () => {
    const { published, correct, standing } = await aConsumer(started);

    await correct(approval({ status: "waiting_review", outcome: null }, { news: "nothing" }));

    expect(standing()).toEqual(["waiting_review", null]);
    expect(published).toEqual([]);
  });

  test("that tells of a rerun makes the new application known, to be checked", async () => {
    const ended = aJourneyEvent({ type: "completed_application", at: AT, outcome: "Approved" });
    const { store, published, correct } = await aConsumer(started, ended);
    const reruns = [{ applicationToken: "JA-2", createdAt: AT + 5, initiatedBy: "api" }];

    await correct(approval({}, { news: "rerun", reruns }));

    expect(published.map((event) => event.route)).toEqual(["superseded"]);
    expect(store.applications.get("JA-2")).toMatchObject({
      state: { journeyToken: "J-1", submittedAt: AT + 5 },
      dueAt: NOW + 600_000,
    });
  });
});
