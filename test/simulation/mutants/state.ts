import { hasEnded, mergeState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationStore, CheckRequest } from "../../../lambdas/domain/ports.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { inStore } from "./plant.ts";
import type { WorldMutant } from "./mutant.ts";

type Join = (
  before: ApplicationState,
  observation: ApplicationState,
  check: CheckRequest,
) => ApplicationState;

/** A table whose merge is another one. */
export function mergedBy(join: Join): FaultPoints {
  return { store: (right, cloud) => withMethods(right, { mergeState: mergeWith(cloud, join) }) };
}

function mergeWith(cloud: MemoryCloud, join: Join): ApplicationStore["mergeState"] {
  return async (observation, check) => {
    const { applications } = cloud.applications;
    const { applicationToken } = observation;
    const before = applications.get(applicationToken)?.state ?? null;
    await cloud.applications.mergeState(observation, check);
    const kept = applications.get(applicationToken);
    const after = before === null ? observation : join(before, observation, check);
    if (kept !== undefined) applications.set(applicationToken, { ...kept, state: after });
    return { before, after };
  };
}

const timeOf = (register: { readonly stamp: string } | null) =>
  Number(register?.stamp.slice(0, 15) ?? 0);

/** What goes wrong when the state is not a join. */
export const STATE_MUTANTS: readonly WorldMutant[] = [
  {
    id: "state-by-latest-arrival",
    what: "whatever arrives last is the status: an old step after the end reopens it",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        if (observation.progress === null) return merged;
        return {
          ...merged,
          progress: observation.progress,
          end: null,
          lastEnd: null,
          answer: null,
        };
      }),
  },
  {
    id: "state-by-latest-timestamp",
    what: "whatever happened last is the status: one applicant's late step reopens the application",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        const isNewer = timeOf(merged.progress) > timeOf(merged.lastEnd);
        return isNewer ? { ...merged, end: null, lastEnd: null } : merged;
      }),
  },
  {
    id: "state-without-ranks",
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
  {
    id: "first-end-stays",
    what: "the first end is the last one, whatever reopened the application",
    plant: () =>
      mergedBy((before, observation) => ({
        ...mergeState(before, observation),
        lastEnd: before.lastEnd ?? observation.lastEnd,
        answer: hasEnded(before) ? before.answer : mergeState(before, observation).answer,
      })),
  },
  {
    id: "get-then-put",
    what: "the state is read, merged and put back: of two at once, one is lost",
    plant: () => ({
      store: (right, cloud, { clock }) =>
        withMethods(right, {
          async mergeState(observation, check) {
            const { applications } = cloud.applications;
            const { applicationToken } = observation;
            const before = applications.get(applicationToken)?.state ?? null;
            await new Promise<void>((resolve) => clock.after(30, resolve));
            await cloud.applications.mergeState(observation, check);
            const after = before === null ? observation : mergeState(before, observation);
            const kept = applications.get(applicationToken);
            if (kept !== undefined) applications.set(applicationToken, { ...kept, state: after });
            return { before, after };
          },
        }),
    }),
  },
  {
    id: "state-of-the-event-alone",
    what: "what is published is the event's own status, whatever the application's is by then",
    plant: () =>
      inStore((store) => ({
        async mergeState(observation, check) {
          const { before } = await store.mergeState(observation, check);
          return { before, after: observation };
        },
      })),
  },
  {
    id: "rerun-not-registered",
    what: "the application that a rerun makes is not known until it tells of itself",
    plant: () => ({
      store: (right) =>
        withMethods(right, {
          async mergeState(observation, check) {
            const isOfRerun = observation.chain.previous !== null && observation.progress === null;
            if (isOfRerun) return { before: null, after: observation };
            return right.mergeState(observation, check);
          },
        }),
    }),
  },
  {
    id: "shadow-published",
    what: "a shadow application is taken for a real one",
    plant: () =>
      mergedBy((before, observation) => ({
        ...mergeState(before, { ...observation, isShadow: false }),
        isShadow: false,
      })),
  },
  {
    id: "recorded-per-receipt",
    what: "an event is put under its receipt's id: put-if-absent finds nothing",
    plant: () => ({
      store: (right) =>
        withMethods(right, {
          recordEvent: (event) =>
            right.recordEvent({ ...event, eventId: `${event.eventId}/${event.receiptId}` }),
        }),
    }),
  },
];
