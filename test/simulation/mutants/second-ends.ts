import type { ConsumerDependencies } from "../../../lambdas/consumer/handler.ts";
import { endOf } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { correctionBody, parseCorrection } from "../../../lambdas/domain/application/correction.ts";
import type { Correction } from "../../../lambdas/domain/application/correction.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import type { CheckRequest, Merged } from "../../../lambdas/domain/ports.ts";
import { eventIdIn } from "../../../lambdas/domain/application/stamp.ts";

import { MemoryApplicationTable } from "../../../tools/memory/application-table.ts";
import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";
import type { Mutant } from "./mutant.ts";

/** What goes wrong with an end that is tried again, or comes after another one. */
export const SECOND_END_MUTANTS: readonly Mutant[] = [
  {
    id: "repair-forgotten",
    what: "an event that had its effect and is brought again is neither recorded nor merged",
    within: 1_500,
    plant: () => ({ consumerDependencies: withoutRepair }),
  },
  {
    id: "repeated-end-published",
    what: "an end from before Alloy said that the application is open is published, though one said the same",
    async hunt(isPlanted) {
      const sides = bothSides({ store: tableWith(isPlanted ? withoutOpenedEnds : asMerged) });
      for (const event of [STARTED, DENIED]) await sides.webhook(event);
      const events = [STARTED, DENIED];
      await sides.check(AT + HOUR, { events, status: "waiting_review", updatedAt: AT + MINUTE });
      await sides.webhook({ ...DENIED, timestamp: AT - MINUTE }, AT + 2 * HOUR);
      return unlessPublished(sides, ["denied", "manual-review"]);
    },
  },
  {
    id: "outcome-of-a-copy-never-published",
    what: "the state has an outcome by a copy of the poller's, and so nobody publishes it",
    async hunt(isPlanted) {
      const sides = bothSides(
        isPlanted ? { queuedAs: withCorrection({ namesOutcome: false }) } : {},
      );
      await sides.webhook(STARTED);
      const answer = { events: [STARTED, DENIED], status: "completed", outcome: "Denied" };
      const takeCopy = await sides.asked(AT + HOUR, answer);
      const unnamed = { ...DENIED, timestamp: AT - 194, outcome: null };
      await sides.webhook(unnamed, AT + HOUR + MINUTE);
      await takeCopy();
      await sides.check(AT + 2 * HOUR, answer);
      return unlessPublished(sides, ["completed", "denied"]);
    },
  },
  {
    id: "displaced-end-forgotten",
    what: "an answer that agreed with an end does not name it, once another end has taken its place",
    async hunt(isPlanted) {
      const sides = bothSides(isPlanted ? { queuedAs: withCorrection({ publishedBy: null }) } : {});
      await sides.webhook(STARTED);
      sides.refuse(1);
      await sides.webhook(EXPIRED).catch(() => null);
      const answer = { events: [STARTED, EXPIRED, DENIED], status: "expired" };
      const takeAnswer = await sides.asked(AT + HOUR, answer);
      await sides.webhook(DENIED, AT + HOUR + MINUTE);
      await takeAnswer();
      await sides.webhook(EXPIRED, AT + HOUR + 2 * MINUTE);
      await sides.check(AT + 2 * HOUR, answer);
      return unlessPublished(sides, ["expired"]);
    },
  },
];

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STARTED: Said = { type: "started_application", timestamp: AT - HOUR };
const DENIED: Said = { type: "completed_application", timestamp: AT, outcome: "Denied" };
const EXPIRED: Said = { type: "application_expired", timestamp: AT - MINUTE };

function unlessPublished(
  { published }: ReturnType<typeof bothSides>,
  wanted: readonly string[],
): string | null {
  const ends = published.map(({ route }) => route).filter((route) => route !== "progressed");
  return ends.join() === wanted.join() ? null : `published is ${ends.join(" and ") || "nothing"}`;
}

/** What a merge answers, and what it was given. */
type Answered = (merged: Merged, observation: ApplicationState) => Merged;

const asMerged: Answered = (merged) => merged;

/** The bug: what ended before Alloy's answer is not looked at. */
const withoutOpenedEnds: Answered = ({ before, after }) => {
  const isOpen = before !== null && endOf(before) === null;
  return { before: isOpen ? { ...before, end: null, lastEnd: null } : before, after };
};

/** The bug: what the release before queued, which knew nothing of this. */
function withCorrection(changes: Partial<Correction>) {
  return (envelope: Envelope): Envelope => {
    const parsed = parseCorrection(envelope.body ?? "");
    if (parsed === null || "reason" in parsed) return envelope;
    return { ...envelope, body: correctionBody({ ...parsed.correction, ...changes }) };
  };
}

function tableWith(answered: Answered) {
  return new (class extends MemoryApplicationTable {
    override async mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged> {
      return answered(await super.mergeState(observation, check), observation);
    }
  })();
}

/** The bug: nothing is written of an event whose idempotency record is complete. */
function withoutRepair(right: ConsumerDependencies): ConsumerDependencies {
  const { idempotency, store } = right;
  const completed = new Set<string>();
  const isCompleted = (one: { readonly stamp: string } | null) =>
    one !== null && completed.has(eventIdIn(one.stamp));
  return {
    ...right,
    idempotency: {
      begin: async (key, remainingMs) => {
        const answer = await idempotency.begin(key, remainingMs);
        if (answer === "duplicate") completed.add(key);
        return answer;
      },
      complete: (key) => idempotency.complete(key),
      release: (key) => idempotency.release(key),
    },
    store: {
      ...store,
      async recordEvent(event) {
        if (!completed.has(event.eventId)) return store.recordEvent(event);
        const { receiptId, receivedAt, outcome } = event;
        return { isNew: false, receiptId, receivedAt, isWithheld: false, outcome };
      },
      async mergeState(observation, check) {
        const { end, progress, applicationToken } = observation;
        const known = isCompleted(end ?? progress) ? await store.readState(applicationToken) : null;
        return known === null
          ? store.mergeState(observation, check)
          : { before: known, after: known };
      },
    },
  };
}
