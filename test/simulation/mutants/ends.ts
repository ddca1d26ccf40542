import type { ConsumerDependencies } from "../../../lambdas/consumer/handler.ts";
import { mergeState, resolveFacts } from "../../../lambdas/domain/application/application-state.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import type { EventRecord } from "../../../lambdas/domain/ports.ts";
import { publishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { aConsumer } from "../../support/consumer.ts";
import { batchOf } from "../../../tools/cloud-in-memory/builders.ts";
import type { Mutants } from "./mutant.ts";
import { mergedBy } from "./state.ts";
import { aTable, inConsumer, queuedBy } from "./plant.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const TOKEN = "JA-1";

/** A webhook of the application, so long after its first. */
function webhook(type: string, after: number, changes: object = {}): string {
  const ids = { journey_application_token: TOKEN, journey_token: "J-1" };
  const data = { ...ids, type, timestamp: AT + after, ...changes };
  return JSON.stringify({ type: "update:journeyapplications:sandbox", data });
}

const approved = webhook("completed_application", 0, { outcome: "Approved" });

const reopened = { end: null, lastEnd: null, answer: null };

/** An end that an error, an unarchiving or a rerun takes back, and one that is told twice. */
export const END_MUTANTS: Mutants = {
  "outcome-lost-to-its-own-webhook": {
    what: "of two tellings of one end the later one counts, also when it names no outcome",
    within: 600,
    plant: () =>
      mergedBy((before, observation) => {
        const { end } = observation;
        const isToldAgain = before.end?.status === "completed" && end?.status === "completed";
        const merged = mergeState(before, observation);
        return isToldAgain && end.outcome === null ? { ...merged, end, lastEnd: end } : merged;
      }),
  },
  "unarchiving-reopens": {
    what: "an unarchiving reopens an application without Alloy's answer",
    plant: () =>
      mergedBy((before, observation, { when }) => {
        const isHint = observation.lastEventAt === null;
        const isReopening = when === "now" && observation.end === null && !isHint;
        return { ...mergeState(before, observation), ...(isReopening && reopened) };
      }),
  },
  "rerun-reopens": {
    what: "a rerun reopens the application that it was started from",
    plant: () =>
      mergedBy((before, observation) => {
        const isRerun = observation.chain.next !== null && observation.answer === null;
        return { ...mergeState(before, observation), ...(isRerun && reopened) };
      }),
  },
  "second-end-takes-over": {
    what: "a second end without a reopening takes back the decision before it",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        return {
          ...merged,
          end: merged.lastEnd,
          answer: observation.answer ?? (observation.end === null ? merged.answer : null),
        };
      }),
  },
  "second-try-forgets-the-first-end": {
    what: "a second try of a second end, whose first was cut off, takes it for the first",
    plant: () => mergedBy(mergeState),
  },
  "applicants-error-published": {
    what: "one applicant's error is published as the end of the application",
    within: 600,
    plant: () =>
      inConsumer((right) => ({
        store: withMethods(right.store, {
          async recordEvent(record) {
            const recorded = await right.store.recordEvent(record);
            if (record.isWithheld && recorded.isNew) await publishAlone(record, right);
            return recorded;
          },
        }),
      })),
  },
  "withheld-end-never-confirmed": {
    what: "Alloy's answer confirms a withheld end, and nobody publishes it",
    within: 600,
    plant: () => queuedBy((one) => (/"confirms":\{/.test(one.body ?? "") ? null : one)),
  },
  "old-event-published-again": {
    what: "an event whose idempotency record has expired has its effect once more",
    async hunt(isPlanted) {
      // Whoever records an event finds it new.
      const store = aTable(isPlanted, (right) => ({
        async recordEvent(event) {
          await right.recordEvent(event);
          const { receiptId, receivedAt, outcome } = event;
          return { isNew: true, receiptId, receivedAt, isWithheld: false, outcome };
        },
      }));
      const first = aConsumer({ store });
      await first.process(batchOf([approved]));
      const now = () => Date.now() + IDEMPOTENCY.windowMs + HOUR;
      const later = aConsumer({ store, now });
      await later.process(batchOf([approved]));
      const published = first.published.length + later.published.length;
      return published === 1 ? null : `it is published ${published} times`;
    },
  },
  "submission-above-alloy": {
    what: "what the onboarding service announced hides what Alloy's own events say",
    needs: "odd-submission",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        const { answer, events, submission } = merged.facts;
        const facts = resolveFacts({ answer: submission, events: answer, submission: events });
        return { ...merged, ...facts };
      }),
  },
};

/** The bug: what only Alloy's answer can say of the application is published as it comes. */
async function publishAlone(
  record: EventRecord,
  { publisher, settings }: Pick<ConsumerDependencies, "publisher" | "settings">,
): Promise<void> {
  const parsed = parseWebhook(new TextDecoder().decode(record.body));
  if (parsed.kind !== "journey-event") return;
  const { event } = parsed;
  const { receiptId, receivedAt, origin, route } = record;
  await publisher.publish([
    publishedEvent({
      event,
      sequence: null,
      route,
      state: stateOfEvent(event),
      late: false,
      receipt: { receiptId, receivedAt, origin },
      environment: settings.environment,
    }),
  ]);
}
