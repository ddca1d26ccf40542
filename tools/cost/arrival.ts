import { CONCURRENCY, QUEUE } from "../../lambdas/settings/limits.ts";
import { Random } from "../cloud-in-memory/random.ts";
import { readScenarios } from "../alloy-simulator/scenario.ts";
import { DAY, SECOND } from "../cloud-in-memory/clock.ts";

/**
 * How a month's webhooks come:
 * - `tens`: ten at once, as from a backlog; each batch of the consumer is full;
 * - `steady`: applications begin at one rate all day;
 * - `day`: they follow the hours of a bank's customers;
 * - `burst`: a day's applications all begin within one hour, as after a campaign.
 *
 * Within an application the webhooks come as its scenario says: several within a second, then nothing for minutes.
 */
export const ARRIVALS = ["tens", "steady", "day", "burst"] as const;

export type ArrivalShape = (typeof ARRIVALS)[number];

/** What an arrival comes to at the consumer, per webhook or in milliseconds. */
export interface Arrival {
  readonly shape: ArrivalShape | "batches";
  /** Seconds that Lambda waits to fill a batch. */
  readonly windowSeconds: number;
  /** Events in a batch, in the mean. */
  readonly meanBatch: number;
  /** Requests to receive, with those that end a window and bring nothing. */
  readonly receivesPerWebhook: number;
  /** From a message's arrival in the queue until the consumer begins with it; half and 99 of 100 wait less. */
  readonly waitMs: { readonly half: number; readonly most: number };
}

/** Batches of one size, whatever the arrival. */
export function batchesOf(size: number, shape: "tens" | "batches" = "batches"): Arrival {
  const waitMs = { half: 0, most: 0 };
  return { shape, windowSeconds: 0, meanBatch: size, receivesPerWebhook: 1 / size, waitMs };
}

/**
 * How long the consumer takes, assumed: three rounds of calls of 8 ms for a batch; for each event four calls of half a
 * millisecond of a whole core, of which the function has two sevenths, and as much again.
 */
export const CONSUMER_MS = { batch: 25, event: 14 } as const;

/** Lambda reads a queue with five pollers at first (developer guide: "Scaling with SQS event source mappings"). */
const POLLERS = 5;

/** How many webhooks are played of each rate: of ten times as many, the mean batch differs in the third figure. */
const PLAYED = 4_000;

/** Share of a day's applications that begin in each hour, midnight first: a working day with two peaks. */
const HOURLY: readonly number[] = [
  1, 0.5, 0.4, 0.3, 0.4, 0.8, 2, 4, 6, 7.5, 8, 7.5, 7, 6.5, 6.5, 6, 6, 6.5, 7, 6, 4.5, 3, 1.8, 1,
];

/** The parts of a day: the share of its webhooks that comes in each, and how many times the mean rate that is. */
const PARTS: Readonly<
  Record<
    Exclude<ArrivalShape, "tens">,
    readonly { readonly share: number; readonly times: number }[]
  >
> = {
  steady: [{ share: 1, times: 1 }],
  day: HOURLY.map((part) => {
    const share = part / HOURLY.reduce((sum, one) => sum + one, 0);
    return { share, times: 24 * share };
  }),
  burst: [{ share: 1, times: 24 }],
};

/**
 * Plays webhooks into Lambda's pollers, in virtual time. Whichever poller is free receives what has come; it may wait for
 * the batching window to fill its batch. Lambda does not say that its pollers share a batch, so none does here.
 */
