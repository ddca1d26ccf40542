import type { BusEntry, PutEventsAnswer } from "../../../lambdas/adapters/put-events.ts";
import type {
  MessageEntry,
  SendMessageBatchAnswer,
} from "../../../lambdas/adapters/send-messages.ts";
import type { DueApplications } from "../../../lambdas/domain/polling/polling-ports.ts";
import type { EnvelopeQueue } from "../../../lambdas/ingest/store-webhook.ts";
import type { RecordLock } from "../../../lambdas/domain/ports.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { DECISION_ROUTE_ID, ROUTE_TITLES } from "../../../lambdas/settings/routes.ts";
import type { IdempotencyRecords } from "../../../tools/cloud-in-memory/idempotency.ts";
import { MemoryQueueMessages, sendBatchTo } from "../../../tools/cloud-in-memory/queue-ports.ts";
import { mix } from "../../../tools/cloud-in-memory/random.ts";
import type { Invocation, Sandbox } from "../faults/sandbox.ts";
import type { World } from "./world.ts";
import { isEnd } from "../scenario/expectations.ts";

/** The clocks of two sandboxes differ by so much at most (`sandbox.clock`). */
const CLOCKS_APART_MS = 2_000;

export type Observed = ReturnType<typeof observe>;

/**
 * The cloud's ports with somebody watching: what is written and published is seen where it is applied.
 *
 * @param onGivenBack - called when the consumer has made a message visible again.
 */
