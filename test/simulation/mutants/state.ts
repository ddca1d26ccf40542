import { hasEnded, mergeState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import type { CheckRequest } from "../../../lambdas/domain/ports.ts";
import type { Surroundings } from "../faults/sandbox.ts";
import { inTable, readingMerges } from "./plant.ts";
import type { Mutants } from "./mutant.ts";

type Join = (
  before: ApplicationState,
  observation: ApplicationState,
  check: CheckRequest,
) => ApplicationState;

/** A table whose merge is another one. @param meanwhile - waited for between its read and its write. */
export function mergedBy(join: Join, meanwhile?: (world: Surroundings) => Promise<void>) {
  return inTable((_, { applications: table }, world) => ({
    async mergeState(observation, check) {
      const { applications } = table;
      const { applicationToken } = observation;
      const before = applications.get(applicationToken)?.state ?? null;
      if (meanwhile !== undefined) await meanwhile(world);
      await table.mergeState(observation, check);
      const kept = applications.get(applicationToken);
      const after = before === null ? observation : join(before, observation, check);
      if (kept !== undefined) applications.set(applicationToken, { ...kept, state: after });
      return { before, after };
    },
  }));
}

const timeOf = (register: { readonly stamp: string } | null) =>
  Number(register?.stamp.slice(0, 15) ?? 0);

/** What goes wrong when the state is not a join. */
export const STATE_MUTANTS: Mutants = {
  "state-by-latest-arrival": {
    what: "whatever arrives last is the status: an old step after the end reopens it",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        const { progress } = observation;
        return progress === null
          ? merged
          : { ...merged, progress, end: null, lastEnd: null, answer: null };
      }),
  },
  "state-by-latest-timestamp": {
    what: "whatever happened last is the status: one applicant's late step reopens the application",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        const isNewer = timeOf(merged.progress) > timeOf(merged.lastEnd);
        return isNewer ? { ...merged, end: null, lastEnd: null } : merged;
      }),
  },
  "state-without-ranks": {
    what: "of two steps in one millisecond the first to arrive stays",
    within: 600,
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        const isTie =
          observation.progress !== null && timeOf(before.progress) === timeOf(observation.progress);
        return isTie ? { ...merged, progress: before.progress } : merged;
      }),
  },
  "first-end-stays": {
    what: "the first end is the last one, whatever reopened the application",
    plant: () =>
      mergedBy((before, observation) => ({
        ...mergeState(before, observation),
        lastEnd: before.lastEnd ?? observation.lastEnd,
        ...(hasEnded(before) && { answer: before.answer }),
      })),
  },
  "get-then-put": {
    what: "the state is read, merged and put back: of two at once, one is lost",
    plant: () => mergedBy(mergeState, ({ clock }) => clock.sleep(30)),
  },
  "state-of-the-event-alone": {
    what: "what is published is the event's own status, whatever the application's is by then",
    plant: () => readingMerges((_, observation) => observation),
  },
  "rerun-not-registered": {
    what: "the application that a rerun makes is not known until it tells of itself",
    plant: () =>
      inTable((right) => ({
        async mergeState(observation, check) {
          const isOfRerun = observation.chain.previous !== null && observation.progress === null;
          if (isOfRerun) return { before: null, after: observation };
          return right.mergeState(observation, check);
        },
      })),
  },
  "shadow-published": {
    what: "a shadow application is taken for a real one",
    plant: () =>
      mergedBy((before, observation) => ({
        ...mergeState(before, { ...observation, isShadow: false }),
        isShadow: false,
      })),
  },
  "recorded-per-receipt": {
    what: "an event is put under its receipt's id: put-if-absent finds nothing",
    plant: () =>
      inTable((right) => ({
        recordEvent: (event) =>
          right.recordEvent({ ...event, eventId: `${event.eventId}/${event.receiptId}` }),
      })),
  },
};
