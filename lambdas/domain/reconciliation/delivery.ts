import { ALLOY_ATTEMPTS_MS } from "../../settings/limits.ts";
import { firstSince } from "./in-time.ts";

/** What we answered to webhooks within one minute. */
export interface AnsweredMinute {
  /** Its beginning, epoch milliseconds. */
  readonly at: number;
  /** Answered 200. */
  readonly accepted: number;
  /** Answered 401: no credential of ours. */
  readonly credentials: number;
  /** Answered 403: an address outside the allow-list. */
  readonly addresses: number;
  /** Answered 5xx, or not at all. */
  readonly faults: number;
  /** Of Alloy's own requests, those that were not answered 200, whatever the reason; strangers are not among them. */
  readonly alloyRefused: number;
}

/** How webhooks fared on their way in, by the metrics of API Gateway, of ingest and of the queue. */
export interface DeliveryRecord {
  /** Minutes in which there was anything, oldest first. */
  readonly minutes: readonly AnsweredMinute[];
  /** When the oldest message in the queue was sent, epoch milliseconds; null: not known. */
  readonly oldestQueuedAt: number | null;
  /** Messages in the queue, those that are being worked on included. */
  readonly queued: number;
}

const MINUTE = 60_000;

/**
 * The minutes in which Alloy tried to deliver the webhook of an event: its schedule is known, and may
 * slip by so much at peak times.
 */
const SLIP_MS = 30_000;

/** What we answered in the minutes in which Alloy delivered, or tried to deliver, an event of this time. */
export function answersAround(eventAt: number, { minutes }: DeliveryRecord): AnsweredMinute {
  // Two attempts may fall into one minute, which counts once.
  const tries = new Set<AnsweredMinute>();
  for (const elapsed of ALLOY_ATTEMPTS_MS) {
    const triedAt = eventAt + elapsed;
    for (let index = firstSince(minutes, triedAt - MINUTE + 1); ; index += 1) {
      const minute = minutes[index];
      if (minute === undefined || minute.at > triedAt + SLIP_MS) break;
      tries.add(minute);
    }
  }
  return [...tries].reduce(
    (sum, one) => ({
      at: eventAt,
      accepted: sum.accepted + one.accepted,
      credentials: sum.credentials + one.credentials,
      addresses: sum.addresses + one.addresses,
      faults: sum.faults + one.faults,
      alloyRefused: sum.alloyRefused + one.alloyRefused,
    }),
    { at: eventAt, accepted: 0, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0 },
  );
}

/** How many webhooks were not answered 200, whatever the reason. */
export function refusedIn({ credentials, addresses, faults }: AnsweredMinute): number {
  return credentials + addresses + faults;
}

/**
 * Answers to Alloy in a row that were not 200, up to now, those of our own throttle included: at 100 Alloy switches the endpoint off
 * (docs: retry-logic-and-webhook-logs). Within the minute of the last 200 nobody knows the order, so
 * that its refusals count: rather too early than too late.
 */
export function failuresInARow({ minutes }: DeliveryRecord): number {
  let failures = 0;
  for (const minute of minutes.toReversed()) {
    failures += minute.alloyRefused;
    if (minute.accepted > 0) break;
  }
  return failures;
}

/** Which of Alloy's ten attempts a webhook is that was sent so long after its event; from 1. */
export function attemptOf(sentAfterMs: number): number {
  // Halfway to the next one: the schedule slips, and never runs ahead.
  const attempt = ALLOY_ATTEMPTS_MS.findIndex((elapsed, index) => {
    const next = ALLOY_ATTEMPTS_MS[index + 1];
    return next === undefined || sentAfterMs < (elapsed + next) / 2;
  });
  return attempt + 1;
}
