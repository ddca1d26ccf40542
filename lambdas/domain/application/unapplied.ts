import { mergeStanding, mergeState, outcomeOf, statusOf } from "./application-state.ts";
import type { ApplicationState, Standing } from "./application-state.ts";
import { asRecorded } from "./received-events.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { standingBy, stateOfEvent } from "./observation.ts";
import type { MatchedEvent } from "../reconciliation/reconciliation.ts";

/**
 * Finds the events that are recorded, but that the state does not show: it would stand elsewhere, were
 * they merged into it. The time is linear in the events.
 *
 * @param recordedBefore - what was recorded later may still be on its way into the state; epoch milliseconds.
 */
export function unappliedEvents(
  state: ApplicationState,
  matches: readonly MatchedEvent[],
  recordedBefore: number,
): readonly JourneyEvent[] {
  const recorded = matches.flatMap(({ event, record }) =>
    record === null || record.receivedAt > recordedBefore ? [] : [asRecorded(event, record)],
  );
  const whole = recorded.map(standingBy).reduce(mergeStanding, state);
  if (standsAs(state, whole)) return [];
  const bare = withoutApplicants(state);
  const merged = recorded.map((event) => ({
    event,
    after: mergeState(bare, withoutApplicants(stateOfEvent(event))),
  }));
  const alone = merged.filter(({ after }) => !standsAs(bare, after));
  const news = alone.length > 0 ? alone : merged.filter(({ after }) => isNews(bare, after));
  return news.map(({ event }) => event);
}

/** Status and outcome of an application do not depend on them, and there may be as many as events. */
function withoutApplicants(state: ApplicationState): ApplicationState {
  return { ...state, entities: {} };
}

function standsAs(one: Standing, other: Standing): boolean {
  return statusOf(one) === statusOf(other) && outcomeOf(one) === outcomeOf(other);
}

function isNews(before: ApplicationState, after: ApplicationState): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
