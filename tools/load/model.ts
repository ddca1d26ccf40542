import {
  ALLOY_ATTEMPTS_MS,
  CONCURRENCY,
  INGEST,
  QUEUE,
  REQUESTS_PER_EXECUTION,
  THROTTLE,
} from "../../lambdas/settings/limits.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { shareOf } from "../../lambdas/settings/poller-share.ts";
import type { PollingSettings } from "../../lambdas/settings/poller-settings.ts";
import { CONSUMER_MS } from "../cost/arrival.ts";
import { SERVICE_LIMITS } from "./limits.ts";

/** What the handlers were counted to do (`tools/cost`). */
export interface Work {
  /** DynamoDB's write units of an event, in the mean. */
  readonly writesPerEvent: number;
  /** Entries of the index `due` that an application's events and checks put or remove. */
  readonly dueEntriesPerApplication: number;
  readonly publishedPerEvent: number;
  readonly eventsPerApplication: number;
  /** Checks with a call to Alloy in the life of an application that ends within a day. */
  readonly checksPerApplication: number;
}

/** What of the stack decides how much it carries. */
export interface Capacity {
  readonly ingest: number;
  readonly consumer: number;
  readonly throttlePerSecond: number;
  readonly dueShards: number;
  /** Checks that the pollers make at the same time, all together. */
  readonly checksAtOnce: number;
  readonly polling: PollingSettings;
}

/** Checks at the same time, of all pollers together. */
export function checksAtOnceOf(polling: Capacity["polling"]): number {
  const { pollers, checksAtOnce } = shareOf(polling);
  return pollers * checksAtOnce;
}

/** The stack as it is deployed. */
export function deployed(polling: Capacity["polling"]): Capacity {
  return {
    ingest: CONCURRENCY.ingest,
    consumer: CONCURRENCY.eventSource,
    throttlePerSecond: THROTTLE.requestsPerSecond,
    dueShards: TABLE.dueShards,
    checksAtOnce: checksAtOnceOf(polling),
    polling,
  };
}

/** One hour of a played day. */
interface Hour {
  readonly hour: number;
  /** Webhooks that Alloy sent, its retries among them. */
  readonly sent: number;
  /** Of these, answered 429 or 5xx. */
  readonly refused: number;
  readonly processed: number;
  /** In the queue at the end of the hour. */
  readonly backlog: number;
  /** The longest that an event waited in the queue, in seconds. */
  readonly waitSeconds: number;
  /** The most in a second, of the table. */
  readonly writesPerSecond: number;
  /** Checks that were due and were not made, at the end of the hour. */
  readonly checksBehind: number;
}

/** A ceiling, and what of it was used in the second that used most. */
interface Ceiling {
  readonly what: string;
  readonly used: number;
  readonly most: number;
}

export interface PlayedDay {
  readonly hours: readonly Hour[];
  readonly ceilings: readonly Ceiling[];
  /** From the end of the peak until the queue is empty, in seconds; null: never within the day. */
  readonly drainSeconds: number | null;
}

const DAY_SECONDS = 24 * 60 * 60;

/** Assumed: one check, with its call to Alloy and its reads and writes. Alloy publishes no time. */
const CHECK_SECONDS = 0.3;

/** Calls a second that the poller makes. */
export function callsPerSecond({ polling, checksAtOnce }: Capacity): number {
  const { rateMs } = polling;
  const { pollers, requestsPerSecond, callsPerRun } = shareOf(polling);
  return Math.min(
    pollers * requestsPerSecond,
    (1_000 * pollers * callsPerRun) / rateMs,
    // A run takes a part of the time between two.
    (checksAtOnce / CHECK_SECONDS) * Math.min(1, polling.runMs / rateMs),
  );
}

/** Events a second that the consumer processes in full batches. */
export function eventsPerSecond(executions: number): number {
  const batchMs = CONSUMER_MS.batch + QUEUE.batchSize * CONSUMER_MS.event;
  return (1_000 * executions * QUEUE.batchSize) / batchMs;
}

/** Webhooks a second that ingest stores. */
export function storesPerSecond(executions: number): number {
  return Math.min(executions * REQUESTS_PER_EXECUTION, (1_000 * executions) / INGEST.usualMs);
}

/**
 * Plays a day, second by second: what arrives, what the throttle and ingest refuse and Alloy sends again, what waits, what
 * the consumer writes, and which checks the poller does not reach.
 *
 * @param perSecond - webhooks that Alloy raises in each second of the day.
 * @param peak - its last second: the time to drain counts from it.
 */
