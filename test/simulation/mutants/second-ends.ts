import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { publishedBy } from "../../../lambdas/domain/application/published-decisions.ts";
import { eventIdIn } from "../../../lambdas/domain/application/stamp.ts";
import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";
import type { Mutants } from "./mutant.ts";
import { aTable } from "./plant.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/** What goes wrong with an end that is tried again, or comes after another one. */
export const SECOND_END_MUTANTS: Mutants = {
  "repeated-end-published": {
    what: "an end from before Alloy said that the application is open is published, though one said the same",
    async hunt(isPlanted) {
      const sides = bothSides({ store: tableWith(isPlanted, publishingAny) });
      for (const event of [STARTED, DENIED]) await sides.webhook(event);
      const events = [STARTED, DENIED];
      await sides.check(AT + HOUR, { events, status: "waiting_review", updatedAt: AT + MINUTE });
      await sides.webhook({ ...DENIED, timestamp: AT - MINUTE }, AT + 2 * HOUR);
      return unlessPublished(sides, ["denied", "manual-review"]);
    },
  },
  "outcome-of-a-copy-never-published": {
    what: "the state has an outcome by a copy of the poller's, and so nobody publishes it",
    async hunt(isPlanted) {
      const sides = bothSides({ store: tableWith(isPlanted, withoutRecords) });
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
  "displaced-end-forgotten": {
    what: "an end that was published is forgotten, once another end has taken its place",
    async hunt(isPlanted) {
      const sides = bothSides({ store: tableWith(isPlanted, byRegisters) });
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
};

const AT = Date.UTC(2026, 10, 23, 20);
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

/** What a merge makes of a state, and of what was heard. */
type Merging = (
  before: ApplicationState | null,
  after: ApplicationState,
  heard: ApplicationState,
) => ApplicationState;

/** The bug: every end is published. */
const publishingAny: Merging = (_, after, { end }) => {
  const isKnown = after.published.some(({ stamp }) => stamp === end?.stamp);
  if (end === null || isKnown) return after;
  const one = { ...end, eventId: eventIdIn(end.stamp) };
  return { ...after, published: [...after.published, one] };
};

/** The bug: the record of a published event is not looked at. */
const withoutRecords: Merging = (before, after, { proposal }) =>
  proposal?.kind === "record" && before !== null ? before : after;

/** The bug: nothing notes what was published. */
const byRegisters: Merging = (_, after) => ({ ...after, published: publishedBy(after) });

function tableWith(isPlanted: boolean, merging: Merging) {
  return aTable(isPlanted, (right) => ({
    async mergeState(heard, check) {
      const { before, after } = await right.mergeState(heard, check);
      const state = merging(before, after, heard);
      const kept = right.applications.get(state.applicationToken);
      if (kept !== undefined) right.applications.set(state.applicationToken, { ...kept, state });
      return { before, after: state };
    },
  }));
}
