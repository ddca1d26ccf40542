import { mergeState, outcomeOf, statusOf } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import type { JourneyEvent } from "./journey-event.ts";
import { stateOfEvent } from "./observation.ts";
import type { MatchedEvent } from "./reconciliation.ts";

/**
 * Finds the events that are recorded, but that the state does not show: it would stand elsewhere, were
 * they merged into it.
 *
 * @param recordedBefore - what was recorded later may still be on its way into the state; epoch milliseconds.
 */
export function unappliedEvents(
  state: ApplicationState,
  matches: readonly MatchedEvent[],
  recordedBefore: number,
): readonly JourneyEvent[] {
  const recorded = matches.flatMap(({ event, record }) =>
    record === null || record.receivedAt > recordedBefore
      ? []
      : // As it was told to us: what only Alloy's list says of it was never to be applied.
        [{ ...event, eventId: record.eventId, at: record.at, outcome: record.outcome }],
  );
  if (standsAs(state, joined(state, recorded))) return [];
  const alone = recorded.filter((event) => !standsAs(state, joined(state, [event])));
  return alone.length > 0 ? alone : recorded.filter((event) => isNews(state, event));
}

function joined(state: ApplicationState, events: readonly JourneyEvent[]): ApplicationState {
  return events.map((event) => stateOfEvent(event)).reduce(mergeState, state);
}

function standsAs(one: ApplicationState, other: ApplicationState): boolean {
  return statusOf(one) === statusOf(other) && outcomeOf(one) === outcomeOf(other);
}

function isNews(state: ApplicationState, event: JourneyEvent): boolean {
  return JSON.stringify(joined(state, [event])) !== JSON.stringify(state);
}
