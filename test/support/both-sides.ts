import { parseAlloyApplication } from "../../lambdas/domain/alloy-application.ts";
import { encodeEnvelope } from "../../lambdas/domain/envelope.ts";
import type { Envelope } from "../../lambdas/domain/envelope.ts";
import type { GapNotice } from "../../lambdas/domain/gap-notice.ts";
import type { Gap } from "../../lambdas/domain/gap.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling-ports.ts";
import { aConsumer } from "./consumer.ts";
import { batchOf } from "./counted-consumer.ts";
import { aPoller } from "./poller.ts";

export const TOKEN = "JA-exampleBothSides0001";

/** What a side says of an event, in Alloy's own words; what it does not say is absent. */
export type Said = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly timestamp: number;
};

/**
 * One application, of which webhooks come to the real consumer and which the real poller compares with
 * Alloy's answer, over one table in memory. What the poller queues goes to the consumer at once.
 */
export function bothSides() {
  let now = 0;
  let gap: Gap | null = null;
  const notices: GapNotice[] = [];
  const consumer = aConsumer({ now: () => now });
  const { store, published, process } = consumer;

  let receipts = 0;

  async function take(envelope: Envelope): Promise<void> {
    const { Records } = batchOf([""]);
    const body = encodeEnvelope(envelope);
    const { batchItemFailures } = await process({
      Records: Records.map((record) => ({ ...record, body })),
    });
    if (batchItemFailures.length > 0) throw new Error("the consumer gave a message back");
  }

  return {
    published,
    notices,
    store,
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
      answer: {
        readonly events: readonly Said[];
        readonly status: string;
        readonly outcome?: string;
        readonly updatedAt?: number;
      },
      /** Whether what it queues reaches the consumer. */
      { heal = true } = {},
    ): Promise<void> {
      now = at;
      const application = store.applications.get(TOKEN);
      if (application === undefined) throw new Error("nothing is known of the application");
      const { events, status, outcome = null, updatedAt = events.at(-1)?.timestamp } = answer;
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
        state: application.state,
        memory: NEVER_CHECKED,
        dueAt: at,
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
      for (const envelope of heal ? poller.sent : []) await take(envelope);
    },
  };
}
