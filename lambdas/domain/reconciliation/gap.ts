import { GAP } from "../../settings/limits.ts";
import type { GapStage } from "../../settings/metrics.ts";
import type { GapSettings } from "../../settings/poller-settings.ts";
import type { ApplicationState } from "../application/application-state.ts";
import { answersAround, refusedIn } from "./delivery.ts";
import type { AnsweredMinute, DeliveryRecord } from "./delivery.ts";
import { contentIdOf } from "../event/identity.ts";
import type { RecordedEvent, RecordedFailure } from "./reconciliation.ts";

/** What is missing of an application, since when, and where it stopped. */
export interface Gap {
  /** The same as long as it is open, and in all that is said of it. */
  readonly gapId: string;
  /** Of the event that wants a person's attention most. */
  readonly stage: GapStage;
  /** When the oldest of it happened at Alloy, epoch milliseconds. */
  readonly since: number;
  readonly detectedAt: number;
  /** How many events are missing; 0 for a submission of which no webhook has come. */
  readonly eventCount: number;
  /** The first 50 of them. */
  readonly events: readonly GapEvent[];
  /** A sentence: what shows that it stopped there. */
  readonly evidence: string;
  /** The bus has not taken the notice of it: the next check tells of it again. */
  readonly isUntold?: true;
}

export interface GapEvent {
  readonly eventId: string;
  readonly type: string;
  readonly at: number;
  readonly stage: GapStage;
}

/** An event that is missing, and what is known of why. */
export interface Diagnosis {
  readonly event: GapEvent;
  readonly evidence: string;
}

/** The stages, by how much they want a person: the first can do nothing by themselves. */
const BY_URGENCY: readonly GapStage[] = [
  "dead-lettered",
  "failed-processing",
  "not-applied",
  "rejected",
  "not-delivered",
  "in-flight",
  "late",
];

/** The gap that these diagnoses make; null when there are none. */
export function gapOf(
  diagnoses: readonly Diagnosis[],
  application: { readonly applicationToken: string; readonly before: Gap | null },
  now: number,
): Gap | null {
  const { applicationToken, before } = application;
  const [worst] = BY_URGENCY.flatMap((stage) =>
    diagnoses.filter(({ event }) => event.stage === stage),
  );
  if (worst === undefined) return null;
  // Not by a call with all of them: an answer may hold more events than a call takes arguments.
  const since = diagnoses.reduce((oldest, { event }) => Math.min(oldest, event.at), Infinity);
  return {
    // By when it began, not by when it was found: a check that was cut off is done again.
    gapId: before?.gapId ?? contentIdOf("gap", { applicationToken, since }),
    stage: worst.event.stage,
    // A gap that lost its oldest event by healing is still the same gap.
    since: Math.min(since, before?.since ?? since),
    detectedAt: before?.detectedAt ?? now,
    eventCount: diagnoses.length,
    events: diagnoses.slice(0, GAP.mostEvents).map(({ event }) => event),
    evidence: worst.evidence,
  };
}

type MissingEvent = Omit<GapEvent, "stage">;

/** A gap is kept and announced. It names its events, and holds nothing else of them: a whole event may be personal. */
function namesOf({ eventId, type, at }: MissingEvent): MissingEvent {
  return { eventId, type, at };
}

/**
 * Finds out where an event stopped that Alloy has and we have not recorded: the first of these that
 * something shows.
 *
 * 1. Processing it failed: `dead-lettered`, or `failed-processing` while it is being retried.
 * 2. The queue is older than the event: `in-flight`.
 * 3. We refused webhooks in the minutes in which Alloy tried to deliver it: `rejected`.
 * 4. Nothing of it came: `not-delivered`.
 *
 * @param failure - of the event (`findFailures`); null when none is recorded.
 * @param delivery - null when the metrics could not be read.
 */
