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
  Merged,
} from "../../lambdas/domain/ports.ts";
import { anyEventOf, anyHistoryOf } from "../support/histories.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { isLate } from "../../lambdas/domain/application/lateness.ts";
import { isWithheld, mergeOver } from "../../lambdas/domain/application/withholding.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { aFailureRecord, anEventRecord, aSnapshot } from "../support/records.ts";

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
/** Where an event is recorded. */
function placeOf({ applicationToken, eventId, at }: EventRecord) {
  if (applicationToken === null) throw new Error("the event names an application");
  return { applicationToken, eventId, at };
}

const first: CheckRequest = { dueAt: NOW + 10 * MINUTE, when: "first" };

/** What an event says of its application. */
const of = (changes: Partial<JourneyEvent>) => stateOfEvent(aJourneyEvent(changes));

/** What Alloy's answer says. */
function answered(changes: Partial<Snapshot>): ApplicationState {
  const snapshot = aSnapshot(changes);
  return stateOfSnapshot(snapshot, snapshot.at, null, null);
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

    const merge = (observation: ApplicationState, check = first) =>
      store.mergeState(observation, check);

    describe("merging", () => {
      test("merges each observation as the pure merge does, and says what was known before, for any history in any order", async () => {
        await fc.assert(
          fc.asyncProperty(anyHistoryOf("JA", 8), async ({ history, arrivals }) => {
            const applicationToken = newToken();
            const named = (state: ApplicationState) => ({ ...state, applicationToken });

            let before: ApplicationState | null = null;
            for (const observation of arrivals.map(named)) {
              const after: ApplicationState = mergeOver(before, observation);
              expect(await merge(observation)).toEqual({ before, after });
              before = after;
            }

            const wanted = history.map(named).reduce(mergeState);
            expect(before === null ? null : inAnyOrder(before)).toEqual(wanted);
            const kept = await seen(applicationToken);
            expect({ ...kept, state: inAnyOrder(kept.state) }).toMatchObject({
              state: wanted,
              status: statusOf(wanted),
              outcome: outcomeOf(wanted),
            });
          }),
          { numRuns: runs },
        );
      });

      test("equals the pure merge when all observations arrive at once", async () => {
        await fc.assert(
          fc.asyncProperty(anyHistoryOf("JA", 6), async ({ history, arrivals }) => {
            const applicationToken = newToken();
            const named = (state: ApplicationState) => ({ ...state, applicationToken });

            await Promise.all(arrivals.map((arrival) => merge(named(arrival))));

            const { state } = await seen(applicationToken);
            expect(inAnyOrder(state)).toEqual(history.map(named).reduce(mergeState));
          }),
          // A merge that is lost to another one at the same time is seen within 21 histories, in 20 of 20 seeds.
          { numRuns: Math.ceil(runs / 2) },
        );
      });

      test("joins several observations at once as one after the other, with the same numbers", async () => {
        const historyInOrder = fc
          .record({
            events: fc.array(anyEventOf("JA"), { minLength: 2, maxLength: 8 }),
            before: fc.nat(3),
            isInOrder: fc.boolean(),
            firstTries: fc.boolean(),
          })
          .map(({ events, before, isInOrder, firstTries }) => {
            if (!isInOrder) return { events, before, firstTries, isInOrder };
            const inOrder = events.map((event, index) => ({
              ...event,
              at: NOW + 1_000 * index,
              externalIds: aJourneyEvent().externalIds,
              journeyName: "Onboarding",
              isShadow: false,
              rerunApplicationToken: null,
            }));
            return { events: inOrder, before, firstTries, isInOrder };
          });
        await fc.assert(
          fc.asyncProperty(historyInOrder, async ({ events, before, firstTries, isInOrder }) => {
            const applicationToken = newToken();
            const observations = events.map((event) => ({
              ...stateOfEvent({ ...event, applicationToken }),
              effect: {
                eventId: event.eventId,
                isFirstTry: firstTries,
                isPublished: (after: ApplicationState) =>
                  !after.isShadow &&
                  !isLate(event, after) &&
                  !isWithheld(event, after, [event.eventId]),
              },
            }));
            let over: ApplicationState | null = null;
            for (const event of events.slice(0, before)) {
              const older = stateOfEvent({ ...event, applicationToken, at: event.at - 5_000 });
              over = (await merge(older)).after;
            }

            const steps = observations.map((observation) => ({ observation, check: first }));
            const merged = await store.mergeEach(steps);

            const wanted = observations.map((observation) => {
              const one = { before: over, after: mergeOver(over, observation) };
              over = one.after;
              return one;
            });
            // Of two within one millisecond, one may have a number that stays unused.
            const compared = (state: ApplicationState | null) =>
              isInOrder || state === null ? state : { ...state, effects: null };
            const all = (several: readonly Merged[]) =>
              several.map(({ before: one, after }) => [compared(one), compared(after)]);
            expect(all(merged)).toEqual(all(wanted));
            expect(compared((await seen(applicationToken)).state)).toEqual(compared(over));
          }),
          { numRuns: Math.ceil(runs / 2) },
        );
      });

      test("joins several observations again as it joined them first, and gives them the same numbers", async () => {
        const applicationToken = newToken();
        const steps = ["started_application", "pending_review", "completed_application"].map(
          (type, index) => {
            const event = aJourneyEvent({ applicationToken, type, at: NOW + index });
            const { eventId } = event;
            const effect = { eventId, isFirstTry: false, isPublished: () => true };
            return { observation: { ...stateOfEvent(event), effect }, check: first };
          },
        );
        const numbers = (merged: readonly Merged[]) => merged.at(-1)?.after.effects;

        const once = await store.mergeEach(steps);
        const again = await store.mergeEach(steps);

        expect(numbers(once)?.ids).toHaveLength(3);
        expect(numbers(again)).toEqual(numbers(once));
        expect((await seen(applicationToken)).state).toEqual(once.at(-1)?.after);
      });

      test("plans the check that the most urgent of several observations asks for", async () => {
        const applicationToken = newToken();
        const stepOf = (type: string, at: number, check: CheckRequest) => ({
          observation: of({ applicationToken, type, at: NOW + at }),
          check,
        });

        await store.mergeEach([
          stepOf("started_application", 0, first),
          stepOf("application_unarchived", 1, { dueAt: NOW + 1, when: "now" }),
          stepOf("pending_review", 2, first),
        ]);

        expect((await seen(applicationToken)).dueAt).toBe(NOW + 1);
      });

      const END = { type: "completed_application", at: NOW };
      const REVIEW = { type: "pending_review", at: NOW };

      test.each<readonly [string, readonly ApplicationState[], string, string | null]>([
        [
          "lets progress count after Alloy has answered that the application is open again",
          [
            of({ ...END, outcome: "Approved" }),
            answered({ at: NOW + 1 }),
            of({ ...REVIEW, at: NOW + 2 }),
          ],
          "waiting_review",
          null,
        ],
        [
          "keeps a decision when an unarchiving and a trailing step follow it",
          [
            of({ ...END, outcome: "Approved" }),
            of({ type: "application_unarchived", at: NOW + 1 }),
            of({ type: "completed_review", at: NOW + 2, entityApplicationToken: "EA-1" }),
          ],
          "completed",
          "Approved",
        ],
        [
          "takes waiting for later than running within one millisecond",
          [of(REVIEW), of({ ...REVIEW, type: "completed_review" })],
          "waiting_review",
          null,
        ],
        [
          "lets Alloy's own answer stand above progress that is older",
          [answered({ status: "waiting_review" }), of({ type: "pending_step_up", at: NOW })],
          "waiting_review",
          null,
        ],
        ...[NOW - 3, NOW, NOW + 3].map(
          (at) =>
            [
              `keeps the outcome when another report of the end names none, ${at - NOW} ms later`,
              [of({ ...END, outcome: "Approved" }), of({ ...END, at })],
              "completed",
              "Approved",
            ] as const,
        ),
      ])("%s", async (_, observations, status, outcome) => {
        const applicationToken = newToken();

        for (const observation of observations) await merge({ ...observation, applicationToken });

        const { state, ...shown } = await seen(applicationToken);
        expect(shown).toMatchObject({ status, outcome });
        expect([statusOf(state), outcomeOf(state)]).toEqual([status, outcome]);
      });

      test("knows a rerun's application by its origin before any event of its own", async () => {
        const [original, rerun] = [newToken(), newToken()];
        const event = aJourneyEvent({
          type: "started_rerun_application",
          applicationToken: original,
          rerunApplicationToken: rerun,
        });

        await merge(stateOfEvent(event));
        const state = stateOfRerun(event);
        if (state !== null) await merge(state);

        const [before, after] = [await seen(original), await seen(rerun)];
        expect(before.state.chain.next?.token).toBe(rerun);
        expect(after.state.chain.previous?.token).toBe(original);
        expect(after).toMatchObject({ status: null, dueAt: first.dueAt });
      });

      test("remembers until when events were healed", async () => {
        const applicationToken = newToken();
        for (const after of [5, 9, 7]) {
          const event = aJourneyEvent({ applicationToken, at: NOW + after });
          await merge(stateOfHealedEvent(event));
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
        await merge(of({ applicationToken: known }));
        await merge(of({ applicationToken: webhookFirst, at: NOW + 5_000 }));

        for (const token of [adopted, known, webhookFirst]) {
          for (const at of [NOW, NOW - 1_000, NOW + 1_000]) await merge(adoptionOf(token, at));
        }
        await merge(of({ applicationToken: adopted }));

        const [one, other] = [await seen(adopted), await seen(known)];
        expect(one.state.adopted).toEqual({ at: NOW - 1_000, publishes: false });
        expect(other.state.adopted).toBeNull();
        // All that is known of it happened since.
        expect((await seen(webhookFirst)).state.adopted).toEqual(one.state.adopted);
      });

      test("indexes no external id that is too long for an index, and keeps it", async () => {
        const applicationToken = newToken();
        const group = "g".repeat(2_049);
        const externalIds = { group, entity: null, partner: null, application: null };

        await merge(of({ applicationToken, externalIds }));

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
          of({ applicationToken, externalIds: { ...ids("group-1"), entity: null } }),
          answered({ applicationToken, externalIds: ids("answered") }),
        ];

        for (const observation of observations.slice(0, 2)) await merge(observation);
        expect((await seen(applicationToken)).state).toMatchObject({
          journeyToken: "J-1",
          externalIds: { group: "group-1", partner: "partner-1" },
        });
        for (const observation of observations.toReversed()) await merge(observation);
        expect((await seen(applicationToken)).state).toMatchObject({
          journeyToken: "J-1",
          externalIds: { group: "answered", partner: "partner-1" },
        });
      });
    });

    describe("planning checks", () => {
      const submission = stateOfSubmission({
        applicationToken: "JA-1",
        journeyToken: "J-1",
        submittedAt: NOW,
        externalIds: { group: "group-1", partner: null, application: null },
      });
      const progress = of({ at: NOW });
      const end = of({ type: "completed_application", outcome: "Denied", at: NOW });
      const SETTLED = { settledAt: NOW + 1 };

      interface Planning {
        readonly name: string;
        readonly given?: ApplicationState;
        /** When the poller has settled what was given. */
        readonly settledAt?: number;
        readonly arrive: readonly (readonly [ApplicationState, CheckRequest])[];
        readonly expected: object;
      }

      const plannings: readonly Planning[] = [
        {
          name: "plans the first check when it hears of an application",
          arrive: [[submission, first]],
          expected: { dueAt: first.dueAt, settledAt: null },
        },
        {
          name: "leaves a planned check where it is",
          given: submission,
          arrive: [
            [progress, { dueAt: NOW, when: "first" }],
            // A late one, which takes the slow way.
            [of({ at: NOW - 1 }), { dueAt: NOW, when: "first" }],
          ],
          expected: { dueAt: first.dueAt },
        },
        {
          name: "puts a check that is wanted now in place of the planned one",
          given: submission,
          arrive: [[end, { dueAt: NOW + 1, when: "now" }]],
          expected: { dueAt: NOW + 1 },
        },
        {
          name: "puts a check that is wanted now in place of the planned one, known as the event may be",
          given: end,
          arrive: [[end, { dueAt: NOW + 2, when: "now" }]],
          expected: { dueAt: NOW + 2 },
        },
        {
          name: "leaves a settled application alone when a straggler arrives",
          given: end,
          ...SETTLED,
          arrive: [[of({ type: "pending_review", at: NOW - 1 }), first]],
          expected: { status: "completed", outcome: "Denied", dueAt: null, ...SETTLED },
        },
        {
          name: "checks an application again that was given up, when it moves",
          given: submission,
          ...SETTLED,
          arrive: [[progress, { dueAt: NOW + 3, when: "first" }]],
          expected: { dueAt: NOW + 3, settledAt: null },
        },
        {
          name: "checks a settled application again when Alloy answers that it is open",
          given: end,
          ...SETTLED,
          arrive: [[answered({ at: NOW + 2 }), { dueAt: NOW + 3, when: "first" }]],
          expected: { status: "running", dueAt: NOW + 3, settledAt: null },
        },
        {
          name: "checks a settled application again when somebody wants it now",
          given: end,
          ...SETTLED,
          arrive: [[end, { dueAt: NOW + 2, when: "now" }]],
          expected: { dueAt: NOW + 2, settledAt: null },
        },
      ];

      test.each(plannings.map((row) => [row.name, row] as const))("%s", async (_, row) => {
        const { given, settledAt, arrive, expected } = row;
        const applicationToken = newToken();
        if (given !== undefined) await merge({ ...given, applicationToken });
        if (settledAt !== undefined) await opened.settle(applicationToken, settledAt);

        for (const [arrival, check] of arrive) await merge({ ...arrival, applicationToken }, check);

        expect(await seen(applicationToken)).toMatchObject(expected);
      });

      test("checks a settled application again when another end arrives", async () => {
        const applicationToken = newToken();
        const wanted: CheckRequest = { dueAt: NOW + 3, when: "now-if-ended" };
        await merge({ ...end, applicationToken }, wanted);
        await opened.settle(applicationToken, NOW + 1);

        // The same end once more asks for nothing.
        await merge({ ...end, applicationToken }, wanted);
        expect(await seen(applicationToken)).toMatchObject({ dueAt: null, settledAt: NOW + 1 });
        const another = { type: "completed_application", outcome: "Approved", at: NOW + 2 };
        await merge(of({ applicationToken, ...another }), wanted);

        expect(await seen(applicationToken)).toMatchObject({
          outcome: "Denied",
          dueAt: NOW + 3,
          settledAt: null,
        });
      });
    });

    describe("recording events", () => {
      test("keeps an event as it was given", async () => {
        const event = aJourneyEvent({
          applicationToken: newToken(),
          entityApplicationToken: "EA-1",
          entityToken: "P-1",
          outcome: "Approved",
          node: { id: "1632850500102", type: "workflow" },
          eventToken: "22750001",
        });
        const body = new TextEncoder().encode(
          `{ "ünd": "mehr\\u0000", "type": "${event.type}" }\n`,
        );
        const record = anEventRecord(event, { body, payloadKey: "payloads/1" });

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
        const record = anEventRecord(aJourneyEvent({ applicationToken: newToken() }));
        await store.recordEvent(record);

        const other = { receiptId: "receipt-2", origin: "poll", outcome: "Approved" } as const;
        expect(await store.recordEvent({ ...record, ...other })).toEqual({
          isNew: false,
          receiptId: record.receiptId,
          receivedAt: record.receivedAt,
          isWithheld: false,
          outcome: null,
        });

        expect(await opened.eventsOf(record.applicationToken)).toEqual([record]);
      });

      test("locks an event by its record, for one of ten deliveries that arrive at once", async () => {
        const record = anEventRecord(aJourneyEvent({ applicationToken: newToken() }));
        const locks = Array.from({ length: 10 }, (_, by) => ({ by: `delivery-${by}`, until: NOW }));

        const answers = await Promise.all(
          locks.map((lock) => store.recordEvent({ ...record, lock })),
        );

        const [first] = answers.filter(({ isNew }) => isNew);
        expect(locks).toContainEqual(first?.lock);
        expect(answers.map(({ lock }) => lock)).toEqual(locks.map(() => first?.lock));
        expect(await store.lockOf(placeOf(record))).toEqual(first?.lock);
      });

      test("unlocks an event for whoever locked it, and for nobody else", async () => {
        const record = anEventRecord(aJourneyEvent({ applicationToken: newToken() }));
        const [lock, other] = ["one", "other"].map((by) => ({ by, until: NOW }));
        if (lock === undefined || other === undefined) throw new Error("two locks");
        await store.recordEvent({ ...record, lock });

        await store.unlockEvent(placeOf(record), other);
        const held = await store.lockOf(placeOf(record));
        await store.unlockEvent(placeOf(record), lock);

        expect(held).toEqual(lock);
        expect(await store.lockOf(placeOf(record))).toEqual({ by: "one", until: 0 });
        expect(await store.recordEvent({ ...record, lock: other })).toMatchObject({
          isNew: false,
          lock: { by: "one", until: 0 },
        });
      });

      test("has no lock of an event without one, nor of one that is not recorded; and records none by unlocking", async () => {
        const [kept, never] = [1, 2].map(() =>
          anEventRecord(aJourneyEvent({ applicationToken: newToken() })),
        );
        if (kept === undefined || never === undefined) throw new Error("two records");
        await store.recordEvent(kept);

        await store.unlockEvent(placeOf(never), { by: "one", until: NOW });

        expect(await store.lockOf(placeOf(kept))).toBeNull();
        expect(await store.lockOf(placeOf(never))).toBeNull();
        expect(await opened.eventsOf(never.applicationToken)).toEqual([]);
      });

      test("keeps one of ten copies that arrive at once", async () => {
        const record = anEventRecord(aJourneyEvent({ applicationToken: newToken() }));

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

        for (const event of events) await store.recordEvent(anEventRecord(event));

        expect(await opened.eventsOf(applicationToken)).toHaveLength(2);
      });

      test("keeps a body without an application once, whatever time its attempts name", async () => {
        const eventId = newToken();
        const body = new TextEncoder().encode(`[1,"two",null]`);
        const record = anEventRecord(aJourneyEvent({ eventId }), { body, applicationToken: null });
        await store.recordEvent(record);

        const attempt = { ...record, at: record.at + 86_400_000 };
        expect(await store.recordEvent(attempt)).toMatchObject({ isNew: false });
      });

      test("keeps a body too large for an item but for its content", async () => {
        // 640 KB that do not compress, the same on every machine.
        const hashes = Array.from({ length: 15_000 }, (_, index) =>
          createHash("sha256").update(String(index)).digest("base64"),
        );
        const body = new TextEncoder().encode(hashes.join(""));
        const event = aJourneyEvent({ applicationToken: newToken() });

        expect(await store.recordEvent(anEventRecord(event, { body }))).toMatchObject({
          isNew: true,
        });

        const [kept] = await opened.eventsOf(event.applicationToken);
        expect(kept).toMatchObject({ eventId: event.eventId, type: event.type });
      });

      test("finds the events of about the same time, and no others", async () => {
        const applicationToken = newToken();
        const event = aJourneyEvent({ applicationToken, at: NOW });
        const reviewIn = (apart: number) =>
          aJourneyEvent({ applicationToken, at: NOW + apart, type: "pending_review" });
        const near = [-2_000, 0, 2_000].map(reviewIn);
        const far = [-2_001, 2_001].map(reviewIn);
        const another = aJourneyEvent({ applicationToken: newToken(), at: NOW });
        for (const one of [...near, ...far, another]) await store.recordEvent(anEventRecord(one));

        const { recorded: found } = await store.reportsNear(event);

        expect(found.map(({ eventId }) => eventId).toSorted()).toEqual(
          near.map(({ eventId }) => eventId).toSorted(),
        );
        expect(found[0]).toMatchObject({ type: "pending_review", nodeId: null, eventToken: null });
      });

      test("notes that an event is withheld, if it is recorded", async () => {
        const record = anEventRecord(aJourneyEvent({ applicationToken: newToken() }));
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
        for (const event of [kept, forgotten]) await store.recordEvent(anEventRecord(event));

        await store.forgetEvent(forgotten);
        await store.forgetEvent(forgotten);

        const events = await opened.eventsOf(applicationToken);
        expect(events.map(({ eventId }) => eventId)).toEqual([kept.eventId]);
      });
    });

    describe("evidence of failures", () => {
      test("keeps the latest of an event", async () => {
        const failure = aFailureRecord({ applicationToken: newToken() });
        const { applicationToken, eventId } = failure;
        await store.recordFailure(failure);

        const latest = { ...failure, failedAt: failure.failedAt + 1, deadLettered: true };
        await store.recordFailure(latest);

        expect(await opened.failuresOf(applicationToken)).toEqual([latest]);
        expect(await store.hasFailure(applicationToken, eventId)).toBe(true);
      });

      test("keeps none of a forgotten application", async () => {
        const applicationToken = newToken();
        await merge(forgottenState(applicationToken, NOW));

        await store.recordFailure(aFailureRecord({ applicationToken }));

        expect(await opened.failuresOf(applicationToken)).toEqual([]);
      });

      test("clears it, whether it is there or not", async () => {
        const failure = aFailureRecord({ applicationToken: newToken() });
        const { applicationToken, eventId } = failure;
        await store.recordFailure(failure);

        await store.clearFailure(applicationToken, eventId);
        await store.clearFailure(applicationToken, eventId);

        expect(await opened.failuresOf(applicationToken)).toEqual([]);
        expect(await store.hasFailure(applicationToken, eventId)).toBe(false);
      });
    });
  });
}
