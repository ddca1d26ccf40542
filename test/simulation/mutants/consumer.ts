import { mergeOver } from "../../../lambdas/domain/application/withholding.ts";
import { inConsumer, inStore, inTable, publishing, readingMerges } from "./plant.ts";
import type { Mutants } from "./mutant.ts";

/** What goes wrong between the queue, the work and the bus. */
export const CONSUMER_MUTANTS: Mutants = {
  "dead-route-holds-its-neighbours": {
    what: "when the bus refuses one event of a call, all of the call count as refused",
    needs: "dead-route",
    plant: () =>
      publishing((right) => async (events) => {
        const answers = await right(events);
        const refusal = answers.find((answer) => answer !== null) ?? null;
        return answers.map(() => refusal);
      }),
  },
  "record-error-swallowed": {
    what: "a record that failed is not given back",
    plant: () => ({
      consumer: (handle) => async (event, context) => {
        await handle(event, context);
        return { batchItemFailures: [] };
      },
    }),
  },
  "batch-fails-as-a-whole": {
    what: "one record that fails throws, and its neighbours come back with it",
    plant: () => ({
      consumer: (handle) => async (event, context) => {
        const response = await handle(event, context);
        if (response.batchItemFailures.length > 0) throw new Error("a record failed");
        return response;
      },
    }),
  },
  "failures-not-reported": {
    what: "the event source does not know ReportBatchItemFailures: its list is ignored",
    plant: () => ({ reportsBatchItemFailures: false }),
  },
  "batch-not-grouped": {
    what: "records of one batch are worked on side by side: a duplicate finds itself in progress",
    plant: () => ({
      consumer: (handle) => async (event, context) => {
        const responses = await Promise.all(
          event.Records.map((record) => handle({ Records: [record] }, context)),
        );
        return { batchItemFailures: responses.flatMap((one) => one.batchItemFailures) };
      },
    }),
  },
  "visibility-shorter-than-the-work": {
    what: "a message is visible again while it is worked on",
    plant: () => ({ visibilityMs: 1_000 }),
  },
  "permanent-error-retried": {
    what: "what nobody can read goes back to the queue until SQS gives it up, without a reason",
    within: 600,
    plant: () =>
      inConsumer(() => ({ deadLetters: { send: () => Promise.reject(new Error("not by us")) } })),
  },
  "dead-letter-without-reason": {
    what: "what is dead-lettered does not say why",
    within: 600,
    plant: () =>
      inConsumer(({ deadLetters }) => ({
        deadLetters: { send: (message) => deadLetters.send(message, "") },
      })),
  },
  "dead-letter-dropped": {
    what: "what nobody can read is dropped instead of dead-lettered",
    within: 600,
    plant: () => inConsumer(() => ({ deadLetters: { async send() {} } })),
  },
  "evidence-stays": {
    what: "the evidence of a failure is not removed when the event has had its effect",
    within: 600,
    plant: () => inStore(() => ({ async clearFailure() {} })),
  },
  "refused-entries-forgotten": {
    what: "entries that the bus refused are taken for published",
    plant: () =>
      publishing((right) => async (events) => {
        await right(events);
        return events.map(() => null);
      }),
  },
  "published-without-waiting": {
    what: "nobody waits for the bus: a publication that fails is not noticed",
    plant: () =>
      publishing((right) => async (events) => {
        right(events).catch(() => {});
        return events.map(() => null);
      }),
  },
  "published-under-a-new-id": {
    what: "each publication gets an id of its own, by which downstream knows no duplicate",
    plant: () => {
      let count = 0;
      const renamed = () => `publication-${(count += 1)}`;
      return publishing(
        (right) => (events) => right(events.map((event) => ({ ...event, eventId: renamed() }))),
      );
    },
  },
  "unknown-type-dropped": {
    what: "an event type that the documentation does not know is dropped",
    plant: () =>
      inConsumer(({ settings }) => ({
        settings: {
          ...settings,
          ignoredEventTypes: [...settings.ignoredEventTypes, "invented_tomorrow"],
        },
      })),
  },
  "drops-not-counted": {
    what: "what configuration drops is not counted",
    plant: () => inConsumer(({ metrics }) => ({ metrics: { ...metrics, count() {} } })),
  },
  "group-loses-its-first": {
    what: "of several events that are merged together, the first is answered for and not merged",
    plant: () =>
      inTable((right) => ({
        async mergeEach(steps) {
          const [first, ...others] = steps;
          if (first === undefined || others.length === 0) return right.mergeEach(steps);
          const merged = await right.mergeEach(others);
          const before = merged[0]?.before ?? null;
          return [{ before, after: mergeOver(before, first.observation) }, ...merged];
        },
      })),
  },
  "group-merged-as-one": {
    what: "of several events that are merged together, each reads what all have come to: the older ones are late",
    plant: () =>
      inTable((right) => ({
        async mergeEach(steps) {
          const merged = await right.mergeEach(steps);
          const last = merged.at(-1);
          return merged.map(({ before, after }) => ({ before, after: last?.after ?? after }));
        },
      })),
  },
  "group-numbered-from-one": {
    what: "several events that are merged together are numbered by themselves, whatever the application had",
    plant: () =>
      inTable((right) => ({
        async mergeEach(steps) {
          const merged = await right.mergeEach(steps);
          const had = merged[0]?.before?.effects.ids.length ?? 0;
          return merged.map(({ before, after }) => {
            const ids = after.effects.ids.slice(had);
            return { before, after: { ...after, effects: { ...after.effects, ids } } };
          });
        },
      })),
  },
  "group-acknowledged-without-its-merge": {
    what: "events whose common merge failed are taken for merged",
    within: 1_200,
    plant: () =>
      inStore((store) => ({
        async mergeEach(steps) {
          try {
            return await store.mergeEach(steps);
          } catch {
            return steps.map(({ observation }) => ({ before: null, after: observation }));
          }
        },
      })),
  },
  "aliases-not-known": {
    what: "a healed event does not look for the webhook that told of it a little differently",
    plant: () => inStore(() => ({ reportsNear: async () => ({ recorded: [], marks: [] }) })),
  },
  "healed-not-marked": {
    what: "a webhook does not know what the poller has healed under a slightly different identity",
    plant: () => readingMerges(() => ({ healedUntil: null })),
  },
};
