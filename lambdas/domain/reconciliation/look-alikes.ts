import { reportOf, ALIAS_MS } from "./reconciliation.ts";
import type { MatchedEvent } from "./reconciliation.ts";
import type { LookAlike } from "../event/event-report.ts";

/**
 * Two events that one webhook could be taken for lie within 2 s of its time: they are at most so far
 * apart from each other.
 */
const MOST_APART_MS = 2 * ALIAS_MS;

/**
 * Of more than so many alike within 4 s, the nearest go along with an event; each takes 300 bytes of its
 * message. An application in which more of one type happen at once is one of many applicants, whose tokens
 * tell them apart wherever a webhook brings one.
 */
const MOST_LOOK_ALIKES = 16;

/**
 * Makes the function that finds what Alloy's list holds beside an event and a webhook could be of instead,
 * nearest first. The consumer uses it to find the event of a webhook that arrives after the healing: also
 * events that Alloy's tokens tell apart are among them, since a webhook may bring none.
 *
 * The work for one event does not grow with the list.
 */
export function lookAlikesIn(
  matches: readonly MatchedEvent[],
): (of: MatchedEvent) => readonly LookAlike[] {
  const ofType = Map.groupBy(
    matches.toSorted(({ event: one }, { event: other }) => one.at - other.at),
    ({ event }) => event.type,
  );
  const places = new Map<MatchedEvent, number>();
  for (const alike of ofType.values()) {
    for (const [place, match] of alike.entries()) places.set(match, place);
  }

  return (of) => {
    const alike = ofType.get(of.event.type) ?? [];
    const place = places.get(of) ?? 0;
    const nearest: LookAlike[] = [];
    let [before, after] = [place - 1, place + 1];
    while (nearest.length < MOST_LOOK_ALIKES) {
      const earlier = nearEnough(alike[before], of);
      const later = nearEnough(alike[after], of);
      const isEarlier = earlier !== null && (later === null || earlier.apartMs <= later.apartMs);
      const next = isEarlier ? earlier : later;
      if (next === null) break;
      if (isEarlier) before -= 1;
      else after += 1;
      const { event, record } = next.match;
      // What has the same id is the same event to every reader, unless it has another record.
      if (event.eventId === of.event.eventId && (record === null || record === of.record)) continue;
      nearest.push({ ...reportOf(event), recordedAs: record?.eventId ?? null });
    }
    return nearest;
  };
}

function nearEnough(match: MatchedEvent | undefined, { event }: MatchedEvent) {
  if (match === undefined) return null;
  const apartMs = Math.abs(match.event.at - event.at);
  return apartMs <= MOST_APART_MS ? { match, apartMs } : null;
}

/** Of what the release 0.1.0 wrote: it names ids alone, each of an event that has its own record. */
export function lookAlikesNamed(ids: readonly string[]): readonly LookAlike[] {
  return ids.map((id) => ({ ...NOTHING_SAID, eventId: id, recordedAs: id }));
}

const NOTHING_SAID = {
  type: "",
  at: 0,
  entityApplicationToken: null,
  entityToken: null,
  nodeId: null,
  eventToken: null,
  outcome: null,
};
