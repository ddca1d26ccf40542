import type { SQSBatchResponse } from "aws-lambda";

import { inConsumer, inStore } from "./plant.ts";
import type { WorldMutant } from "./mutant.ts";

export const RECORD_ERROR_SWALLOWED: WorldMutant = {
  id: "record-error-swallowed",
  what: "a record that failed is not given back",
  plant: () => ({
    consumer: (handle) => async (event, context) => {
      await handle(event, context);
      return { batchItemFailures: [] };
    },
  }),
};

/** What goes wrong between the queue, the work and the bus. */
export const CONSUMER_MUTANTS: readonly WorldMutant[] = [
  {
    id: "dead-route-holds-its-neighbours",
    what: "when the bus refuses one event of a call, all of the call count as refused",
    needs: "dead-route",
    plant: () =>
      inConsumer((right) => ({
        publisher: {
          async publish(events) {
            const answers = await right.publisher.publish(events);
            const refusal = answers.find((answer) => answer !== null) ?? null;
            return answers.map(() => refusal);
          },
        },
      })),
  },
  RECORD_ERROR_SWALLOWED,
  {
    id: "batch-fails-as-a-whole",
    what: "one record that fails throws, and its neighbours come back with it",
    plant: () => ({
      consumer: (handle) => async (event, context) => {
        const response = await handle(event, context);
        if (response.batchItemFailures.length > 0) throw new Error("a record failed");
        return response;
      },
    }),
  },
  {
    id: "failures-not-reported",
    what: "the event source does not know ReportBatchItemFailures: its list is ignored",
    plant: () => ({ reportsBatchItemFailures: false }),
  },
  {
    id: "batch-not-grouped",
    what: "records of one batch are worked on side by side: a duplicate finds itself in progress",
    plant: () => ({
      consumer: (handle) => async (event, context) => {
        const responses = await Promise.all(
          event.Records.map((record) => handle({ Records: [record] }, context)),
        );
        const none: SQSBatchResponse = { batchItemFailures: [] };
        return responses.reduce(
          (all, one) => ({
            batchItemFailures: [...all.batchItemFailures, ...one.batchItemFailures],
          }),
          none,
        );
      },
    }),
  },
  {
    id: "visibility-shorter-than-the-work",
    what: "a message is visible again while it is worked on",
    plant: () => ({ visibilityMs: 1_000 }),
  },
  {
    id: "permanent-error-retried",
    what: "what nobody can read goes back to the queue until SQS gives it up, without a reason",
    within: 600,
    plant: () =>
      inConsumer(() => ({
        deadLetters: { send: () => Promise.reject(new Error("not by us")) },
      })),
  },
  {
    id: "dead-letter-without-reason",
    what: "what is dead-lettered does not say why",
    within: 600,
    plant: () =>
      inConsumer((right) => ({
        deadLetters: { send: (message) => right.deadLetters.send(message, "") },
      })),
  },
  {
    id: "dead-letter-dropped",
    what: "what nobody can read is dropped instead of dead-lettered",
    within: 600,
    plant: () => ({
      consumerDependencies: (right) => ({ ...right, deadLetters: { async send() {} } }),
    }),
  },
  {
    id: "evidence-stays",
    what: "the evidence of a failure is not removed when the event has had its effect",
    within: 600,
    plant: () =>
      inConsumer((right) => ({
        store: { ...right.store, async clearFailure() {} },
      })),
  },
  {
    id: "refused-entries-forgotten",
    what: "entries that the bus refused are taken for published",
    plant: () =>
      inConsumer((right) => ({
        publisher: {
          async publish(events) {
            await right.publisher.publish(events);
            return events.map(() => null);
          },
        },
      })),
  },
  {
    id: "published-without-waiting",
    what: "nobody waits for the bus: a publication that fails is not noticed",
    plant: () =>
      inConsumer((right) => ({
        publisher: {
          async publish(events) {
            right.publisher.publish(events).catch(() => {});
            return events.map(() => null);
          },
        },
      })),
  },
  {
    id: "published-under-a-new-id",
    what: "each publication gets an id of its own, by which downstream knows no duplicate",
    plant: () => {
      let count = 0;
      return {
        consumerDependencies: (right) => ({
          ...right,
          publisher: {
            publish: (events) =>
              right.publisher.publish(
                events.map((event) => {
                  count += 1;
                  return { ...event, eventId: `publication-${count}` };
                }),
              ),
          },
        }),
      };
    },
  },
  {
    id: "unknown-type-dropped",
    what: "an event type that the documentation does not know is dropped",
    plant: () =>
      inConsumer((right) => ({
        settings: {
          ...right.settings,
          ignoredEventTypes: [...right.settings.ignoredEventTypes, "invented_tomorrow"],
        },
      })),
  },
  {
    id: "drops-not-counted",
    what: "what configuration drops is not counted",
    plant: () =>
      inConsumer((right) => ({
        metrics: { ...right.metrics, count() {} },
      })),
  },
  {
    id: "aliases-not-known",
    what: "a healed event does not look for the webhook that told of it a little differently",
    plant: () =>
      inStore(() => ({
        reportsNear: () => Promise.resolve({ recorded: [], marks: [] }),
      })),
  },
  {
    id: "healed-not-marked",
    what: "a webhook does not know what the poller has healed under a slightly different identity",
    plant: () =>
      inStore((store) => ({
        async mergeState(observation, check) {
          const merged = await store.mergeState(observation, check);
          return { ...merged, after: { ...merged.after, healedUntil: null } };
        },
      })),
  },
];
