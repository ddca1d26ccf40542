import { endOf, outcomeOf } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { correctionBody, parseCorrection } from "../../../lambdas/domain/application/correction.ts";
import type { Correction } from "../../../lambdas/domain/application/correction.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import type {
  CheckRequest,
  EventRecord,
  Merged,
  Recording,
} from "../../../lambdas/domain/ports.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { bothSides } from "../../support/both-sides.ts";
import { aConsumer, idempotencyWith, pollBatchOf } from "../../support/consumer.ts";
import type { Said } from "../../support/both-sides.ts";
import type { Mutant } from "./mutant.ts";

/** What goes wrong with an end that is tried again, or comes after another one. */
export const SECOND_END_MUTANTS: readonly Mutant[] = [
  {
    id: "repair-forgotten",
    what: "an event that had its effect and is brought again is neither recorded nor merged",
    async hunt(isPlanted) {
      // A correction was published under the event's id.
      const idempotency = idempotencyWith({ begin: async () => "duplicate" });
      const store = isPlanted ? new UnrepairedTable() : new MemoryApplicationTable();
      const { process, published } = aConsumer({ idempotency, store });
      const data = { journey_application_token: "JA-1", journey_token: "J-1", ...DENIED };
      const type = "update:journeyapplications:sandbox";
      await process(pollBatchOf(JSON.stringify({ type, data })));
      if (published.length > 0) return "it is published once more";
      const outcome = outcomeIn(store.applications.get("JA-1")?.state ?? null);
      return store.events.size === 1 && outcome === "Denied" ? null : `the state has ${outcome}`;
    },
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

const outcomeIn = (state: ApplicationState | null) => (state === null ? null : outcomeOf(state));

/** The bug: nothing is written of an event whose idempotency record is complete. */
class UnrepairedTable extends MemoryApplicationTable {
  override async recordEvent({ receiptId, receivedAt, outcome }: EventRecord): Promise<Recording> {
    return { isNew: false, receiptId, receivedAt, isWithheld: false, outcome };
  }
  override async mergeState(observation: ApplicationState): Promise<Merged> {
    return { before: observation, after: observation };
  }
}
