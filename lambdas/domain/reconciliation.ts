import type { EnvelopeKind } from "./envelope.ts";
import type { JourneyEvent } from "./journey-event.ts";

/** An event as it is recorded, as far as comparing needs it. */
export interface RecordedEvent {
  readonly eventId: string;
  readonly type: string;
  /** When it happened at Alloy, epoch milliseconds. */
  readonly at: number;
  readonly receivedAt: number;
  readonly origin: EnvelopeKind;
  readonly entityApplicationToken: string | null;
  readonly eventToken: string | null;
  readonly outcome: string | null;
}

/** The recorded evidence that an event could not be processed. */
export interface RecordedFailure {
  readonly eventId: string;
  readonly eventType: string;
  /** Epoch milliseconds. */
  readonly failedAt: number;
  readonly reason: string;
  readonly deadLettered: boolean;
}

/** A webhook and Alloy's list may differ by so much about the time of one event (design 2.4). */
export const TWIN_MS = 2_000;

/** What two tellings of one event have in common, whatever their ids. */
export type Telling = Pick<
  JourneyEvent & RecordedEvent,
  "type" | "at" | "entityApplicationToken" | "eventToken"
>;

/** Whether two tellings with different ids may be of one event (design 2.4). */
export function areTwins(one: Telling, other: Telling): boolean {
  if (one.type !== other.type) return false;
  if (one.entityApplicationToken !== other.entityApplicationToken) return false;
  if (Math.abs(one.at - other.at) > TWIN_MS) return false;
  // Alloy's own token, where both sides have it, has the last word.
  return (
    one.eventToken === null || other.eventToken === null || one.eventToken === other.eventToken
  );
}

/** An event of Alloy's list, and the record of it; null when there is none. */
export interface MatchedEvent<Event extends Telling & { readonly eventId: string }> {
  readonly event: Event;
  readonly record: RecordedEvent | null;
}

/**
 * Finds the record of each event of Alloy's list: by id first, then by type and entity within 2 s.
 * One record stands for one event, the nearest in time, so that of two like events a second apart
 * the lost one is missed.
 */
export function matchEvents<Event extends Telling & { readonly eventId: string }>(
  atAlloy: readonly Event[],
  recorded: readonly RecordedEvent[],
): readonly MatchedEvent<Event>[] {
  const byId = new Map(recorded.map((record) => [record.eventId, record]));
  const matches = new Map<Event, RecordedEvent>();
  for (const event of atAlloy) {
    const record = byId.get(event.eventId);
    if (record !== undefined) matches.set(event, record);
  }

  const taken = new Set(matches.values());
  const candidates = atAlloy
    .filter((event) => !matches.has(event))
    .flatMap((event) =>
      recorded
        .filter((record) => !taken.has(record) && areTwins(event, record))
        .map((record) => ({ event, record, apart: Math.abs(event.at - record.at) })),
    )
    .toSorted((one, other) => one.apart - other.apart);
  for (const { event, record } of candidates) {
    if (matches.has(event) || taken.has(record)) continue;
    matches.set(event, record);
    taken.add(record);
  }
  return atAlloy.map((event) => ({ event, record: matches.get(event) ?? null }));
}
