import { beforeAll, describe, expect, test } from "vitest";

import { dueShard, dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import {
  stateOfEvent,
  stateOfIds,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../lambdas/domain/application/observation.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type {
  CheckPlan,
  ClaimedApplication,
  DueApplication,
  DueApplications,
} from "../../lambdas/domain/polling/polling-ports.ts";
import type { ApplicationStore } from "../../lambdas/domain/ports.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { aFailureRecord, anEventRecord, aSnapshot } from "../support/records.ts";

const NOW = 1_760_000_000_000;

/** What was cut off is due again when the claim after it ends. */
const claimAt = (now: number, until: number) => ({ now, until, again: () => until });

const claimNow = claimAt(NOW, NOW + 60_000);

const memory = NEVER_CHECKED;

/** An application whose last check did not fail. */
const dueOf = (applicationToken: string, dueAt: number): DueApplication => ({
  applicationToken,
  dueAt,
  hasFailed: false,
});

/** Tokens of applications of which each shard has one, and two have three: more than the suites' pages hold. */
function tokensInShards(name: string): readonly string[] {
  const left = new Map(
    Array.from({ length: TABLE.dueShards }, (_, shard) => [dueShard(shard), shard < 2 ? 3 : 1]),
  );
  const tokens: string[] = [];
  for (let number = 0; left.size > 0; number += 1) {
    const token = `JA-${name}-${number}`;
    const shard = dueShardOf(token);
    const most = left.get(shard);
    if (most === undefined) continue;
    tokens.push(token);
    if (most === 1) left.delete(shard);
    else left.set(shard, most - 1);
  }
  return tokens;
}

const aGap: Gap = {
  gapId: "gap",
  stage: "rejected",
  since: NOW - 5_000,
  detectedAt: NOW,
  eventCount: 1,
  events: [{ eventId: "e", type: "pending_review", at: NOW - 5_000, stage: "rejected" }],
  evidence: "why",
};

/** The table behind both of its ports: the poller's, and the consumer's that fills it. */
export interface OpenApplications {
  readonly due: DueApplications;
  readonly store: ApplicationStore;
  /** What the operators' `forget` leaves of an application. */
  readonly forget: (applicationToken: string, now: number) => Promise<void>;
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
      return () => opened.close();
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
      return dueOf(applicationToken, dueAt);
    }

    async function claim(application: DueApplication) {
      const claimed = await due.claim(application, claimNow);
      if (claimed === null) throw new Error(`${application.applicationToken} is not to be claimed`);
      return claimed;
    }

    /** Ends a check that has claimed an application: it found nothing worth remembering, unless said otherwise. */
    const plan = (claimed: ClaimedApplication, next: Partial<CheckPlan>) =>
      due.plan(claimed, { dueAt: NOW, memory, gap: null, at: NOW, ...next });

    /** Checks an application that is due. */
    const check = async (application: DueApplication, next: Partial<CheckPlan>) =>
      plan(await claim(application), next);

    test("lists what is due in all shards, oldest first, and nothing else", async () => {
      const tokens = tokensInShards("list");
      for (const [index, token] of tokens.entries()) await submitted(token, NOW - 1_000 * index);
      await submitted("JA-later", NOW + 1);

      const listed = await due.list(NOW, 100);

      expect(listed.map(({ applicationToken }) => applicationToken)).toEqual(tokens.toReversed());
      for (const application of listed) await due.claim(application, claimNow);
    });

    test("keeps with a plan the ids that Alloy's answer alone named, unless something was merged meanwhile", async () => {
      const externalIds = { group: null, partner: null, application: "app-learned" };
      const learned = (applicationToken: string) =>
        stateOfIds({
          applicationToken,
          at: NOW,
          askedAt: NOW,
          externalIds,
          entityIds: { "P-1": "person-1" },
          rootGroup: "group-0",
        });
      const kept = await submitted("JA-learned", NOW);
      const moved = await submitted("JA-learned-moved", NOW);

      await check(kept, { dueAt: null, learned: learned("JA-learned") });
      const claimed = await claim(moved);
      const event = aJourneyEvent({ applicationToken: "JA-learned-moved" });
      await store.mergeState(stateOfEvent(event), { dueAt: NOW, when: "first" });
      await plan(claimed, { learned: learned("JA-learned-moved") });

      const state = await store.readState("JA-learned");
      expect(state?.externalIds).toEqual(externalIds);
      expect(state?.facts.answer.externalIds).toEqual(externalIds);
      expect(state?.entityIds).toEqual({ "P-1": "person-1" });
      expect(state?.chain.rootGroup?.token).toBe("group-0");
      const other = await store.readState("JA-learned-moved");
      expect(other?.externalIds.application).toBeNull();
      const again = await due.claim(moved, claimAt(NOW + 60_001, NOW + 120_000));
      expect(again?.dueAt).toBe(NOW);
      if (again !== null) await plan(again, { dueAt: null });
    });

    test("opens no gap of an application that was forgotten during its first check", async () => {
      const application = await submitted("JA-forgotten", NOW);
      const taken = await due.take(application);
      if (taken === null || taken === "claimed") throw new Error("it is not to be had");

      await opened.forget("JA-forgotten", NOW);
      await plan(taken, { gap: aGap, memory: { ...memory, checkedAt: NOW } });

      const { oldest } = await due.openGaps(NOW, 100);
      expect(oldest.map(({ applicationToken }) => applicationToken)).not.toContain("JA-forgotten");
      expect(await due.look("JA-forgotten")).toMatchObject({ gap: null, memory });
    });

    test("lists of each shard as many as asked for, the oldest", async () => {
      const longAgo = NOW - 1_000_000;
      const tokens = tokensInShards("limit");
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

    test("gives the lease to one of two runs, and to the next one when it is over", async () => {
      const lease = { now: NOW, until: NOW + 60_000, part: 0 };
      const other = { ...lease, until: NOW + 61_000 };
      const both = await Promise.all([due.begin(lease), due.begin(other)]);
      expect(both.toSorted()).toEqual(["begun", "held"]);

      const held = both[0] === "begun" ? lease : other;
      await due.end({ ...held, until: NOW + 5 });
      expect(await due.begin({ now: NOW + 1, until: NOW + 2, part: 0 })).toBe("held");
      await due.end(held);
      expect(await due.begin({ now: NOW + 1, until: NOW + 60_001, part: 0 })).toBe("begun");
      // That run was killed: it ended nothing.
      const next = { now: NOW + 60_001, until: NOW + 120_000, part: 0 };
      expect(await due.begin(next)).toBe("cut-off");
      await due.end(next);
    });

    test("has a lease for each part", async () => {
      const leases = [0, 1, 2].map((part) => ({ now: NOW, until: NOW + 60_000, part }));
      for (const lease of leases) expect(await due.begin(lease)).toBe("begun");
      for (const lease of leases) expect(await due.begin(lease)).toBe("held");
      for (const lease of leases) await due.end(lease);
      expect(await due.begin({ now: NOW, until: NOW + 60_000, part: 2 })).toBe("begun");
      await due.end({ now: NOW, until: NOW + 60_000, part: 2 });
    });

    test("lists each due application in one part, whatever the number of parts, and what failed in the first", async () => {
      const tokens = tokensInShards("part");
      for (const token of tokens) await submitted(token, NOW);
      const failed = dueOf(tokens[0] ?? "", NOW);
      await check(failed, { dueAt: NOW, memory: { ...memory, failedChecks: 1 } });

      const whole = await due.list(NOW, 1_000);

      const tokensOf = (listed: readonly DueApplication[]) =>
        listed.map(({ applicationToken }) => applicationToken);
      for (const of of [1, 3, TABLE.dueShards]) {
        const parts = await Promise.all(
          Array.from({ length: of }, (_, number) => due.list(NOW, 1_000, { number, of })),
        );
        expect(tokensOf(parts.flat()).toSorted()).toEqual(tokensOf(whole).toSorted());
        expect(parts[0]?.some(({ hasFailed }) => hasFailed)).toBe(true);
      }
      for (const application of whole) {
        const claimed = await due.claim(application, claimNow);
        if (claimed !== null) await plan(claimed, { dueAt: null });
      }
    });

    test("takes an application without a claim, and plans its check", async () => {
      const application = await submitted("JA-taken", NOW);

      const taken = await due.take(application);
      if (taken === null || taken === "claimed") throw new Error("it is not to be taken");
      await plan(taken, { dueAt: NOW + 9, memory: { ...memory, checkedAt: NOW } });

      expect(taken).toMatchObject({ claimedUntil: null, dueAt: NOW });
      expect(await due.take(application)).toBeNull();
      const again = await due.take(dueOf("JA-taken", NOW + 9));
      expect(again).toMatchObject({ memory: { checkedAt: NOW } });
      if (again === null || again === "claimed") throw new Error("it is not to be taken");
      await plan(again, { dueAt: null });
      expect(await due.take(dueOf("JA-taken", NOW + 9))).toBeNull();
    });

    test("does not take what is claimed", async () => {
      const application = await submitted("JA-taken-claimed", NOW);
      const claimed = await claim(application);

      expect(await due.take(application)).toBe("claimed");
      await plan(claimed, { dueAt: null });
    });

    test("does not let a run whose lease has ended write over a later one", async () => {
      const application = await submitted("JA-lease-ended", NOW);
      const slow = await due.take(application);
      const quick = await due.take(application);
      if (slow === null || slow === "claimed" || quick === null || quick === "claimed") {
        throw new Error("it is not to be taken");
      }
      const found = { ...memory, checkedAt: NOW + 60_000 };
      await plan(quick, { dueAt: NOW + 9, memory: found });

      await plan(slow, { dueAt: NOW + 1, memory: { ...memory, checkedAt: NOW } });

      expect(await due.look("JA-lease-ended")).toMatchObject({ memory: found });
      await claim(dueOf("JA-lease-ended", NOW + 9));
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
      await plan(claimed, { dueAt: NOW + 5 });

      expect(refused).toBeNull();
      expect(await due.list(NOW + 5, 100)).toContainEqual({ ...application, dueAt: NOW + 5 });
    });

    test("refuses a claim of what is not due any more", async () => {
      const application = await submitted("JA-not-due", NOW);
      await check(application, { dueAt: NOW + 5 });

      expect(await due.claim(application, claimNow)).toBeNull();
      expect(await due.claim(dueOf("JA-nobody", NOW), claimNow)).toBeNull();
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
      expect(listed.at(-1)).toEqual({ ...dueOf("JA-cut-off", until), hasFailed: true });
    });

    test("puts what was cut off as far behind as failures in a row ask for", async () => {
      const one = await submitted("JA-cut-off-again", NOW);
      await check(one, { memory: { ...memory, failedChecks: 3 } });
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
        const isFailed = token !== "JA-in-time";
        const next = { dueAt: longAgo + index, memory: isFailed ? failed : memory };
        await check(await submitted(token, longAgo + index), next);
      }
      const tokens = async () =>
        (await due.list(longAgo + 9, 100)).map(({ applicationToken }) => applicationToken);

      const before = await tokens();
      const one = { ...dueOf("JA-failed-1", longAgo), hasFailed: true };
      await check(one, { dueAt: longAgo + 8 });
      const after = await tokens();

      expect(before).toEqual(["JA-in-time", "JA-failed-1", "JA-failed-2"]);
      expect(after).toEqual(["JA-in-time", "JA-failed-1", "JA-failed-2"]);
      const listed = await due.list(longAgo + 9, 100);
      expect(listed.map(({ hasFailed }) => hasFailed)).toEqual([false, false, true]);
      for (const each of listed) await check(each, { dueAt: NOW + 1e9 });
    });

    test("counts what has been due since before a time, however little of it is listed", async () => {
      const longAgo = NOW - 3_000_000;
      const failed = { ...memory, failedChecks: 1 };
      const tokens = tokensInShards("count");
      for (const [index, token] of tokens.entries()) {
        const one = await submitted(token, longAgo - index);
        if (index % 3 > 0) continue;
        await check(one, { dueAt: one.dueAt, memory: failed });
      }

      // All but the one that is due at that time.
      expect(await due.countDue(longAgo)).toBe(tokens.length - 1);
      expect(await due.countDue(longAgo - tokens.length + 1)).toBe(0);
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
      await plan(quick, { dueAt: NOW + 9, memory: found, at: later.now });

      await plan(slow, { dueAt: NOW + 1 });

      expect(await due.look("JA-overtaken")).toMatchObject({ memory: found });
      await claim(dueOf("JA-overtaken", NOW + 9));
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
      await store.recordEvent(anEventRecord(event, { receivedAt: NOW }));
      const { applicationToken, receiptId, ...evidence } = aFailureRecord({
        applicationToken: "JA-history",
      });
      await store.recordFailure({ ...evidence, applicationToken, receiptId });

      const history = await due.history("JA-history");

      expect(history).toEqual({
        events: [{ ...reportOf(event), receivedAt: NOW, origin: "webhook", isWithheld: false }],
        failures: [evidence],
      });
    });

    test("reads events in the order of their time, and no evidence that was cleared", async () => {
      const times = [NOW - 1, NOW - 3, NOW - 2];
      for (const at of times) {
        await store.recordEvent(anEventRecord(aJourneyEvent({ applicationToken: "JA-order", at })));
      }
      await store.recordEvent(
        anEventRecord(aJourneyEvent({ applicationToken: "JA-another-order" })),
      );
      await store.recordFailure(aFailureRecord({ applicationToken: "JA-order", eventId: "e" }));
      await store.clearFailure("JA-order", "e");

      const { events, failures } = await due.history("JA-order");

      expect(events.map(({ at }) => at)).toEqual(times.toSorted((one, other) => one - other));
      expect(failures).toEqual([]);
    });

    test("puts down the next check and what it must remember", async () => {
      const wait = { dueAt: NOW, until: NOW + 5 };
      const found = { ...memory, checkedAt: NOW, reschedules: 2, wait };

      await check(await submitted("JA-plan", NOW), { dueAt: NOW + 5, memory: found });

      const planned = await claim(dueOf("JA-plan", NOW + 5));
      expect(planned.memory).toEqual(found);

      await plan(planned, { dueAt: NOW + 6, memory: { ...found, wait: null } });
      expect((await due.look("JA-plan"))?.memory).toEqual({ ...found, wait: null });
    });

    test("adds up the events that are merged, unless a failure or a mark stands beside them", async () => {
      const applicationToken = "JA-tally";
      const [first, second] = ["started_application", "pending_review"].map((type, index) =>
        aJourneyEvent({ applicationToken, type, at: NOW + index }),
      );
      const check = { dueAt: NOW, when: "first" } as const;
      const tally = async () => (await due.look(applicationToken))?.tally;
      const merge = async (event: typeof first, added: number) => {
        if (event !== undefined)
          await store.mergeState({ ...stateOfEvent(event), tally: added }, check);
      };
      await submitted(applicationToken, NOW);
      expect(await tally()).toBeNull();

      // The second in order, the first by the slow way, since a newer event is there.
      await merge(second, 20);
      await merge(first, 3);
      expect(await tally()).toBe(23);
      const taken = await due.take(dueOf(applicationToken, NOW));
      expect(taken).toMatchObject({ tally: 23 });

      const failure = aFailureRecord({ applicationToken, eventId: "e" });
      await store.recordFailure(failure);
      expect(await tally()).toBeNull();
      await store.clearFailure(applicationToken, "e");
      expect(await tally()).toBe(23);

      if (first === undefined) throw new Error("there is no event");
      const mark = {
        event: { ...reportOf(first), applicationToken },
        lookAlikes: [],
        webhooks: [],
      };
      await store.markHealed(applicationToken, mark, NOW + 1_000);
      expect(await tally()).toBeNull();
      await claim(dueOf(applicationToken, NOW));
    });

    test("adds up events that are merged together", async () => {
      const applicationToken = "JA-tally-together";
      const check = { dueAt: NOW, when: "first" } as const;
      const steps = ["started_application", "pending_review"].map((type, index) => ({
        observation: {
          ...stateOfEvent(aJourneyEvent({ applicationToken, type, at: NOW + index })),
          tally: 2 ** index,
        },
        check,
      }));

      await store.mergeEach(steps);

      expect(await due.look(applicationToken)).toMatchObject({ tally: 3 });
      await claim(dueOf(applicationToken, NOW));
    });

    test("keeps a gap with the application, and lists it by how long it is open", async () => {
      await check(await submitted("JA-gap", NOW), { dueAt: NOW + 11, gap: aGap });

      const open = await due.openGaps(NOW - 5_000, 10);
      const younger = await due.openGaps(NOW - 5_001, 10);
      const again = await claim(dueOf("JA-gap", NOW + 11));
      await plan(again, { dueAt: NOW + 12 });

      const listed = { applicationToken: "JA-gap", journeyToken: "J-1", stage: "rejected" };
      expect(open).toEqual({ oldest: [listed], further: 0 });
      expect(younger).toEqual({ oldest: [], further: 0 });
      expect(again.gap).toEqual(aGap);
      expect(await due.openGaps(NOW, 10)).toEqual({ oldest: [], further: 0 });
    });

    test("keeps that the bus has not heard of a gap", async () => {
      const untold = { ...aGap, isUntold: true } as const;
      await check(await submitted("JA-gap-untold", NOW), { dueAt: NOW + 11, gap: untold });

      const again = await claim(dueOf("JA-gap-untold", NOW + 11));
      await plan(again, { dueAt: NOW + 12 });

      expect(again.gap).toEqual(untold);
    });

    test("lists gaps from the oldest", async () => {
      for (const [token, since] of [
        ["JA-gap-young", NOW - 10],
        ["JA-gap-old", NOW - 20],
      ] as const) {
        const gap: Gap = { ...aGap, gapId: token, since };
        await check(await submitted(token, NOW), { dueAt: NOW + 1e6, gap });
      }

      const { oldest } = await due.openGaps(NOW, 10);

      const tokens = oldest.map(({ applicationToken }) => applicationToken);
      expect(tokens).toEqual(["JA-gap-old", "JA-gap-young"]);
    });

    test("names no more gaps than it may, and counts the others", async () => {
      const before = await due.openGaps(NOW, 100);
      for (let number = 0; number < 9; number += 1) {
        const gap: Gap = { ...aGap, gapId: `many-${number}`, since: NOW - 100 + number };
        await check(await submitted(`JA-gap-many-${number}`, NOW), { dueAt: NOW + 1e6, gap });
      }

      const { oldest, further } = await due.openGaps(NOW, 5);

      expect(oldest.map(({ applicationToken }) => applicationToken)).toEqual(
        [0, 1, 2, 3, 4].map((number) => `JA-gap-many-${number}`),
      );
      expect(further).toBe(before.oldest.length + 9 - 5);
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
      await plan(claimed, { dueAt: NOW + 9_000, memory: found });

      const asked = dueOf("JA-asked", NOW + 7);
      expect(await due.list(NOW + 7, 100)).toContainEqual(asked);
      expect((await claim(asked)).memory).toEqual({ ...found, requestedAt: NOW + 7 });
    });

    test("takes a settled application out of the index", async () => {
      await check(await submitted("JA-settled", NOW), { dueAt: null });

      const listed = await due.list(NOW + 1e9, 100);
      expect(listed.map(({ applicationToken }) => applicationToken)).not.toContain("JA-settled");
    });

    test("brings a settled application back when it is reopened, and not before", async () => {
      const applicationToken = "JA-reopened";
      const wanted = { dueAt: NOW + 3, when: "first" } as const;
      const end = aJourneyEvent({ applicationToken, type: "completed_application", at: NOW });
      const snapshot = aSnapshot({ applicationToken, at: NOW + 1 });
      const reopening = stateOfSnapshot(snapshot, NOW + 1, null, null);
      await store.mergeState(stateOfEvent(end), { dueAt: NOW, when: "first" });
      await check(dueOf(applicationToken, NOW), { dueAt: null });
      const isListed = async () =>
        (await due.list(NOW + 3, 100)).some((one) => one.applicationToken === applicationToken);

      await store.mergeState(stateOfEvent(end), wanted);
      const before = await isListed();
      await store.mergeState(reopening, wanted);

      expect(before).toBe(false);
      expect(await isListed()).toBe(true);
    });

    test("does not settle an application that moved during the check", async () => {
      const claimed = await claim(await submitted("JA-moved", NOW));
      const event = aJourneyEvent({ applicationToken: "JA-moved" });
      await store.mergeState(stateOfEvent(event), { dueAt: NOW + 1, when: "first" });

      await plan(claimed, { dueAt: null });

      expect(await due.claim(dueOf("JA-moved", NOW), claimNow)).not.toBeNull();
    });
  });
}
