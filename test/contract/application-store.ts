import { createHash } from "node:crypto";

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  forgottenState,
  mergeState,
  outcomeOf,
  statusOf,
} from "../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import {
  stateOfEvent,
  stateOfHealedEvent,
  stateOfRerun,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../lambdas/domain/application/observation.ts";
import type { Snapshot } from "../../lambdas/domain/application/observation.ts";
import type {
  ApplicationStore,
  CheckRequest,
  EventRecord,
  FailureRecord,
} from "../../lambdas/domain/ports.ts";
import { anyHistoryOf } from "../support/histories.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { mergeOver } from "../../lambdas/domain/application/withholding.ts";
import { aJourneyEvent } from "../support/journey-event.ts";

/** Without what depends on the order: which end was published. */
function inAnyOrder(state: ApplicationState): ApplicationState {
  return { ...state, published: [] };
}

/** What a store keeps of an application, as the suite looks at it from outside. */
export interface SeenApplication {
  readonly state: ApplicationState;
  /** Shown beside the registers, for people and for rules. */
  readonly status: string | null;
  readonly outcome: string | null;
  readonly dueAt: number | null;
  readonly settledAt: number | null;
}

/** A store, and eyes and hands beside it. */
export interface OpenStore {
  readonly store: ApplicationStore;
  readonly see: (applicationToken: string) => Promise<SeenApplication | null>;
  readonly eventsOf: (applicationToken: string | null) => Promise<readonly EventRecord[]>;
  readonly failuresOf: (applicationToken: string) => Promise<readonly FailureRecord[]>;
  /** What the poller does with an application that has ended. */
  readonly settle: (applicationToken: string, at: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const NOW = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;
const first: CheckRequest = { dueAt: NOW + 10 * MINUTE, when: "first" };

function aSnapshot(applicationToken: string): Snapshot {
  return {
    applicationToken,
    journeyToken: "J-1",
    status: "running",
    outcome: null,
    at: NOW,
    environment: "sandbox",
    externalIds: { group: null, partner: null, application: null },
    chain: { previous: null, root: null, next: null },
    isShadow: false,
  };
}

/** The promises of `ApplicationStore`, for each of its implementations. */
export function describeApplicationStore(
  name: string,
  open: () => Promise<OpenStore>,
  /** Histories tried per law: fewer where each write is slow. */
  runs: number,
): void {
  describe(`ApplicationStore: ${name}`, () => {
    let opened: OpenStore;
    let store: ApplicationStore;
    let applications = 0;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });

    afterAll(async () => {
      await opened.close();
    });

    /** A token that no other test has, nor another run on the same table. */
    function newToken(): string {
      applications += 1;
      return `JA-${process.pid}-${Date.now().toString(36)}-${applications}`;
    }

    async function seen(applicationToken: string): Promise<SeenApplication> {
      const application = await opened.see(applicationToken);
      if (application === null) throw new Error(`${applicationToken} is not kept`);
      return application;
    }

    describe("merging", () => {
      test("equals the pure merge, for any history in any order", async () => {
        await fc.assert(
          fc.asyncProperty(anyHistoryOf("JA", 8), async ({ history, arrivals }) => {
            const applicationToken = newToken();
            const of = (state: ApplicationState) => ({ ...state, applicationToken });

            const results: ApplicationState[] = [];
            for (const arrival of arrivals) {
              results.push((await store.mergeState(of(arrival), first)).after);
            }

            const wanted = history.map(of).reduce(mergeState);
            expect(results.map(inAnyOrder).at(-1)).toEqual(wanted);
            const kept = await opened.see(applicationToken);
            if (kept === null) throw new Error("nothing is kept");
            expect({ ...kept, state: inAnyOrder(kept.state) }).toMatchObject({
              state: wanted,
              status: statusOf(wanted),
              outcome: outcomeOf(wanted),
            });
          }),
          { numRuns: runs },
        );
      });

      test("says of each observation what was known before, and what the pure merge makes of both, and which end is published", async () => {
        await fc.assert(
          fc.asyncProperty(anyHistoryOf("JA", 5), async ({ arrivals }) => {
            const applicationToken = newToken();
            let before: ApplicationState | null = null;
            for (const arrival of arrivals) {
              const observation = { ...arrival, applicationToken };
              const after: ApplicationState = mergeOver(before, observation);

              expect(await store.mergeState(observation, first)).toEqual({ before, after });
              before = after;
            }
          }),
          { numRuns: runs },
        );
      });

      test("equals the pure merge when all observations arrive at once", async () => {
        await fc.assert(
          fc.asyncProperty(anyHistoryOf("JA", 6), async ({ history, arrivals }) => {
            const applicationToken = newToken();
            const of = (state: ApplicationState) => ({ ...state, applicationToken });

            await Promise.all(arrivals.map((arrival) => store.mergeState(of(arrival), first)));

            expect(inAnyOrder((await seen(applicationToken)).state)).toEqual(
              history.map(of).reduce(mergeState),
            );
          }),
          { numRuns: runs },
        );
      });

      test("lets progress count after Alloy has answered that the application is open again", async () => {
        const applicationToken = newToken();
        const [end, review] = [
          { type: "completed_application", at: NOW, outcome: "Approved" },
          { type: "pending_review", at: NOW + 2 },
        ].map((given) => stateOfEvent(aJourneyEvent({ ...given, applicationToken })));
        if (end === undefined || review === undefined) throw new Error("unreachable");
        const answer = stateOfSnapshot(
          { ...aSnapshot(applicationToken), at: NOW + 1 },
          NOW + 1,
          null,
          null,
        );

        for (const observation of [end, answer, review]) await store.mergeState(observation, first);

        expect(await seen(applicationToken)).toMatchObject({
          status: "waiting_review",
          outcome: null,
        });
      });

      test("keeps a decision when an unarchiving and a trailing step follow it", async () => {
        const applicationToken = newToken();
        const events = [
          { type: "completed_application", at: NOW, outcome: "Approved" },
          { type: "application_unarchived", at: NOW + 1 },
          { type: "completed_review", at: NOW + 2, entityApplicationToken: "EA-1" },
        ].map((given) => aJourneyEvent({ ...given, applicationToken }));

        for (const event of events) await store.mergeState(stateOfEvent(event), first);

        expect(await seen(applicationToken)).toMatchObject({
          status: "completed",
          outcome: "Approved",
        });
      });

      test("takes waiting for later than running within one millisecond", async () => {
        const applicationToken = newToken();
        for (const type of ["pending_review", "completed_review"]) {
          await store.mergeState(stateOfEvent(aJourneyEvent({ type, applicationToken })), first);
        }

        expect((await seen(applicationToken)).status).toBe("waiting_review");
      });

      test("lets Alloy's own answer stand above progress that is older", async () => {
        const applicationToken = newToken();
        const event = aJourneyEvent({ type: "pending_step_up", applicationToken });
        const snapshot = aSnapshot(applicationToken);
        await store.mergeState(
          stateOfSnapshot({ ...snapshot, status: "waiting_review", at: event.at }, NOW, null, null),
          first,
        );

        await store.mergeState(stateOfEvent(event), first);

        expect((await seen(applicationToken)).status).toBe("waiting_review");
      });

      test("keeps the outcome when another report of the end names none", async () => {
        for (const at of [NOW - 3, NOW, NOW + 3]) {
          const applicationToken = newToken();
          const end = { type: "completed_application", applicationToken };
          const approved = aJourneyEvent({ ...end, at: NOW, outcome: "Approved" });
          await store.mergeState(stateOfEvent(approved), first);

          await store.mergeState(stateOfEvent(aJourneyEvent({ ...end, at })), first);

          const { state, ...shown } = await seen(applicationToken);
          expect(shown).toMatchObject({ status: "completed", outcome: "Approved" });
          expect([statusOf(state), outcomeOf(state)]).toEqual(["completed", "Approved"]);
        }
      });

      test("knows a rerun's application by its origin before any event of its own", async () => {
        const [original, rerun] = [newToken(), newToken()];
        const event = aJourneyEvent({
          type: "started_rerun_application",
          applicationToken: original,
          rerunApplicationToken: rerun,
        });

        await store.mergeState(stateOfEvent(event), first);
        const state = stateOfRerun(event);
        if (state !== null) await store.mergeState(state, first);

        const [before, after] = [await seen(original), await seen(rerun)];
        expect(before.state.chain.next?.token).toBe(rerun);
        expect(after.state.chain.previous?.token).toBe(original);
        expect(after).toMatchObject({ status: null, dueAt: first.dueAt });
      });

      test("remembers until when events were healed", async () => {
        const applicationToken = newToken();
        for (const after of [5, 9, 7]) {
          const event = aJourneyEvent({ applicationToken, at: NOW + after });
          await store.mergeState(stateOfHealedEvent(event), first);
        }

        expect((await seen(applicationToken)).state.healedUntil).toBe(NOW + 9);
      });

      test("adopts an application once, and none of which something older is known", async () => {
        const [adopted, known, webhookFirst] = [newToken(), newToken(), newToken()];
        const adoptionOf = (applicationToken: string, at: number) =>
          stateOfSubmission(
            {
              applicationToken,
              journeyToken: "J-1",
              submittedAt: null,
              externalIds: { group: null, partner: null, application: null },
            },
            { at, publishes: false },
          );
        await store.mergeState(stateOfEvent(aJourneyEvent({ applicationToken: known })), first);

        const newer = aJourneyEvent({ applicationToken: webhookFirst, at: NOW + 5_000 });
        await store.mergeState(stateOfEvent(newer), first);

        for (const token of [adopted, known, webhookFirst]) {
          for (const at of [NOW, NOW - 1_000, NOW + 1_000]) {
            await store.mergeState(adoptionOf(token, at), first);
          }
        }
        await store.mergeState(stateOfEvent(aJourneyEvent({ applicationToken: adopted })), first);

        const [one, other] = [await seen(adopted), await seen(known)];
        expect(one.state.adopted).toEqual({ at: NOW - 1_000, publishes: false });
        expect(other.state.adopted).toBeNull();
        // All that is known of it happened since.
        expect((await seen(webhookFirst)).state.adopted).toEqual(one.state.adopted);
      });

      test("indexes no external id that is too long for an index, and keeps it", async () => {
        const applicationToken = newToken();
        const group = "g".repeat(2_049);
        const event = aJourneyEvent({
          applicationToken,
          externalIds: { group, entity: null, partner: null, application: null },
        });

        await store.mergeState(stateOfEvent(event), first);

        expect((await seen(applicationToken)).state.externalIds.group).toBe(group);
      });

      test("believes Alloy's answer above its events, and its events above a submission", async () => {
        const applicationToken = newToken();
        const ids = (group: string) => ({ group, partner: null, application: null });
        const observations = [
          stateOfSubmission({
            applicationToken,
            journeyToken: "J-zzz",
            submittedAt: NOW,
            externalIds: { ...ids("zzz-forged"), partner: "partner-1" },
          }),
          stateOfEvent(
            aJourneyEvent({ applicationToken, externalIds: { ...ids("group-1"), entity: null } }),
          ),
          stateOfSnapshot(
            { ...aSnapshot(applicationToken), externalIds: ids("answered") },
            NOW,
            null,
            null,
          ),
        ];

        for (const observation of observations.slice(0, 2)) {
          await store.mergeState(observation, first);
        }
        expect((await seen(applicationToken)).state).toMatchObject({
          journeyToken: "J-1",
          externalIds: { group: "group-1", partner: "partner-1" },
        });
        for (const observation of observations.toReversed()) {
          await store.mergeState(observation, first);
        }
        expect((await seen(applicationToken)).state).toMatchObject({
          journeyToken: "J-1",
          externalIds: { group: "answered", partner: "partner-1" },
        });
      });
    });

    describe("planning checks", () => {
      const submissionOf = (applicationToken: string) =>
        stateOfSubmission({
          applicationToken,
          journeyToken: "J-1",
          submittedAt: NOW,
          externalIds: { group: "group-1", partner: null, application: null },
        });
      const eventOf = (applicationToken: string, changes: Partial<JourneyEvent> = {}) =>
        stateOfEvent(aJourneyEvent({ applicationToken, at: NOW, ...changes }));

      test("plans the first check when it hears of an application", async () => {
        const applicationToken = newToken();

        await store.mergeState(submissionOf(applicationToken), first);

        expect(await seen(applicationToken)).toMatchObject({
          dueAt: first.dueAt,
          settledAt: null,
        });
      });

      test("leaves a planned check where it is", async () => {
        const applicationToken = newToken();
        await store.mergeState(submissionOf(applicationToken), first);

        await store.mergeState(eventOf(applicationToken), { dueAt: NOW, when: "first" });
        // A late one, which takes the slow way.
        await store.mergeState(eventOf(applicationToken, { at: NOW - 1 }), {
          dueAt: NOW,
          when: "first",
        });

        expect((await seen(applicationToken)).dueAt).toBe(first.dueAt);
      });

      test("puts a check that is wanted now in place of the planned one", async () => {
        const applicationToken = newToken();
        await store.mergeState(submissionOf(applicationToken), first);

        const end = eventOf(applicationToken, { type: "completed_application" });
        await store.mergeState(end, { dueAt: NOW + 1, when: "now" });

        expect((await seen(applicationToken)).dueAt).toBe(NOW + 1);
      });

      test("puts a check that is wanted now in place of the planned one, known as the event may be", async () => {
        const applicationToken = newToken();
        const end = eventOf(applicationToken, { type: "completed_application" });
        await store.mergeState(end, first);

        await store.mergeState(end, { dueAt: NOW + 2, when: "now" });

        expect((await seen(applicationToken)).dueAt).toBe(NOW + 2);
      });

      test("leaves a settled application alone when a straggler arrives", async () => {
        const applicationToken = newToken();
        await store.mergeState(
          eventOf(applicationToken, { type: "completed_application", outcome: "Denied" }),
          first,
        );
        await opened.settle(applicationToken, NOW + 1);

        await store.mergeState(
          eventOf(applicationToken, { type: "pending_review", at: NOW - 1 }),
          first,
        );

        expect(await seen(applicationToken)).toMatchObject({
          status: "completed",
          outcome: "Denied",
          dueAt: null,
          settledAt: NOW + 1,
        });
      });

      test("checks a settled application again when another end arrives", async () => {
        const applicationToken = newToken();
        const end = { type: "completed_application", outcome: "Denied", at: NOW };
        const wanted: CheckRequest = { dueAt: NOW + 3, when: "now-if-ended" };
        await store.mergeState(eventOf(applicationToken, end), wanted);
        await opened.settle(applicationToken, NOW + 1);

        // The same end once more asks for nothing.
        await store.mergeState(eventOf(applicationToken, end), wanted);
        expect(await seen(applicationToken)).toMatchObject({ dueAt: null, settledAt: NOW + 1 });
        const another = { type: "completed_application", outcome: "Approved", at: NOW + 2 };
        await store.mergeState(eventOf(applicationToken, another), wanted);

        expect(await seen(applicationToken)).toMatchObject({
          outcome: "Denied",
          dueAt: NOW + 3,
          settledAt: null,
        });
      });

      test("checks an application again that was given up, when it moves", async () => {
        const applicationToken = newToken();
        await store.mergeState(submissionOf(applicationToken), first);
        await opened.settle(applicationToken, NOW + 1);

        await store.mergeState(eventOf(applicationToken), { dueAt: NOW + 3, when: "first" });

        expect(await seen(applicationToken)).toMatchObject({ dueAt: NOW + 3, settledAt: null });
      });

      test("checks a settled application again when Alloy answers that it is open", async () => {
        const applicationToken = newToken();
        const end = { type: "completed_application", outcome: "Denied" };
        await store.mergeState(eventOf(applicationToken, end), first);
        await opened.settle(applicationToken, NOW + 1);

        await store.mergeState(
          stateOfSnapshot({ ...aSnapshot(applicationToken), at: NOW + 2 }, NOW + 2, null, null),
          { dueAt: NOW + 3, when: "first" },
        );

        expect(await seen(applicationToken)).toMatchObject({
          status: "running",
          dueAt: NOW + 3,
          settledAt: null,
        });
      });

      test("checks a settled application again when somebody wants it now", async () => {
        const applicationToken = newToken();
        const end = eventOf(applicationToken, { type: "completed_application" });
        await store.mergeState(end, first);
        await opened.settle(applicationToken, NOW + 1);

        await store.mergeState(end, { dueAt: NOW + 2, when: "now" });

        expect(await seen(applicationToken)).toMatchObject({ dueAt: NOW + 2, settledAt: null });
      });
    });

    describe("recording events", () => {
      const recordOf = (event: JourneyEvent, changes: Partial<EventRecord> = {}): EventRecord => ({
        eventId: event.eventId,
        applicationToken: event.applicationToken,
        type: event.type,
        at: event.at,
        receivedAt: NOW + 500,
        receiptId: "receipt-1",
        origin: "webhook",
        route: "progressed",
        outcome: null,
        entityToken: null,
        entityApplicationToken: event.entityApplicationToken,
        nodeId: event.node.id,
        eventToken: event.eventToken,
        body: new TextEncoder().encode(`{ "ünd": "mehr\\u0000", "type": "${event.type}" }\n`),
        payloadKey: null,
        isWithheld: false,
        ...changes,
      });

      test("keeps an event as it was given", async () => {
        const record = recordOf(
          aJourneyEvent({
            applicationToken: newToken(),
            entityApplicationToken: "EA-1",
            node: { id: "1632850500102", type: "workflow" },
            eventToken: "22750001",
          }),
          { entityToken: "P-1", outcome: "Approved", payloadKey: "payloads/1" },
        );

        expect(await store.recordEvent(record)).toEqual({
          isNew: true,
          receiptId: record.receiptId,
          receivedAt: record.receivedAt,
          isWithheld: false,
          outcome: "Approved",
        });

        expect(await opened.eventsOf(record.applicationToken)).toEqual([record]);
      });

      test("keeps an event once, and says with whose receipt", async () => {
        const record = recordOf(aJourneyEvent({ applicationToken: newToken() }));
        await store.recordEvent(record);

        const again = {
          ...record,
          receiptId: "receipt-2",
          origin: "poll",
          outcome: "Approved",
        } as const;
        expect(await store.recordEvent(again)).toEqual({
          isNew: false,
          receiptId: record.receiptId,
          receivedAt: record.receivedAt,
          isWithheld: false,
          outcome: null,
        });

        expect(await opened.eventsOf(record.applicationToken)).toEqual([record]);
      });

      test("keeps one of ten copies that arrive at once", async () => {
        const record = recordOf(aJourneyEvent({ applicationToken: newToken() }));

        const answers = await Promise.all(
          Array.from({ length: 10 }, () => store.recordEvent(record)),
        );

        expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
        expect(await opened.eventsOf(record.applicationToken)).toHaveLength(1);
      });

      test("keeps events of one application apart, in one millisecond even", async () => {
        const applicationToken = newToken();
        const events = ["node-1", "node-2"].map((id) =>
          aJourneyEvent({ applicationToken, node: { id, type: null } }),
        );

        for (const event of events) await store.recordEvent(recordOf(event));

        expect(await opened.eventsOf(applicationToken)).toHaveLength(2);
      });

      test("keeps a body without an application once, whatever time its attempts name", async () => {
        const eventId = newToken();
        const record = {
          ...recordOf(aJourneyEvent(), { body: new TextEncoder().encode(`[1,"two",null]`) }),
          eventId,
          applicationToken: null,
        };
        await store.recordEvent(record);

        const attempt = { ...record, at: record.at + 86_400_000 };
        expect(await store.recordEvent(attempt)).toMatchObject({ isNew: false });
      });

      test("keeps a body too large for an item but for its content", async () => {
        // 640 KB that do not compress, the same on every machine.
        const hashes = Array.from({ length: 15_000 }, (_, index) =>
          createHash("sha256").update(String(index)).digest("base64"),
        );
        const noise = hashes.join("");
        const event = aJourneyEvent({ applicationToken: newToken() });

        expect(
          await store.recordEvent(recordOf(event, { body: new TextEncoder().encode(noise) })),
        ).toMatchObject({
          isNew: true,
        });

        const [kept] = await opened.eventsOf(event.applicationToken);
        expect(kept).toMatchObject({ eventId: event.eventId, type: event.type });
      });

      test("finds the events of about the same time, and no others", async () => {
        const applicationToken = newToken();
        const event = aJourneyEvent({ applicationToken, at: NOW });
        const near = [-2_000, 0, 2_000].map((apart) =>
          aJourneyEvent({ applicationToken, at: NOW + apart, type: "pending_review" }),
        );
        const far = [-2_001, 2_001].map((apart) =>
          aJourneyEvent({ applicationToken, at: NOW + apart, type: "pending_review" }),
        );
        const another = aJourneyEvent({ applicationToken: newToken(), at: NOW });
        for (const one of [...near, ...far, another]) await store.recordEvent(recordOf(one));

        const { recorded: found } = await store.reportsNear(event);

        expect(found.map(({ eventId }) => eventId).toSorted()).toEqual(
          near.map(({ eventId }) => eventId).toSorted(),
        );
        expect(found[0]).toMatchObject({ type: "pending_review", nodeId: null, eventToken: null });
      });

      test("notes that an event is withheld, if it is recorded", async () => {
        const record = recordOf(aJourneyEvent({ applicationToken: newToken() }));
        const event = aJourneyEvent({ applicationToken: record.applicationToken ?? "" });
        await store.withholdEvent(event);
        expect(await opened.eventsOf(record.applicationToken)).toEqual([]);
        await store.recordEvent(record);

        await store.withholdEvent(event);

        const withheld = { ...record, isWithheld: true };
        expect(await opened.eventsOf(record.applicationToken)).toEqual([withheld]);
      });

      test("finds the mark of a healed event, what was alike, and its webhooks", async () => {
        const applicationToken = newToken();
        const event = aJourneyEvent({ applicationToken, at: NOW });
        const webhook = aJourneyEvent({ applicationToken, at: NOW + 3, entityToken: "P-1" });
        const mark = {
          event: { ...reportOf(event), applicationToken },
          lookAlikes: [{ ...reportOf(webhook), recordedAs: null }],
          webhooks: [],
        };
        await store.noteWebhookOf(mark.event, webhook);
        await store.markHealed(applicationToken, mark, NOW + 1e9);
        await store.markHealed(applicationToken, { ...mark, lookAlikes: [] }, NOW + 1e9);

        await store.noteWebhookOf(mark.event, webhook);
        await store.noteWebhookOf(mark.event, webhook);

        const far = aJourneyEvent({ applicationToken, at: NOW + 2_001 });
        expect((await store.reportsNear(webhook)).marks).toEqual([
          { ...mark, webhooks: [reportOf(webhook)] },
        ]);
        expect((await store.reportsNear(far)).marks).toEqual([]);
      });

      test("forgets an event, and only that", async () => {
        const applicationToken = newToken();
        const [kept, forgotten] = [1, 2].map((after) =>
          aJourneyEvent({ applicationToken, at: NOW + after }),
        );
        if (kept === undefined || forgotten === undefined) throw new Error("unreachable");
        for (const event of [kept, forgotten]) await store.recordEvent(recordOf(event));

        await store.forgetEvent(forgotten);
        await store.forgetEvent(forgotten);

        const events = await opened.eventsOf(applicationToken);
        expect(events.map(({ eventId }) => eventId)).toEqual([kept.eventId]);
      });
    });

    describe("evidence of failures", () => {
      const failure: Omit<FailureRecord, "applicationToken"> = {
        eventId: "0123456789abcdef0123456789abcdef",
        eventType: "pending_review",
        reason: "Publishing events failed: TimeoutError",
        failedAt: NOW,
        receiptId: "receipt-1",
        deadLettered: false,
      };

      test("keeps the latest of an event", async () => {
        const applicationToken = newToken();
        await store.recordFailure({ ...failure, applicationToken });

        const latest = { ...failure, applicationToken, failedAt: NOW + 1, deadLettered: true };
        await store.recordFailure(latest);

        expect(await opened.failuresOf(applicationToken)).toEqual([latest]);
        expect(await store.hasFailure(applicationToken, failure.eventId)).toBe(true);
      });

      test("keeps none of a forgotten application", async () => {
        const applicationToken = newToken();
        await store.mergeState(forgottenState(applicationToken, NOW), first);

        await store.recordFailure({ ...failure, applicationToken });

        expect(await opened.failuresOf(applicationToken)).toEqual([]);
      });

      test("clears it, whether it is there or not", async () => {
        const applicationToken = newToken();
        await store.recordFailure({ ...failure, applicationToken });

        await store.clearFailure(applicationToken, failure.eventId);
        await store.clearFailure(applicationToken, failure.eventId);

        expect(await opened.failuresOf(applicationToken)).toEqual([]);
        expect(await store.hasFailure(applicationToken, failure.eventId)).toBe(false);
      });
    });
  });
}
