import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import { parseAlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../lambdas/domain/event/envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { GapNotice } from "../../lambdas/domain/routing/gap-notice.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { aConsumer } from "./consumer.ts";
import { batchOfMessages, received } from "../../tools/cloud-in-memory/builders.ts";
import { anEnvelope } from "./poll-envelope.ts";
import { aPoller } from "./poller.ts";

export const TOKEN = "JA-exampleBothSides0001";
export const AT = Date.UTC(2026, 10, 23, 20);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** What a side says of an event, in Alloy's own words; what it does not say is absent. */
export type Said = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly timestamp: number;
};

/** What Alloy answers. */
export interface Answered {
  readonly events: readonly Said[];
  readonly status: string;
  readonly outcome?: string | null;
  /** @default - when the last of the events was */
  readonly updatedAt?: number;
}

export const STARTED: Said = { type: "started_application", timestamp: AT - HOUR };
export const APPROVED = completed(AT, "Approved");

/** The end of an application; without an outcome, the side leaves it out. */
export function completed(timestamp: number, outcome?: string): Said {
  return { type: "completed_application", timestamp, ...(outcome !== undefined && { outcome }) };
}

export function expired(timestamp: number): Said {
  return { type: "application_expired", timestamp };
}

/** Alloy's answer that it has decided so. */
export function decided(outcome: string, ...events: readonly Said[]) {
  return { events, status: "completed", outcome };
}

/** The call does not reach the table. */
export const throttled = () => Promise.reject(new TransientError("throttled"));

/** The table makes the call, and its caller is not told. */
export async function cutOff(call: () => Promise<unknown>): Promise<never> {
  await call();
  throw new TransientError("cut off");
}

export type Sides = ReturnType<typeof bothSides>;

/** Both sides, once these webhooks have come, each at once. */
export async function sidesAfter(...webhooks: readonly Said[]): Promise<Sides> {
  const sides = bothSides();
  await sides.webhooks(webhooks);
  return sides;
}

/**
 * One application, of which webhooks come to the real consumer and which the real poller compares with
 * Alloy's answer, over one table in memory. What the poller queues goes to the consumer at once.
 */