export function arrivalOf(
  shape: ArrivalShape,
  webhooksPerMonth: number,
  windowSeconds: number,
): Arrival {
  if (shape === "tens") return batchesOf(QUEUE.batchSize, "tens");
  const random = new Random(1);
  const perMs = webhooksPerMonth / (30 * DAY);
  const played = PARTS[shape].map(({ share, times }) => ({
    share,
    ...playBatches(timesAt(perMs * times, random), windowSeconds * SECOND, random),
  }));
  const per = (of: (one: (typeof played)[number]) => number) =>
    played.reduce((sum, one) => sum + one.share * of(one), 0);
  const waits = played
    .flatMap(({ share, waits: all }) => all.map((wait) => ({ wait, weight: share / all.length })))
    .toSorted((one, other) => one.wait - other.wait);
  const within = (part: number) => {
    let passed = 0;
    return Math.round(waits.find(({ weight }) => (passed += weight) >= part)?.wait ?? 0);
  };
  return {
    shape,
    windowSeconds,
    meanBatch: 1 / per(({ waits: all, batches }) => batches / all.length),
    receivesPerWebhook: per(({ waits: all, receives }) => receives / all.length),
    waitMs: { half: within(0.5), most: within(0.99) },
  };
}

/** A consumer holds a batch for so long. */
function batchMs(events: number): number {
  return CONSUMER_MS.batch + events * CONSUMER_MS.event;
}

function playBatches(times: readonly number[], windowMs: number, random: Random) {
  /** When each execution of the consumer is free again; a poller waits for one. */
  const freeAt = Array.from({ length: CONCURRENCY.eventSource }, () => 0);
  /** The batch that each poller fills. */
  const filling = new Map<number, { readonly until: number; readonly arrived: number[] }>();
  const waits: number[] = [];
  let batches = 0;
  let receives = 0;

  const invoke = (poller: number, at: number, arrived: readonly number[]) => {
    batches += 1;
    for (const one of arrived) waits.push(at - one);
    freeAt[poller] = at + batchMs(arrived.length);
  };
  const endWindows = (until: number) => {
    for (const [poller, batch] of filling) {
      if (batch.until > until) continue;
      // The receive that was open when the window ended brought nothing.
      receives += 1;
      filling.delete(poller);
      invoke(poller, batch.until, batch.arrived);
    }
  };

  for (let index = 0; index < times.length;) {
    const at = times[index] ?? 0;
    endWindows(at);
    // Lambda adds pollers while messages wait, up to the maximum concurrency.
    const free = [...freeAt.keys()].filter((poller) => (freeAt[poller] ?? 0) <= at);
    const ready = free.slice(0, POLLERS);
    const poller = ready[Math.floor(random.next() * ready.length)];
    receives += 1;
    if (poller === undefined) {
      // What comes while all are busy is received together, by the first one that is free.
      const next = Math.min(...freeAt);
      let count = 1;
      while (count < QUEUE.batchSize && (times[index + count] ?? Infinity) <= next) count += 1;
      invoke(freeAt.indexOf(next), next, times.slice(index, index + count));
      index += count;
      continue;
    }
    index += 1;
    const batch = filling.get(poller) ?? { until: at + windowMs, arrived: [] };
    batch.arrived.push(at);
    if (windowMs === 0 || batch.arrived.length === QUEUE.batchSize) {
      filling.delete(poller);
      invoke(poller, at, batch.arrived);
    } else {
      filling.set(poller, batch);
    }
  }
  endWindows(Number.POSITIVE_INFINITY);
  return { waits, batches, receives };
}

/** When webhooks arrive at a rate, in milliseconds and in order: applications begin at any time, and keep to their scenario. */
function timesAt(perMs: number, random: Random): readonly number[] {
  const scenarios = [...readScenarios().values()];
  const steps = scenarios.reduce((sum, scenario) => sum + scenario.steps.length, 0);
  const applications = Math.ceil((PLAYED * scenarios.length) / steps);
  const span = PLAYED / perMs;
  const times = Array.from({ length: applications }, (_, number) => {
    let at = random.next() * span;
    return (scenarios[number % scenarios.length]?.steps ?? []).map(({ afterSeconds }) => {
      at += afterSeconds * SECOND;
      // Alloy sends each webhook by itself: some hundred milliseconds pass on its way. What is beyond the span came
      // from applications that began before it.
      return (at + 100 + 400 * random.next()) % span;
    });
  });
  return times.flat().toSorted((one, other) => one - other);
}
