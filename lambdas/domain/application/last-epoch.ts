import type { ApplicationState } from "./application-state.ts";
import { factsOf, isFinal } from "../event/event-types.ts";
import type { Snapshot } from "./observation.ts";
import { ALIAS_MS } from "../reconciliation/reconciliation.ts";
import type { MatchedEvent } from "../reconciliation/reconciliation.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { padded, stampOf, timeOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/**
 * What Alloy's list holds since the last reopening that an end follows which can be the one that Alloy answers; any
 * end, where none can. The ends before it are of another epoch.
 */
export interface LastEpoch {
  readonly ends: ReadonlySet<MatchedEvent>;
  /** No end before it stands here with a larger stamp; null: there is no such reopening. */
  readonly since: Stamp | null;
}

/** A reopening that no such end follows has changed nothing yet, or Alloy has not taken it. */
export function lastEpochOf(matches: readonly MatchedEvent[], answer: Decision): LastEpoch {
  const placed = matches.map((match, index) => ({ match, index, at: match.event.at }));
  const ofKind = (kind: "final" | "reopening") =>
    placed.filter(({ match }) => factsOf(match.event.type)?.meaning.kind === kind);
  const [ends, reopenings] = [ofKind("final"), ofKind("reopening")];
  const answered = ends.filter(({ match }) => couldBe(match, answer));
  const end = lastOf(answered.length > 0 ? answered : ends);
  const reopening = end && lastOf(reopenings.filter((one) => isBefore(one, end)));
  if (!reopening) return { ends: new Set(ends.map(({ match }) => match)), since: null };
  const isSince = (one: Placed) => isBefore(reopening, one);
  const [within, before] = [
    ends.filter((one) => isSince(one)),
    ends.filter((one) => !isSince(one)),
  ];
  const since = before
    .map(({ match }) => stampHere(match))
    .reduce((newest, stamp) => (stamp > newest ? stamp : newest), stampHere(reopening.match));
  return {
    ends: new Set(within.map(({ match }) => match)),
    // Where our records have another order than the list, the list counts.
    since: within
      .flatMap(({ match }) => [stampHere(match), stampOf(match.event)])
      .reduce((latest, stamp) => (stamp > latest ? latest : padded(timeOf(stamp))), since),
  };
}

/** When Alloy has said last that the application is open: the ends before, and what they named, are over. Null: never. */
export function openAgainSince({ answer }: ApplicationState): Stamp | null {
  if (answer === null) return null;
  return isFinal(answer.status) ? answer.since : answer.stamp;
}

/** Whether an end does not contradict the answer; either may leave out the outcome. */
export function couldBe({ event, record }: MatchedEvent, answer: Decision): boolean {
  const meaning = factsOf(event.type)?.meaning;
  if (meaning?.kind !== "final" || meaning.status !== answer.status) return false;
  const said = outcomeWordOf(event.outcome ?? record?.outcome ?? null);
  const answered = outcomeWordOf(answer.outcome);
  return said === null || answered === null || said === answered;
}

type Decision = Pick<Snapshot, "status" | "outcome">;

interface Placed {
  readonly match: MatchedEvent;
  readonly index: number;
  readonly at: number;
}

/** Alloy's list is chronological (docs/alloy.md#get-journey-application), and its times may be off by as much as a webhook's. */
function isBefore(one: Placed, other: Placed): boolean {
  const apartMs = other.at - one.at;
  return Math.abs(apartMs) > ALIAS_MS ? apartMs > 0 : one.index < other.index;
}

function lastOf(some: readonly Placed[]): Placed | null {
  return some.reduce<Placed | null>(
    (last, one) => (last === null || isBefore(last, one) ? one : last),
    null,
  );
}

/** Where an event stands by its record, if there is one: Alloy's list may date two events in another order. */
export function stampHere({ event, record }: MatchedEvent): Stamp {
  return stampOf(record === null ? event : { ...event, eventId: record.eventId, at: record.at });
}
