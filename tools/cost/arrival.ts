import { CONCURRENCY, QUEUE } from "../../lambdas/settings/limits.ts";
import { Random } from "../cloud-in-memory/random.ts";
import { readScenarios } from "../alloy-simulator/scenario.ts";
import type { Scenario } from "../alloy-simulator/scenario.ts";
import { DAY, SECOND } from "../cloud-in-memory/clock.ts";

/**
 * How a month's webhooks come:
 * - `tens`: from a backlog of webhooks that came over a bank's day; each batch of the consumer is full;
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
  /** Share of the events that come in a batch with an earlier event of their application. */
  readonly sharedPerWebhook: number;
  /** Requests to receive, with those that end a window and bring nothing. */
  readonly receivesPerWebhook: number;
  /** From a message's arrival in the queue until the consumer begins with it; half and 99 of 100 wait less. */
  readonly waitMs: { readonly half: number; readonly most: number };
}

/** Batches of one size, of as many applications. */
export function batchesOf(size: number): Arrival {
  return {
    shape: "batches",
    windowSeconds: 0,
    meanBatch: size,
    sharedPerWebhook: 0,
    receivesPerWebhook: 1 / size,
    waitMs: { half: 0, most: 0 },
  };
}

/**
 * SQS spreads a standard queue over servers, and one receive brings what one of them has. It does not say over how many:
 * ten is assumed, on the dear side. With one, a burst of an application would come in one batch.
 */
const SERVERS = 10;

/** Full batches of a backlog. @param servers - over which the queue is spread. */
export function fromBacklog(webhooksPerMonth: number, servers = SERVERS): Arrival {
  const random = new Random(1);
  const perMs = webhooksPerMonth / (30 * DAY);
  const scenarios = [...readScenarios().values()];
  const shared = PARTS.day.map(({ share, times }) => {
    const webhooks = webhooksAt(perMs * times, scenarios, random);
    const onServers = Map.groupBy(webhooks, () => Math.floor(servers * random.next()));
    const inBatches = [...onServers.values()].flatMap((waiting) =>
      Array.from({ length: Math.ceil(waiting.length / QUEUE.batchSize) }, (_, batch) =>
        sharedIn(waiting.slice(batch * QUEUE.batchSize, (batch + 1) * QUEUE.batchSize)),
      ),
    );
    return (share * inBatches.reduce((sum, one) => sum + one, 0)) / webhooks.length;
  });
  return {
    ...batchesOf(QUEUE.batchSize),
    shape: "tens",
    sharedPerWebhook: shared.reduce((sum, one) => sum + one, 0),
  };
}

/** How many events of a batch come with an earlier one of their application. */
function sharedIn(batch: readonly Pick<Webhook, "application">[]): number {
  return batch.length - new Set(batch.map(({ application }) => application)).size;
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
  if (shape === "tens") return fromBacklog(webhooksPerMonth);
  const key = `${shape} ${webhooksPerMonth} ${windowSeconds}`;
  const arrival = known.get(key) ?? playArrival(shape, webhooksPerMonth, windowSeconds);
  known.set(key, arrival);
  return arrival;
}

/** A table asks for the same one several times, and it is always the same. */
const known = new Map<string, Arrival>();

function playArrival(
  shape: Exclude<ArrivalShape, "tens">,
  webhooksPerMonth: number,
  windowSeconds: number,
): Arrival {
  const random = new Random(1);
  const perMs = webhooksPerMonth / (30 * DAY);
  const scenarios = [...readScenarios().values()];
  const played = PARTS[shape].map(({ share, times }) => ({
    share,
    ...playBatches(webhooksAt(perMs * times, scenarios, random), windowSeconds * SECOND, random),
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
    sharedPerWebhook: per(({ waits: all, shared }) => shared / all.length),
    receivesPerWebhook: per(({ waits: all, receives }) => receives / all.length),
    waitMs: { half: within(0.5), most: within(0.99) },
  };
}

/** A consumer holds a batch for so long. */
function batchMs(events: number): number {
  return CONSUMER_MS.batch + events * CONSUMER_MS.event;
}

function playBatches(webhooks: readonly Webhook[], windowMs: number, random: Random) {
  /** When each execution of the consumer is free again; a poller waits for one. */
  const freeAt = Array.from({ length: CONCURRENCY.eventSource }, () => 0);
  /** The batch that each poller fills. */
  const filling = new Map<number, { readonly until: number; readonly arrived: Webhook[] }>();
  const waits: number[] = [];
  let batches = 0;
  let receives = 0;
  let shared = 0;

  const invoke = (poller: number, at: number, arrived: readonly Webhook[]) => {
    batches += 1;
    shared += sharedIn(arrived);
    for (const one of arrived) waits.push(at - one.at);
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

  for (let index = 0; index < webhooks.length;) {
    const webhook = webhooks[index];
    if (webhook === undefined) break;
    const { at } = webhook;
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
      while (count < QUEUE.batchSize && (webhooks[index + count]?.at ?? Infinity) <= next)
        count += 1;
      invoke(freeAt.indexOf(next), next, webhooks.slice(index, index + count));
      index += count;
      continue;
    }
    index += 1;
    const batch = filling.get(poller) ?? { until: at + windowMs, arrived: [] };
    batch.arrived.push(webhook);
    if (windowMs === 0 || batch.arrived.length === QUEUE.batchSize) {
      filling.delete(poller);
      invoke(poller, at, batch.arrived);
    } else {
      filling.set(poller, batch);
    }
  }
  endWindows(Number.POSITIVE_INFINITY);
  return { waits, batches, receives, shared };
}

interface Webhook {
  /** When it arrives, in milliseconds. */
  readonly at: number;
  readonly application: number;
}

/** Webhooks at a rate, in order: applications begin at any time, and keep to their scenario. */
function webhooksAt(
  perMs: number,
  scenarios: readonly Pick<Scenario, "steps">[],
  random: Random,
): readonly Webhook[] {
  const steps = scenarios.reduce((sum, scenario) => sum + scenario.steps.length, 0);
  const applications = Math.ceil((PLAYED * scenarios.length) / steps);
  const span = PLAYED / perMs;
  const webhooks = Array.from({ length: applications }, (_, application) => {
    let at = random.next() * span;
    return (scenarios[application % scenarios.length]?.steps ?? []).map(({ afterSeconds }) => {
      at += afterSeconds * SECOND;
      // Alloy sends each webhook by itself: some hundred milliseconds pass on its way. What is beyond the span came
      // from applications that began before it.
      return { at: (at + 100 + 400 * random.next()) % span, application };
    });
  });
  return webhooks.flat().toSorted((one, other) => one.at - other.at);
}
