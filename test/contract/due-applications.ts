import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import {
  stateOfEvent,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../lambdas/domain/application/observation.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type {
  DueApplication,
  DueApplications,
} from "../../lambdas/domain/polling/polling-ports.ts";
import type { ApplicationStore, EventRecord } from "../../lambdas/domain/ports.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { aJourneyEvent } from "../support/journey-event.ts";

const NOW = 1_760_000_000_000;

/** What was cut off is due again when the claim after it ends. */
const claimAt = (now: number, until: number) => ({ now, until, again: () => until });

const claimNow = claimAt(NOW, NOW + 60_000);

const memory = NEVER_CHECKED;

const aGap: Gap = {
  gapId: "gap",
  stage: "rejected",
  since: NOW - 5_000,
  detectedAt: NOW,
  eventCount: 1,
  events: [{ eventId: "e", type: "pending_review", at: NOW - 5_000, stage: "rejected" }],
  evidence: "why",
};

function recordOf(event: JourneyEvent): EventRecord {
  return {
    ...event,
    receivedAt: NOW,
    receiptId: "receipt",
    origin: "webhook",
    route: "progressed",
    nodeId: event.node.id,
    body: new TextEncoder().encode(`{"secret":"personal"}`),
    payloadKey: null,
    isWithheld: false,
  };
}

/** The table behind both of its ports: the poller's, and the consumer's that fills it. */
export interface OpenApplications {
  readonly due: DueApplications;
  readonly store: ApplicationStore;
  readonly close: () => Promise<void>;
}

/** The promises of `DueApplications`, for each of its implementations. */
export function describeDueApplications(name: string, open: () => Promise<OpenApplications>): void {
  describe(`DueApplications: ${name}`, () => {
    let opened: OpenApplications;
    let due: DueApplications;
    let store: ApplicationStore;

    beforeAll(async () => {
      opened = await open();
      ({ due, store } = opened);
    });

    afterAll(async () => {
      await opened.close();
    });

    /** An application of which the consumer knows the submission. */
    async function submitted(applicationToken: string, dueAt: number): Promise<DueApplication> {
      const submission = {
        applicationToken,
        journeyToken: "J-1",
        submittedAt: dueAt - 1_000,
        externalIds: { group: null, partner: null, application: null },
      };
      await store.mergeState(stateOfSubmission(submission), { dueAt, when: "first" });
      return { applicationToken, dueAt, hasFailed: false };
    }

    async function claim(application: DueApplication) {
      const claimed = await due.claim(application, claimNow);
      if (claimed === null) throw new Error(`${application.applicationToken} is not to be claimed`);
      return claimed;
    }

    test("lists what is due in all shards, oldest first, and nothing else", async () => {
      const tokens = Array.from({ length: 40 }, (_, index) => `JA-list-${index}`);
      for (const [index, token] of tokens.entries()) await submitted(token, NOW - 1_000 * index);
      await submitted("JA-later", NOW + 1);

      const listed = await due.list(NOW, 100);

      expect(listed.map(({ applicationToken }) => applicationToken)).toEqual(tokens.toReversed());
      for (const application of listed) await due.claim(application, claimNow);
    });

    test("lists of each shard as many as asked for, the oldest", async () => {
      const longAgo = NOW - 1_000_000;
      const tokens = Array.from({ length: 40 }, (_, index) => `JA-limit-${index}`);
      for (const [index, token] of tokens.entries()) await submitted(token, longAgo - index);

      const listed = await due.list(longAgo, 1);

      const oldestOfShard = new Map(tokens.map((token) => [dueShardOf(token), token]));
      expect(listed.map(({ applicationToken }) => applicationToken)).toEqual(
        tokens.toReversed().filter((token) => oldestOfShard.get(dueShardOf(token)) === token),
      );
    });

    test("gives an application to one of two runs", async () => {
      const application = await submitted("JA-two-runs", NOW);

      const claims = await Promise.all([
        due.claim(application, claimAt(NOW, NOW + 60_000)),
        due.claim(application, claimAt(NOW, NOW + 61_000)),
      ]);

      expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
      expect(claims.find((claim) => claim !== null)?.state.journeyToken).toBe("J-1");
    });

    test("keeps a claimed application where it is in the index", async () => {
      const application = await submitted("JA-where-it-is", NOW);

      await claim(application);

      expect(await due.list(NOW, 100)).toContainEqual(application);
    });

    test("refuses a claim while another one lasts, and keeps that one", async () => {
      const application = await submitted("JA-lasting", NOW);
      const claimed = await claim(application);

      const refused = await due.claim(application, claimAt(NOW + 59_999, NOW + 120_000));
      await due.plan(claimed, { dueAt: NOW + 5, memory, gap: null, at: NOW });

      expect(refused).toBeNull();
      expect(await due.list(NOW + 5, 100)).toContainEqual({ ...application, dueAt: NOW + 5 });
    });

    test("refuses a claim of what is not due any more", async () => {
      const application = await submitted("JA-not-due", NOW);
      const plan = { dueAt: NOW + 5, memory, gap: null, at: NOW };
      await due.plan(await claim(application), plan);

      expect(await due.claim(application, claimNow)).toBeNull();
      expect(
        await due.claim({ applicationToken: "JA-nobody", dueAt: NOW, hasFailed: false }, claimNow),
      ).toBeNull();
    });

    test("gives what a cut-off check had claimed to one of two runs, behind what is due by now", async () => {
      const application = await submitted("JA-cut-off", NOW - 3);
      await submitted("JA-not-cut-off", NOW - 2);
      await claim(application);

      const [later, until] = [NOW + 60_000, NOW + 120_000];
      const claims = await Promise.all([
        due.claim(application, claimAt(later, until)),
        due.claim(application, claimAt(later, until)),
      ]);
      const listed = await due.list(until, 100);

      const [claimed, ...others] = claims.filter((one) => one !== null);
      expect(claimed).toMatchObject({
        dueAt: until,
        claimedUntil: until,
        memory: { failedChecks: 1 },
      });
      expect(others).toEqual([]);
      expect(listed.at(-1)).toEqual({
        applicationToken: "JA-cut-off",
        dueAt: until,
        hasFailed: true,
      });
    });

    test("puts what was cut off as far behind as failures in a row ask for", async () => {
      const failed = { ...memory, failedChecks: 3 };
      const one = await submitted("JA-cut-off-again", NOW);
      await due.plan(await claim(one), { dueAt: NOW, memory: failed, gap: null, at: NOW });
      const again = { ...one, hasFailed: true };
      await claim(again);

      const claimed = await due.claim(again, {
        now: NOW + 60_000,
        until: NOW + 120_000,
        again: (failedChecks) => NOW + failedChecks * 1_000_000,
      });

      expect(claimed).toMatchObject({ dueAt: NOW + 4_000_000, memory: { failedChecks: 4 } });
      const later = (await due.list(NOW + 4_000_000, 100)).at(-1);
      expect(later).toMatchObject({ applicationToken: "JA-cut-off-again", hasFailed: true });
      expect((await due.look("JA-cut-off-again"))?.memory.failedChecks).toBe(4);
    });

    test("lists what failed behind everything else, the oldest first, until it is checked", async () => {
      const longAgo = NOW - 2_000_000;
      const failed = { ...memory, failedChecks: 1 };
      for (const [index, token] of ["JA-failed-1", "JA-failed-2", "JA-in-time"].entries()) {
        const claimed = await claim(await submitted(token, longAgo + index));
        const isFailed = token !== "JA-in-time";
        const plan = { gap: null, at: NOW, memory: isFailed ? failed : memory };
        await due.plan(claimed, { ...plan, dueAt: longAgo + index });
      }
      const tokens = async () =>
        (await due.list(longAgo + 9, 100)).map(({ applicationToken }) => applicationToken);

      const before = await tokens();
      const one = { applicationToken: "JA-failed-1", dueAt: longAgo, hasFailed: true };
      await due.plan(await claim(one), { dueAt: longAgo + 8, memory, gap: null, at: NOW });
      const after = await tokens();

      expect(before).toEqual(["JA-in-time", "JA-failed-1", "JA-failed-2"]);
      expect(after).toEqual(["JA-in-time", "JA-failed-1", "JA-failed-2"]);
      const listed = await due.list(longAgo + 9, 100);
      expect(listed.map(({ hasFailed }) => hasFailed)).toEqual([false, false, true]);
      for (const each of listed) {
        await due.plan(await claim(each), { dueAt: NOW + 1e9, memory, gap: null, at: NOW });
      }
    });

    test("counts what has been due since before a time, however little of it is listed", async () => {
      const longAgo = NOW - 3_000_000;
      const failed = { ...memory, failedChecks: 1 };
      for (let index = 0; index < 30; index += 1) {
        const one = await submitted(`JA-count-${index}`, longAgo - index);
        if (index % 3 > 0) continue;
        await due.plan(await claim(one), {
          dueAt: one.dueAt,
          memory: failed,
          gap: null,
          at: NOW,
        });
      }

      expect(await due.countDue(longAgo)).toBe(29);
      expect(await due.countDue(longAgo - 29)).toBe(0);
    });

    test("keeps the last application that Alloy knew, and when it was asked for", async () => {
      const before = await due.witness();
      const witness = { applicationToken: "JA-witness", journeyToken: "J-1", knownAt: NOW };
      await due.keepWitness(witness);
      const kept = await due.witness();
      await due.keepWitness({ askedAt: NOW + 1 });
      await due.keepWitness({ ...witness, knownAt: NOW + 2 });

      expect(before).toBeNull();
      expect(kept).toEqual({ ...witness, askedAt: null });
      expect(await due.witness()).toEqual({ ...witness, askedAt: NOW + 1, knownAt: NOW + 2 });
    });

    test("does not let a run whose claim has ended write over a later one", async () => {
      const application = await submitted("JA-overtaken", NOW);
      const slow = await claim(application);
      const later = claimAt(NOW + 60_000, NOW + 120_000);
      const quick = await due.claim(application, later);
      if (quick === null) throw new Error("the ended claim still holds");
      const found = { ...memory, checkedAt: later.now };
      await due.plan(quick, { dueAt: NOW + 9, memory: found, gap: null, at: later.now });

      await due.plan(slow, { dueAt: NOW + 1, memory, gap: null, at: NOW });

      expect(await due.look("JA-overtaken")).toMatchObject({ memory: found });
      await claim({ applicationToken: "JA-overtaken", dueAt: NOW + 9, hasFailed: false });
    });

    test("reads events and failures of one application, without their bodies", async () => {
      const event = aJourneyEvent({
        applicationToken: "JA-history",
        entityToken: "P-1",
        entityApplicationToken: "EA-1",
        node: { id: "node-1", type: "review" },
        eventToken: "1",
        outcome: "Approved",
      });
      await store.recordEvent(recordOf(event));
      const failure = { eventId: "f".repeat(32), eventType: "error", failedAt: NOW, reason: "why" };
      const evidence = { ...failure, deadLettered: true };
      await store.recordFailure({
        ...evidence,
        applicationToken: "JA-history",
        receiptId: "receipt",
      });

      const history = await due.history("JA-history");

      expect(history).toEqual({
        events: [{ ...reportOf(event), receivedAt: NOW, origin: "webhook", isWithheld: false }],
        failures: [evidence],
      });
    });

    test("reads events in the order of their time, and no evidence that was cleared", async () => {
      const times = [NOW - 1, NOW - 3, NOW - 2];
      for (const at of times)
        await store.recordEvent(recordOf(aJourneyEvent({ applicationToken: "JA-order", at })));
      await store.recordEvent(recordOf(aJourneyEvent({ applicationToken: "JA-order-of-another" })));
      await store.recordFailure({
        applicationToken: "JA-order",
        eventId: "e",
        eventType: "error",
        failedAt: NOW,
        reason: "why",
        receiptId: "receipt",
        deadLettered: false,
      });
      await store.clearFailure("JA-order", "e");

      const { events, failures } = await due.history("JA-order");

      expect(events.map(({ at }) => at)).toEqual(times.toSorted((one, other) => one - other));
      expect(failures).toEqual([]);
    });

    test("puts down the next check and what it must remember", async () => {
      const claimed = await claim(await submitted("JA-plan", NOW));

      const next = { ...memory, checkedAt: NOW, reschedules: 2 };
      await due.plan(claimed, { dueAt: NOW + 5, memory: next, gap: null, at: NOW });

      const again = await claim({ applicationToken: "JA-plan", dueAt: NOW + 5, hasFailed: false });
      expect(again.memory).toEqual(next);
    });

    test("keeps a gap with the application, and lists it by how long it is open", async () => {
      const claimed = await claim(await submitted("JA-gap", NOW));
      await due.plan(claimed, { dueAt: NOW + 11, memory, gap: aGap, at: NOW });

      const open = await due.openGaps(NOW - 5_000);
      const younger = await due.openGaps(NOW - 5_001);
      const again = await claim({ applicationToken: "JA-gap", dueAt: NOW + 11, hasFailed: false });
      await due.plan(again, { dueAt: NOW + 12, memory, gap: null, at: NOW });

      expect(open).toEqual([
        { applicationToken: "JA-gap", journeyToken: "J-1", stage: "rejected" },
      ]);
      expect(younger).toEqual([]);
      expect(again.gap).toEqual(aGap);
      expect(await due.openGaps(NOW)).toEqual([]);
    });

    test("keeps that the bus has not heard of a gap", async () => {
      const untold = { ...aGap, isUntold: true } as const;
      const claimed = await claim(await submitted("JA-gap-untold", NOW));
      await due.plan(claimed, { dueAt: NOW + 11, memory, gap: untold, at: NOW });

      const again = await claim({
        applicationToken: "JA-gap-untold",
        dueAt: NOW + 11,
        hasFailed: false,
      });
      await due.plan(again, { dueAt: NOW + 12, memory, gap: null, at: NOW });

      expect(again.gap).toEqual(untold);
    });

    test("lists gaps from the oldest", async () => {
      for (const [token, since] of [
        ["JA-gap-young", NOW - 10],
        ["JA-gap-old", NOW - 20],
      ] as const) {
        const claimed = await claim(await submitted(token, NOW));
        const gap: Gap = { ...aGap, gapId: token, since };
        await due.plan(claimed, { dueAt: NOW + 1e6, memory, gap, at: NOW });
      }

      const open = await due.openGaps(NOW);

      const tokens = open.map(({ applicationToken }) => applicationToken);
      expect(tokens).toEqual(["JA-gap-old", "JA-gap-young"]);
    });

    test("looks at an application without claiming it", async () => {
      const application = await submitted("JA-look", NOW);

      const known = await due.look("JA-look");

      expect(known).toMatchObject({ memory, gap: null, state: { journeyToken: "J-1" } });
      expect(await due.look("JA-nobody")).toBeNull();
      expect(await due.claim(application, claimNow)).not.toBeNull();
    });

    test("leaves a check that the consumer has asked for meanwhile where it is", async () => {
      const application = await submitted("JA-asked", NOW);
      const claimed = await claim(application);
      const event = aJourneyEvent({ applicationToken: "JA-asked", type: "completed_application" });
      await store.mergeState(stateOfEvent(event), { dueAt: NOW + 7, when: "now" });

      const found = { ...memory, checkedAt: NOW };
      await due.plan(claimed, { dueAt: NOW + 9_000, memory: found, gap: null, at: NOW });

      const asked = { applicationToken: "JA-asked", dueAt: NOW + 7, hasFailed: false };
      expect(await due.list(NOW + 7, 100)).toContainEqual(asked);
      expect((await claim(asked)).memory).toEqual({ ...found, requestedAt: NOW + 7 });
    });

    test("takes a settled application out of the index", async () => {
      const claimed = await claim(await submitted("JA-settled", NOW));

      await due.plan(claimed, { dueAt: null, memory, gap: null, at: NOW });

      const listed = await due.list(NOW + 1e9, 100);
      expect(listed.map(({ applicationToken }) => applicationToken)).not.toContain("JA-settled");
    });

    test("brings a settled application back when it is reopened, and not before", async () => {
      const applicationToken = "JA-reopened";
      const check = { dueAt: NOW + 3, when: "first" } as const;
      const end = aJourneyEvent({ applicationToken, type: "completed_application", at: NOW });
      const reopening = stateOfSnapshot(
        {
          applicationToken,
          journeyToken: "J-1",
          status: "running",
          outcome: null,
          at: NOW + 1,
          environment: "sandbox",
          externalIds: { group: null, partner: null, application: null },
          chain: { previous: null, root: null, next: null },
          isShadow: false,
        },
        NOW + 1,
        null,
        null,
      );
      await store.mergeState(stateOfEvent(end), { dueAt: NOW, when: "first" });
      await due.plan(await claim({ applicationToken, dueAt: NOW, hasFailed: false }), {
        dueAt: null,
        memory,
        gap: null,
        at: NOW,
      });
      const isListed = async () =>
        (await due.list(NOW + 3, 100)).some((one) => one.applicationToken === applicationToken);

      await store.mergeState(stateOfEvent(end), check);
      const before = await isListed();
      await store.mergeState(reopening, check);

      expect(before).toBe(false);
      expect(await isListed()).toBe(true);
    });

    test("does not settle an application that moved during the check", async () => {
      const claimed = await claim(await submitted("JA-moved", NOW));
      const event = aJourneyEvent({ applicationToken: "JA-moved" });
      await store.mergeState(stateOfEvent(event), { dueAt: NOW + 1, when: "first" });

      await due.plan(claimed, { dueAt: null, memory, gap: null, at: NOW });

      expect(
        await due.claim({ applicationToken: "JA-moved", dueAt: NOW, hasFailed: false }, claimNow),
      ).not.toBeNull();
    });
  });
}
