import { mergeState, outcomeOf } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import { lastEpochOf, openAgainSince, stampHere } from "./last-epoch.ts";
import { isDecisive } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { stateOfEvent } from "./observation.ts";
import type { Snapshot } from "./observation.ts";
import { ALIAS_MS } from "../reconciliation/reconciliation.ts";
import type { MatchedEvent, RecordedEvent } from "../reconciliation/reconciliation.ts";
import { eventIdIn, timeOf } from "./stamp.ts";

/** An event of Alloy's list as it was reported: what only the list says about it was never applied. */
export function asRecorded(event: JourneyEvent, record: RecordedEvent): JourneyEvent {
  const { eventId, at, entityApplicationToken, entityToken, nodeId, eventToken, outcome } = record;
  const node = { ...event.node, id: nodeId };
  return { ...event, eventId, at, entityApplicationToken, entityToken, node, eventToken, outcome };
}

/** Alloy's events as they are known here once the missing ones have come: those as they are listed. */
export function eventsAsReceived(matches: readonly MatchedEvent[]): readonly JourneyEvent[] {
  return matches.map(({ event, record }) => (record === null ? event : asRecorded(event, record)));
}

/**
 * Alloy's answer as it stands to what is recorded.
 *
 * - Its time is that of its newest event at least, also where our record of that event is dated a little
 *   later: the answer knows the event, so it is not older. Nor is it older than a webhook of a healed event, which
 *   has moved the state and left no record.
 * - Where it names no outcome, it does not take back the one that its own events name; but for those before Alloy said that the
 *   application is open again.
 */
export function answerOver(
  said: Snapshot,
  matches: readonly MatchedEvent[],
  here: { readonly state: ApplicationState; readonly events: readonly RecordedEvent[] },
): Snapshot {
  const newest = matches.reduce((latest, { record }) => Math.max(latest, record?.at ?? 0), said.at);
  const at = Math.max(newest, ...aliasTimesIn(here).filter((time) => time <= newest + ALIAS_MS));
  if (said.status !== "completed" || said.outcome !== null) return { ...said, at };
  const openAgain = openAgainSince(here.state) ?? "";
  const ends = [...lastEpochOf(matches, said).ends].filter(
    (end) => isDecisive(end.event.type) && stampHere(end) > openAgain,
  );
  const listed = joined(ends.map(({ event }) => stateOfEvent(event)));
  return { ...said, at, outcome: listed === null ? null : outcomeOf(listed) };
}

/** When those happened that moved the state, by webhooks whose events are recorded under other ids. */
function aliasTimesIn({
  state,
  events,
}: {
  readonly state: ApplicationState;
  readonly events: readonly RecordedEvent[];
}): readonly number[] {
  const recorded = new Set(events.map(({ eventId }) => eventId));
  return [state.progress, state.lastEnd].flatMap((register) =>
    register === null || recorded.has(eventIdIn(register.stamp)) ? [] : [timeOf(register.stamp)],
  );
}

/** The join of many states in pairs, so that the work is nearly linear, however many applicants they name. */
export function joined(states: readonly ApplicationState[]): ApplicationState | null {
  let level = states;
  while (level.length > 1) {
    const below = level;
    level = below.flatMap((one, index) => {
      if (index % 2 === 1) return [];
      const other = below[index + 1];
      return [other === undefined ? one : mergeState(one, other)];
    });
  }
  return level[0] ?? null;
}