export function bothSides({
  store: table = new MemoryApplicationTable(),
  queuedAs = (envelope: Envelope) => envelope,
}: {
  readonly store?: MemoryApplicationTable;
  /** What the poller's envelope has become in the queue. */
  readonly queuedAs?: (envelope: Envelope) => Envelope;
} = {}) {
  let now = 0;
  let gap: Gap | null = null;
  let refusals = 0;
  let receipts = 0;
  const notices: GapNotice[] = [];
  const published: PublishedEvent[] = [];
  const corrections: Envelope[] = [];
  const { store, faults, process, deadLettered, state } = aConsumer({
    store: table,
    now: () => now,
    publisher: {
      async publish(events) {
        refusals -= 1;
        if (refusals >= 0) throw new TransientError("throttled");
        published.push(...events);
        return events.map(() => null);
      },
    },
  });

  /** The message of an event, at this moment. */
  function messageOf(data: object, kind: "webhook" | "poll" = "webhook"): Envelope {
    receipts += 1;
    const body = {
      type: "update:journeyapplications:sandbox",
      data: { journey_application_token: TOKEN, journey_token: "J-1", ...data },
    };
    const receiptId = `${kind}-${receipts}`;
    return anEnvelope({ kind, receiptId, receivedAt: now, body: JSON.stringify(body) });
  }

  /** One try of a message. @returns what becomes of it */
  async function tryOf(envelope: Envelope, receives: number): Promise<"done" | "back" | "dead"> {
    const before = deadLettered.length;
    const batch = received(batchOfMessages([encodeEnvelope(envelope)]), receives);
    const { batchItemFailures } = await process(batch);
    if (deadLettered.length > before) return "dead";
    return batchItemFailures.length > 0 ? "back" : "done";
  }

  async function take(envelope: Envelope): Promise<void> {
    if ((await tryOf(envelope, 1)) === "back") throw new Error("the consumer gave a message back");
  }

  /** A webhook that comes at once, unless said otherwise. */
  async function webhook(data: Said, at = data.timestamp + 500): Promise<void> {
    now = Math.max(now, at);
    await take(messageOf(data));
  }

  /** A check at this time, at which Alloy answers so; @returns what it queues. */
  async function queued(at: number, answer: Answered): Promise<readonly Envelope[]> {
    now = at;
    const { events, status, outcome = null, updatedAt = events.at(-1)?.timestamp } = answer;
    const application = store.applications.get(TOKEN);
    if (application === undefined) throw new Error("nothing is known of the application");
    const body = JSON.stringify({
      journey_application_token: TOKEN,
      status,
      complete_outcome: outcome,
      sandbox: true,
      updated_at: updatedAt,
      _embedded: { journey: { journey_token: "J-1", journey_name: "Onboarding" }, events },
    });
    const parsed = parseAlloyApplication(body, { applicationToken: TOKEN, journeyToken: "J-1" });
    if ("reason" in parsed) throw new Error(parsed.reason);
    const stored = {
      ...application,
      memory: { ...NEVER_CHECKED, requestedAt: at },
      dueAt: at,
      hasFailed: false,
      claimedUntil: null,
      ...(await store.history(TOKEN)),
      gap,
    };
    const applications = new Map([[TOKEN, stored]]);
    const poller = aPoller(applications, {
      answer: () => ({ kind: "application", application: parsed.application }),
      now: at,
    });
    await poller.run();
    gap = applications.get(TOKEN)?.gap ?? null;
    notices.push(...poller.notices);
    corrections.push(...poller.sent.filter(({ body }) => body?.includes('"snapshot"')));
    return poller.sent.map((envelope) => queuedAs(envelope));
  }

  return {
    published,
    notices,
    /** All that the poller queued of Alloy's answers themselves. */
    corrections,
    store,
    faults,
    messageOf,
    tryOf,
    queued,
    now: () => now,
    /** The final events that downstream received, by their routes. */
    ends: () => published.map(({ route }) => route).filter((route) => route !== "progressed"),
    /** Status and outcome of the application here. */
    stands() {
      const known = state(TOKEN);
      return known && [statusOf(known), outcomeOf(known)];
    },
    /** The id under which an event is recorded. */
    idOf: ({ type, timestamp }: Said) =>
      [...store.events.values()].find((one) => one.type === type && one.at === timestamp)?.eventId,
    revision: () => store.applications.get(TOKEN)?.revision,
    /** The bus takes so many of the next calls not. */
    refuse(calls: number): void {
      refusals = calls;
    },
    /** Time goes on to then. */
    waitUntil(at: number): void {
      now = Math.max(now, at);
    },
    webhook,
    async webhooks(all: readonly Said[], at?: number): Promise<void> {
      for (const data of all) await webhook(data, at);
    },
    /** The poller's copy of an event, at once. */
    async copy(data: Said): Promise<void> {
      now = Math.max(now, data.timestamp + 500);
      await take(messageOf(data, "poll"));
    },
    /** A check at this time, or one at each of these, at which Alloy answers so. */
    async check(
      at: number | readonly number[],
      answer: Answered,
      /** Whether what it queues reaches the consumer. */
      { heal = true } = {},
    ): Promise<void> {
      for (const time of [at].flat()) {
        const envelopes = await queued(time, answer);
        for (const envelope of heal ? envelopes : []) await take(envelope);
      }
    },
    /** The same; @returns what lets the consumer have what it queued. */
    async asked(at: number, answer: Answered): Promise<() => Promise<void>> {
      const envelopes = await queued(at, answer);
      return async () => {
        for (const envelope of envelopes) await take(envelope);
      };
    },
  };
}

/** These minutes after the time of the tests. */
export const minutes = (...after: readonly number[]) => after.map((one) => AT + one * MINUTE);
/** These hours after it. */
export const hours = (...after: readonly number[]) => after.map((one) => AT + one * HOUR);
