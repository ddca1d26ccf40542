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
import { batchOfMessages } from "../../tools/cloud-in-memory/builders.ts";
import { aPoller } from "./poller.ts";

export const TOKEN = "JA-exampleBothSides0001";

/** What a side says of an event, in Alloy's own words; what it does not say is absent. */
export type Said = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly timestamp: number;
};

/** What Alloy answers. */
interface Answered {
  readonly events: readonly Said[];
  readonly status: string;
  readonly outcome?: string;
  readonly updatedAt?: number;
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
  const notices: GapNotice[] = [];
  let refusals = 0;
  const published: PublishedEvent[] = [];
  const { store, faults, process } = aConsumer({
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

  let receipts = 0;

  async function take(envelope: Envelope): Promise<void> {
    const { batchItemFailures } = await process(batchOfMessages([encodeEnvelope(envelope)]));
    if (batchItemFailures.length > 0) throw new Error("the consumer gave a message back");
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
    const parsed = parseAlloyApplication(body, {
      applicationToken: TOKEN,
      journeyToken: "J-1",
    });
    if ("reason" in parsed) throw new Error(parsed.reason);
    const stored = {
      ...application,
      memory: NEVER_CHECKED,
      dueAt: at,
      hasFailed: false,
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
    return poller.sent.map((envelope) => queuedAs(envelope));
  }

  return {
    published,
    notices,
    store,
    faults,
    /** The bus takes so many of the next calls not. */
    refuse(calls: number): void {
      refusals = calls;
    },
    /** A webhook that comes at once, unless said otherwise. */
    async webhook(data: Said, at = data.timestamp + 500): Promise<void> {
      now = Math.max(now, at);
      receipts += 1;
      await take({
        v: 1,
        kind: "webhook",
        receiptId: `webhook-${receipts}`,
        receivedAt: now,
        body: JSON.stringify({
          type: "update:journeyapplications:sandbox",
          data: { journey_application_token: TOKEN, journey_token: "J-1", ...data },
        }),
        payloadKey: null,
        sourceIp: null,
      });
    },
    /** A check at this time, at which Alloy answers so. */
    async check(
      at: number,
      answer: Answered,
      /** Whether what it queues reaches the consumer. */
      { heal = true } = {},
    ): Promise<void> {
      const envelopes = await queued(at, answer);
      for (const envelope of heal ? envelopes : []) await take(envelope);
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
