import type { Timeline, TimelineEvent } from "../ops/timeline-schema.ts";
import type { AlloySide } from "./source.ts";
import type { Dot, DotKind, Row, StandingAtAlloy } from "./view.ts";

/** One application, as the list shows it. */
export function rowOf(timeline: Timeline, alloy: AlloySide | null): Row {
  const { applicationToken: token, journey, here, gap } = timeline;
  return {
    token,
    journey: journey.name ?? journey.token,
    here: standingText(here),
    atAlloy: atAlloyOf(timeline, alloy),
    gap: gap && { stage: gap.stage, since: msOf(gap.since) ?? 0 },
    dots: dotsOf(timeline, alloy),
    unread: null,
  };
}

/** A row of an application that could not be read: it hides none of the others. */
export function unreadRow(token: string, why: string): Row {
  const atAlloy = { from: "compared", text: "-", agrees: null } as const;
  return { token, journey: null, here: "-", atAlloy, gap: null, dots: [], unread: why };
}

/** How it stands at Alloy: by Alloy itself where it can be asked, or else by the poller's last comparison. */
export function atAlloyOf(timeline: Timeline, alloy: AlloySide | null): StandingAtAlloy {
  const { here, gap, settledAt, nextCheckAt } = timeline;
  const standing = alloy?.standing(timeline.applicationToken) ?? null;
  if (standing !== null) {
    const text = standingText(standing);
    return { from: "asked", text, agrees: text === standingText(here) };
  }
  const from = "compared";
  if (gap !== null) {
    const count = gap.events.length;
    return { from, text: countText(count), agrees: false };
  }
  if (settledAt !== null) return { from, text: standingText(here), agrees: true };
  if (timeline.alloy !== null) {
    const text = standingText(timeline.alloy);
    return { from, text, agrees: text === standingText(here) ? true : null };
  }
  return { from, text: nextCheckAt === null ? "-" : "not compared yet", agrees: null };
}

function countText(events: number): string {
  if (events === 0) return "nothing came";
  return events === 1 ? "1 more event" : `${events} more events`;
}

/** Its events on the time axis, in the order in which they happened at Alloy. */
export function dotsOf(timeline: Timeline, alloy: AlloySide | null): readonly Dot[] {
  const { events, failures, applicationToken } = timeline;
  const failed = new Map(failures.map((failure) => [failure.eventId, failure]));
  const dots = events.map((event): Dot => {
    const { eventId, type } = event;
    const at = msOf(event.at) ?? 0;
    const failure = failed.get(eventId);
    failed.delete(eventId);
    if (event.kind === "missing") return { eventId, type, kind: "missing", at, cameAt: null };
    const cameAt = msOf(event.receivedAt);
    if (failure !== undefined) {
      return { eventId, type, kind: kindOfFailure(failure.stage), at, cameAt };
    }
    const attempt = alloy?.attempts(applicationToken, type, at) ?? event.attempt ?? 1;
    return { eventId, type, kind: kindOf(event, attempt, events), at, cameAt };
  });
  const unrecorded = [...failed.values()].map(({ eventId, eventType, failedAt, stage }): Dot => {
    const cameAt = msOf(failedAt) ?? 0;
    return { eventId, type: eventType, kind: kindOfFailure(stage), at: cameAt, cameAt };
  });
  return [...dots, ...unrecorded];
}

function kindOfFailure(stage: Timeline["failures"][number]["stage"]): DotKind {
  return stage === "dead-lettered" ? "dead-lettered" : "failing";
}

function kindOf(event: TimelineEvent, attempt: number, events: Timeline["events"]): DotKind {
  if (event.origin === "poll") return "healed";
  if (event.origin === "replay") return "replayed";
  if (attempt > 1) return "retried";
  const at = msOf(event.at) ?? 0;
  const cameAt = msOf(event.receivedAt) ?? 0;
  const isLate = events.some(
    (other) =>
      other.kind === "event" &&
      (msOf(other.at) ?? 0) > at &&
      (msOf(other.receivedAt) ?? 0) < cameAt,
  );
  return isLate ? "late" : "received";
}

export function standingText({
  status,
  outcome,
}: {
  readonly status: string | null;
  readonly outcome: string | null;
}): string {
  return [status ?? "unknown", ...(outcome === null ? [] : [outcome])].join(" ");
}

function msOf(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}