export function playDay(
  perSecond: (second: number) => number,
  peak: { readonly endsAt: number },
  work: Work,
  capacity: Capacity,
): PlayedDay {
  const retries = new Map<number, number[]>();
  /** What entered the queue in which second, oldest first. */
  const waiting: { readonly second: number; left: number }[] = [];
  const accepts = Math.min(
    capacity.throttlePerSecond,
    storesPerSecond(capacity.ingest),
    SERVICE_LIMITS.apiRequests,
  );
  let pollers = 5;
  let backlog = 0;
  let tableMost: number = SERVICE_LIMITS.newTableWrites;
  let checksBehind = 0;
  let drainedAt: number | null = null;
  const used = { requests: 0, consumer: 0, writes: 0, dueShard: 0, bus: 0, checks: 0 };
  const hours: Hour[] = [];
  const none = { sent: 0, refused: 0, processed: 0, waitSeconds: 0, writesPerSecond: 0 };
  let hour = { ...none };

  for (let second = 0; second < DAY_SECONDS; second += 1) {
    const attempts = [perSecond(second), ...(retries.get(second) ?? [])];
    retries.delete(second);
    const sent = attempts.reduce((sum, one) => sum + one, 0);
    const share = sent === 0 ? 0 : Math.max(0, (sent - accepts) / sent);
    attempts.forEach((count, attempt) => {
      const refused = count * share;
      if (refused === 0) return;
      const [before, next] = [ALLOY_ATTEMPTS_MS[attempt] ?? 0, ALLOY_ATTEMPTS_MS[attempt + 1]];
      if (next === undefined) return;
      const at = second + Math.max(1, Math.round((next - before) / 1_000));
      const later = retries.get(at) ?? ALLOY_ATTEMPTS_MS.map(() => 0);
      later[attempt] = (later[attempt] ?? 0) + refused;
      retries.set(at, later);
    });
    const accepted = sent * (1 - share);
    if (accepted > 0) waiting.push({ second, left: accepted });
    backlog += accepted;

    // Lambda adds pollers while messages wait, up to the mapping's maximum.
    if (backlog > eventsPerSecond(pollers)) {
      pollers = Math.min(capacity.consumer, pollers + SERVICE_LIMITS.mappingScalePerMinute / 60);
    }
    const carries = Math.min(
      eventsPerSecond(pollers),
      tableMost / work.writesPerEvent,
      SERVICE_LIMITS.busEntries / Math.max(work.publishedPerEvent, 0.001),
    );
    const processed = Math.min(backlog, carries);
    backlog = Math.max(0, backlog - processed);
    let left = processed;
    while (left > 1e-9 && waiting[0] !== undefined) {
      const taken = Math.min(left, waiting[0].left);
      waiting[0].left -= taken;
      left -= taken;
      hour.waitSeconds = Math.max(hour.waitSeconds, second - waiting[0].second);
      if (waiting[0].left <= 1e-9) waiting.shift();
    }
    const writes = processed * work.writesPerEvent;
    // An on-demand table takes twice its peak of the last half hour; by the second that is a slow growth.
    tableMost = Math.max(tableMost, Math.min(2 * writes, tableMost * (1 + 1 / 1_800)));
    const applications = processed / work.eventsPerApplication;
    const due = applications * work.checksPerApplication;
    checksBehind = Math.max(0, checksBehind + due - callsPerSecond(capacity));

    used.requests = Math.max(used.requests, sent);
    used.consumer = Math.max(used.consumer, processed);
    used.writes = Math.max(used.writes, writes);
    used.bus = Math.max(used.bus, processed * work.publishedPerEvent);
    used.dueShard = Math.max(
      used.dueShard,
      (applications * work.dueEntriesPerApplication) / capacity.dueShards,
    );
    used.checks = Math.max(used.checks, due);
    hour.sent += sent;
    hour.refused += sent - accepted;
    hour.processed += processed;
    hour.writesPerSecond = Math.max(hour.writesPerSecond, writes);
    if (second > peak.endsAt && backlog < 1) drainedAt ??= second;
    if ((second + 1) % 3_600 !== 0) continue;
    hours.push({ hour: (second + 1) / 3_600 - 1, ...hour, backlog, checksBehind });
    hour = { ...none };
  }
  return {
    hours,
    drainSeconds: drainedAt === null ? null : drainedAt - peak.endsAt,
    ceilings: [
      {
        what: "requests: API Gateway's throttle",
        used: used.requests,
        most: capacity.throttlePerSecond,
      },
      {
        what: "requests: ingest's executions",
        used: used.requests,
        most: storesPerSecond(capacity.ingest),
      },
      {
        what: "events: the consumer's executions",
        used: used.consumer,
        most: eventsPerSecond(capacity.consumer),
      },
      { what: "write units: the table", used: used.writes, most: tableMost },
      {
        what: "write units: a shard of the index due",
        used: used.dueShard,
        most: SERVICE_LIMITS.partitionWrites,
      },
      { what: "events on the bus", used: used.bus, most: SERVICE_LIMITS.busEntries },
      {
        what: "calls to Alloy: the poller",
        used: used.checks,
        most: callsPerSecond(capacity),
      },
    ],
  };
}

/** Seconds until all open applications are checked once, and what was lost is queued and processed. */
export function secondsToHeal(
  open: { readonly applications: number; readonly lostPerApplication: number },
  capacity: Capacity,
) {
  const checks = open.applications / callsPerSecond(capacity);
  const events = (open.applications * open.lostPerApplication) / eventsPerSecond(capacity.consumer);
  // Events are processed while further checks are made.
  return { checks, events, total: Math.max(checks, events) };
}