export function observe(world: World, onGivenBack: (receiptHandle: string) => void) {
  const { scenario, cloud, observer, faults, story, nameOf, onPlanned, onQueued } = world;
  const { applications, idempotency, bus } = cloud;
  const { deadRoute } = scenario;
  const isDead = (entry: BusEntry | undefined) =>
    deadRoute !== null && entry?.detailType === ROUTE_TITLES[deadRoute];
  const messages = new MemoryQueueMessages(cloud.events);
  const table = world.faultPoints.store?.(applications, cloud, world) ?? applications;
  const records = world.faultPoints.idempotencyRecords?.(idempotency, cloud) ?? idempotency;

  /** Who locked an idempotency record last. */
  const holders = new Map<string, Invocation | null>();

  /** Another invocation may be at work on an event that it has not completed. */
  const isHeldApart = (eventId: string, lock: RecordLock | null | undefined, by?: string) =>
    lock !== null &&
    lock !== undefined &&
    lock.by !== by &&
    lock.until > world.clock.now() - CLOCKS_APART_MS &&
    idempotency.records.get(eventId)?.status !== "completed";

  const hinder = (sandbox: Sandbox, eventId: string) => {
    story.tell(sandbox.name, `finds ${nameOf(eventId)} locked by its record`);
    observer.tallies.conflicts += 1;
    if (sandbox.invocation !== null) sandbox.invocation.isHindered = true;
  };

  const storeIn = (sandbox: Sandbox) =>
    withMethods(table, {
      async lockOf(event) {
        const lock = await table.lockOf(event);
        if (isHeldApart(event.eventId, lock)) hinder(sandbox, event.eventId);
        return lock;
      },
      async recordEvent(event) {
        const result = await table.recordEvent(event);
        if (!result.isNew && isHeldApart(event.eventId, result.lock, event.lock?.by)) {
          hinder(sandbox, event.eventId);
        }
        const isAgain = event.route === DECISION_ROUTE_ID && !result.isNew;
        if (isAgain) observer.tallies.decisionsTriedAgain += 1;
        story.tell("table", `${nameOf(event.eventId)} is ${result.isNew ? "recorded" : "known"}`);
        return result;
      },
      async mergeState(observation, check) {
        const merged = await table.mergeState(observation, check);
        observer.merged(observation, merged.after);
        onPlanned();
        return merged;
      },
      async mergeEach(steps) {
        const merged = await table.mergeEach(steps);
        for (const [index, { observation }] of steps.entries()) {
          observer.merged(observation, merged[index]?.after ?? observation);
        }
        onPlanned();
        return merged;
      },
      async recordFailure(failure) {
        observer.tallies.failures += 1;
        story.tell("table", `keeps evidence against ${nameOf(failure.eventId)}: ${failure.reason}`);
        return table.recordFailure(failure);
      },
      async forgetEvent(event) {
        story.tell("table", `forgets ${nameOf(event.eventId)}, an alias`);
        observer.tallies.forgotten += 1;
        return table.forgetEvent(event);
      },
    });

  const due = withMethods<DueApplications>(applications, {
    async take(one) {
      const taken = await applications.take(one);
      if (taken !== null && taken !== "claimed") observer.claimed(one);
      return taken;
    },
    async claim(one, until) {
      const claimed = await applications.claim(one, until);
      if (claimed !== null) observer.claimed(one);
      onPlanned();
      return claimed;
    },
    async plan(claimed, plan) {
      await applications.plan(claimed, plan);
      onPlanned();
    },
  });

  return {
    storeIn,
    due,
    putEvents: (sandbox: Sandbox) => async (entries: readonly BusEntry[]) => {
      const fault = faults.draw("bus.entries", BUS_FAULTS);
      if (fault !== null) sandbox.suffer(fault);
      if (entries.some(isDead) && sandbox.invocation !== null) sandbox.invocation.isHindered = true;
      const refused = (index: number) =>
        isDead(entries[index]) ||
        (fault?.kind === "partly-refused" &&
          mix(Math.floor(fault.amount * 2 ** 31), index) % 2 === 0);
      if (fault?.kind === "answered-without-entries" && fault.amount < 0.5) {
        return { FailedEntryCount: entries.length, Entries: [] };
      }
      const answer = {
        Entries: entries.flatMap((entry, index) =>
          refused(index) ? [{ ErrorCode: "ThrottlingException" }] : put(entry, sandbox),
        ),
      };
      if (fault === null || fault.kind === "partly-refused") return answer;
      return fault.kind === "answered-nothing" ? {} : { FailedEntryCount: 0, Entries: [] };
    },
    idempotencyRecords: (sandbox: Sandbox): IdempotencyRecords => ({
      async lock(key, record, now) {
        const standing = await records.lock(key, record, now);
        if (standing === null) {
          holders.set(key, sandbox.invocation);
          return null;
        }
        story.tell(sandbox.name, `finds ${nameOf(key)} ${standing.status}`);
        observer.tallies[standing.status === "in-progress" ? "conflicts" : "duplicates"] += 1;
        // Two messages of one batch wait for each other.
        const isOthers = holders.get(key) !== sandbox.invocation || hasSecondMessage(key);
        if (sandbox.invocation !== null && isOthers) sandbox.invocation.isHindered = true;
        return standing;
      },
      read: (key) => records.read(key),
      async complete(key, expiresAt) {
        await records.complete(key, expiresAt);
        observer.remembered(key, sandbox.invocation);
      },
      async remove(key) {
        const holder = holders.get(key) ?? null;
        if (holder !== sandbox.invocation) holder?.lostLocks.add(key);
        await records.remove(key);
      },
    }),
    envelopeQueue: (queue: EnvelopeQueue): EnvelopeQueue => ({
      async send(message, deadline) {
        const outcome = await queue.send(message, deadline);
        if (outcome.stored) {
          observer.queued.add(receiptIdIn(message));
          onQueued();
        }
        return outcome;
      },
    }),
    messages: {
      async retryAfter(receiptHandle: string, seconds: number) {
        await messages.retryAfter(receiptHandle, seconds);
        onGivenBack(receiptHandle);
      },
    },
    sendBatch: (sandbox: Sandbox) => async (entries: readonly MessageEntry[]) => {
      const fault = faults.draw("queue.entries", ["answered-without-one"]);
      if (fault !== null) sandbox.suffer(fault);
      // SQS has lost it, or only its name.
      const at = fault === null ? -1 : Math.floor(fault.amount * entries.length);
      const isLost = fault !== null && (fault.amount * entries.length) % 1 < 0.5;
      const answer = send(isLost ? entries.toSpliced(at, 1) : entries);
      const { Successful = [] } = answer;
      return { ...answer, Successful: Successful.filter(({ Id }) => Id !== entries[at]?.Id) };
    },
  };

  /** Whether a batch can hold two messages for this key: of an event under two ids, or of an end and Alloy's answer. */
  function hasSecondMessage(eventId: string): boolean {
    const event = scenario.eventOf(eventId);
    // A step of an Investigation may be reported under two ids as well.
    if (event === null) return scenario.investigations.length > 0;
    return event.ids.length > 1 || isEnd(event);
  }

  function put(entry: BusEntry, sandbox: Sandbox): NonNullable<PutEventsAnswer["Entries"]> {
    const before = bus.published.length;
    const { Entries = [] } = bus.putEvents([entry]);
    const event = bus.published[before];
    if (event === undefined) return Entries;
    observer.published(event, sandbox.invocation);
    story.tell("bus", `${event.route} of ${nameOf(event.eventId)}${event.late ? ", late" : ""}`);
    return Entries;
  }

  function send(entries: readonly MessageEntry[]): SendMessageBatchAnswer {
    const answer = sendBatchTo(cloud.events, entries);
    story.tell("poller", `queues ${entries.length}`);
    onQueued();
    return answer;
  }
}

const BUS_FAULTS = ["partly-refused", "answered-nothing", "answered-without-entries"] as const;

const RECEIPT = /"receiptId":"([^"]*)"/;

function receiptIdIn(message: string): string {
  return RECEIPT.exec(message.slice(0, 200))?.[1] ?? "";
}
