import type { EnvelopeKind } from "../event/envelope.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { matchReports, reportOf } from "../reconciliation/reconciliation.ts";
import type { EventReport, LookAlike } from "../event/event-report.ts";

/*
 * One event under two ids. A webhook and Alloy's list may differ in what they say of an event, and so in
 * the id that is computed from it. Whichever report comes second is an alias of the first.
 */

/** An event that the poller brought, with what Alloy's list holds beside it. */
export interface HealedMark {
  readonly event: EventReport & { readonly applicationToken: string };
  readonly lookAlikes: readonly LookAlike[];
  /** Webhooks that turned out to be of this event. */
  readonly webhooks: readonly EventReport[];
}

/** What is recorded, and what is marked as healed, within two seconds of an event. */
export interface NearbyReports {
  readonly recorded: readonly (EventReport & { readonly origin: EnvelopeKind })[];
  readonly marks: readonly HealedMark[];
}

/**
 * The healed event that a webhook is of; null when there is none, or when its id is the same.
 *
 * The whole neighbourhood decides: each webhook of the time is matched with one event of Alloy's list, so
 * that another event of the list is not taken for this one.
 */
export function healedEventOf(webhook: JourneyEvent, near: NearbyReports): EventReport | null {
  const { eventId } = webhook;
  const healed = new Map<string, EventReport>(
    near.recorded.filter(isHealed).map((record) => [record.eventId, record]),
  );
  for (const { event } of near.marks) healed.set(event.eventId, event);
  if (healed.has(eventId)) return null;

  const lookAlikes = near.marks.flatMap((mark) => mark.lookAlikes);
  const settled = settledIn(lookAlikes);
  if (settled.has(eventId)) return null;
  const listed = new Map<string, EventReport>(openIn(lookAlikes).map((one) => [one.eventId, one]));
  for (const [id, event] of healed) listed.set(id, event);

  const own = reportOf(webhook);
  const others = [
    ...near.recorded.filter((record) => !isHealed(record)),
    ...near.marks.flatMap((mark) => mark.webhooks),
  ].filter((one) => one.eventId !== eventId && !settled.has(one.eventId));
  const match = matchReports([...listed.values()], [...others, own]).find(
    ({ record }) => record === own,
  );
  return match === undefined ? null : (healed.get(match.event.eventId) ?? null);
}

/**
 * The recorded webhook that an event of Alloy's list is of; null when there is none, or when its id is
 * the same.
 */
export function webhookOf(
  listed: JourneyEvent,
  lookAlikes: readonly LookAlike[],
  near: NearbyReports,
): EventReport | null {
  const own = reportOf(listed);
  if (near.recorded.some(({ eventId }) => eventId === own.eventId)) return null;
  const settled = settledIn(lookAlikes);
  const webhooks = near.recorded.filter(
    (record) => !isHealed(record) && !settled.has(record.eventId),
  );
  const marked = near.marks.map(({ event }) => event);
  const others = [...openIn(lookAlikes), ...marked].filter(
    ({ eventId }) => eventId !== own.eventId,
  );
  const match = matchReports([own, ...others], webhooks).find(({ event }) => event === own);
  return match?.record ?? null;
}

/** The event under the id that it is recorded with, so that both reports have one effect and one record. */
export function underIdOf(event: JourneyEvent, recorded: EventReport): JourneyEvent {
  const { eventId, at, nodeId, eventToken, entityToken, entityApplicationToken, outcome } =
    recorded;
  return {
    ...event,
    eventId,
    at,
    outcome: event.outcome ?? outcome,
    entityToken: event.entityToken ?? entityToken,
    entityApplicationToken: event.entityApplicationToken ?? entityApplicationToken,
    node: { ...event.node, id: nodeId ?? event.node.id },
    eventToken: eventToken ?? event.eventToken,
  };
}

function isHealed({ origin }: { readonly origin: EnvelopeKind }): boolean {
  return origin === "poll";
}

/** Records that the poller has matched with another event of the list: they are no one else's. */
function settledIn(lookAlikes: readonly LookAlike[]): ReadonlySet<string> {
  return new Set(lookAlikes.flatMap(({ recordedAs }) => recordedAs ?? []));
}

function openIn(lookAlikes: readonly LookAlike[]): readonly LookAlike[] {
  return lookAlikes.filter(({ recordedAs }) => recordedAs === null);
}
