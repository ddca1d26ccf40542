import { ALIAS_MS } from "./reconciliation.ts";
import type { MatchedEvent, RecordedFailure } from "./reconciliation.ts";

/**
 * Finds the failure of each event of Alloy's list, in time nearly linear in both.
 *
 * 1. By the id that Alloy's list gives the event, or that it is recorded with.
 * 2. For an event that is not recorded, by type: a webhook may have named it a little differently, in its
 *    time too. It cannot have failed before it happened, and one failure is of one event: the newest
 *    event takes the failure that came first after it. A failure of an event of the list is no other's.
 */
export function findFailures(
  matches: readonly MatchedEvent[],
  {
    events,
    failures,
  }: {
    readonly events: readonly { readonly eventId: string }[];
    readonly failures: readonly RecordedFailure[];
  },
): ReadonlyMap<MatchedEvent, RecordedFailure> {
  if (failures.length === 0) return new Map();
  const byId = new Map(failures.map((failure) => [failure.eventId, failure]));
  const found = new Map<MatchedEvent, RecordedFailure>();
  const missing: MatchedEvent[] = [];
  for (const match of matches) {
    const { event, record } = match;
    const failure = byId.get(record?.eventId ?? "") ?? byId.get(event.eventId);
    if (failure !== undefined) found.set(match, failure);
    else if (record === null) missing.push(match);
  }

  const owned = new Set([...found.values(), ...events].map(({ eventId }) => eventId));
  const spare = Map.groupBy(
    failures.filter(({ eventId }) => !owned.has(eventId)),
    ({ eventType }) => eventType,
  );
  for (const [type, alike] of Map.groupBy(missing, ({ event }) => event.type)) {
    const waiting = (spare.get(type) ?? []).toSorted((one, other) => one.failedAt - other.failedAt);
    // Failures since the event, the first of them on top.
    const since: RecordedFailure[] = [];
    for (const match of alike.toSorted((one, other) => other.event.at - one.event.at)) {
      const from = match.event.at - ALIAS_MS;
      for (let last = waiting.at(-1); last !== undefined && last.failedAt >= from;) {
        since.push(last);
        waiting.pop();
        last = waiting.at(-1);
      }
      const failure = since.pop();
      if (failure !== undefined) found.set(match, failure);
    }
  }
  return found;
}
