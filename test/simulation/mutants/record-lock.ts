import type { Recording } from "../../../lambdas/domain/ports.ts";
import type { Mutants } from "./mutant.ts";
import { inStore, inTable } from "./plant.ts";

/** A recording of which nobody sees who processes it. */
function withoutLock({ lock: _, ...recording }: Recording): Recording {
  return recording;
}

/** What goes wrong where the lock of an event is part of its record (docs/decisions/0079). */
export const RECORD_LOCK_MUTANTS: Mutants = {
  "record-lock-unseen": {
    what: "whoever finds an event recorded does not see that its first message is at work on it",
    within: 1_200,
    plant: () =>
      inStore((store) => ({
        async recordEvent(event) {
          const recording = await store.recordEvent(event);
          const isOwn = recording.isNew || recording.lock?.by === event.lock?.by;
          return isOwn ? recording : withoutLock(recording);
        },
      })),
  },
  "record-lock-without-end": {
    what: "the lock of an invocation that was killed never ends",
    plant: () =>
      inTable((table) => ({
        async recordEvent(event) {
          const recording = await table.recordEvent(event);
          if (recording.isNew || recording.lock === undefined) return recording;
          const isOver = recording.lock.until === 0 || recording.lock.by === event.lock?.by;
          if (isOver) return recording;
          return { ...recording, lock: { ...recording.lock, until: Number.MAX_SAFE_INTEGER } };
        },
      })),
  },
  "record-lock-is-completion": {
    what: "an event that is recorded and locked is taken for one that had its effect",
    plant: () =>
      inStore((store) => {
        const locked = new Set<string>();
        return {
          async recordEvent(event) {
            const recording = await store.recordEvent(event);
            const { lock } = recording;
            if (recording.isNew || lock === undefined || lock.by === event.lock?.by) {
              return recording;
            }
            locked.add(event.eventId);
            // Recorded by nobody who could have failed: as if it were of a route that is not published.
            return { ...withoutLock(recording), receivedAt: 0 };
          },
          hasFailure: async (applicationToken, eventId) =>
            !locked.has(eventId) && store.hasFailure(applicationToken, eventId),
        };
      }),
  },
  "late-copy-not-merged": {
    what: "a later attempt at a late event is acknowledged, and not merged: the first message may have been killed before its merge",
    within: 1_200,
    plant: () =>
      inStore((store, now) => {
        const copies = new Set<string>();
        const placeOf = (token: string | null, at: number | null) => `${token} ${at}`;
        return {
          async recordEvent(event) {
            const recording = await store.recordEvent(event);
            const isAtWork = recording.lock !== undefined && recording.lock.until > now();
            const isWebhook = event.origin === "webhook" && event.lock === undefined;
            if (!recording.isNew && isAtWork && isWebhook) {
              copies.add(placeOf(event.applicationToken, event.at));
            }
            return recording;
          },
          async mergeState(observation, check) {
            const { applicationToken, lastEventAt } = observation;
            const isCopy = copies.delete(placeOf(applicationToken, lastEventAt));
            const state = isCopy ? await store.readState(applicationToken) : null;
            return state === null
              ? store.mergeState(observation, check)
              : { before: state, after: state };
          },
        };
      }),
  },
  "recorded-anew-and-left": {
    what: "a webhook that was recorded anew for an application that is forgotten leaves its record",
    within: 1_200,
    needs: "forgotten-application",
    plant: () =>
      inStore((store) => {
        const read = new Set<string>();
        return {
          async readState(applicationToken) {
            const state = await store.readState(applicationToken);
            if (state?.forgottenAt !== null) read.add(applicationToken);
            return state;
          },
          async eraseEvent(event) {
            if (!read.has(event.applicationToken)) await store.eraseEvent(event);
          },
        };
      }),
  },
};