export function diagnoseMissing(
  missing: MissingEvent,
  failure: RecordedFailure | null,
  delivery: DeliveryRecord | null,
  now: number,
): Diagnosis {
  const event = namesOf(missing);
  const as = (stage: GapStage, evidence: string) => ({ event: { ...event, stage }, evidence });

  if (failure !== null) return diagnoseFailed(event, failure, now);
  if (delivery === null) return as("not-delivered", "nothing of it is recorded");

  const answers = answersAround(event.at, delivery);
  const queue = queueEvidence(event.at, answers, delivery);
  if (queue !== null) return as("in-flight", queue);
  if (refusedIn(answers) > 0) return as("rejected", refusalEvidence(answers));
  return as("not-delivered", "nothing of it came, and nothing was refused when Alloy tried");
}

/** Explains an event of which a failure is recorded: alone, or beside the event, which then had no effect. */
export function diagnoseFailed(
  failed: MissingEvent,
  failure: RecordedFailure,
  now: number,
): Diagnosis {
  const event = namesOf(failed);
  const { reason } = failure;
  return isDeadLettered(failure, now)
    ? {
        event: { ...event, stage: "dead-lettered" },
        evidence: `it is in the dead-letter queue: ${reason}`,
      }
    : {
        event: { ...event, stage: "failed-processing" },
        evidence: `it is being retried: ${reason}`,
      };
}

/**
 * The gap of an application that was submitted, and of which no webhook has come within the grace: it
 * is one even before Alloy is asked. Null when there is none.
 */
export function submissionGapOf(
  { applicationToken, submittedAt, lastEventAt, adopted }: ApplicationState,
  { graceMs }: GapSettings,
  delivery: DeliveryRecord | null,
  now: number,
): Gap | null {
  // Nothing of an adopted application has come here before, and perhaps nothing happens to it any more.
  if (adopted !== null) return null;
  if (submittedAt === null || lastEventAt !== null || now - submittedAt <= graceMs) return null;
  const submission = { eventId: "", type: "submission", at: submittedAt };
  const { event, evidence } = diagnoseMissing(submission, null, delivery, now);
  return {
    gapId: contentIdOf("gap", { applicationToken, since: submittedAt }),
    stage: event.stage,
    since: submittedAt,
    detectedAt: now,
    eventCount: 0,
    events: [],
    evidence: `no webhook has come since the submission: ${evidence}`,
  };
}

/** A webhook that came, but later than Alloy's first quick attempts explain. */
export function diagnoseLate(
  record: RecordedEvent,
  settings: GapSettings,
): (Diagnosis & { readonly receivedAt: number }) | null {
  const { eventId, type, at, receivedAt, origin } = record;
  if (origin !== "webhook" || receivedAt - at <= settings.graceMs) return null;
  const minutes = Math.round((receivedAt - at) / 60_000);
  return {
    event: { eventId, type, at, stage: "late" },
    evidence: `its webhook came ${minutes} min after it`,
    receivedAt,
  };
}

/** Whether the failure will not be retried any more: the queue has given its message up. */
export function isDeadLettered({ deadLettered, failedAt }: RecordedFailure, now: number): boolean {
  return deadLettered || now - failedAt > GAP.longestRetryMs;
}

function queueEvidence(
  eventAt: number,
  answers: AnsweredMinute,
  { queued, oldestQueuedAt }: DeliveryRecord,
): string | null {
  const { accepted } = answers;
  if (queued === 0) return null;
  if (oldestQueuedAt === null) {
    return accepted > 0 ? `messages in the queue: ${queued}, nobody knows how old` : null;
  }
  if (oldestQueuedAt > eventAt + GAP.queueSlackMs) return null;
  // None of Alloy's attempts got as far as the queue.
  if (accepted === 0 && refusedIn(answers) > 0) return null;
  return `the queue holds messages since ${new Date(oldestQueuedAt).toISOString()}`;
}

function refusalEvidence({ credentials, addresses, faults }: AnsweredMinute): string {
  const parts = [
    [credentials, "401"],
    [addresses, "403"],
    [faults, "5xx"],
  ] as const;
  const counts = parts.filter(([count]) => count > 0).map(([count, as]) => `${count} as ${as}`);
  return `we refused webhooks when Alloy tried to deliver it: ${counts.join(", ")}`;
}
