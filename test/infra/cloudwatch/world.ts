import { METRICS } from "../../../lambdas/settings/metrics.ts";
import type { CountedOutcome } from "../../../lambdas/settings/metrics.ts";
import { STATEMENTS } from "../../../lambdas/settings/names.ts";
import type { OutcomeSubject, PollerSettings } from "../../../lambdas/settings/poller-settings.ts";
import {
  changeInPercent,
  comparedSpans,
} from "../../../lambdas/domain/application/outcome-change.ts";
import type { Span } from "../../../lambdas/domain/application/outcome-change.ts";
import { Measurements } from "../../../tools/cloudwatch/measurements.ts";
import type { SeriesName } from "../../../tools/cloudwatch/measurements.ts";
import type { Series } from "../../../tools/cloudwatch/series.ts";

/** Minutes between two runs of the poller, in stages sandbox and production. */
export const POLL_MINUTES = 5;

/** Worlds by their series, their length and their webhooks a minute: a day of one takes longer to make than to copy. */
const worlds = new WeakMap<Series, Map<string, Measurements>>();

/** What CloudWatch is told when nothing is wrong, and so many webhooks come in each minute. */
export function healthyWorld(
  series: Series,
  minutes: number,
  webhooks: number,
  pollMinutes: number = POLL_MINUTES,
): Measurements {
  const known = worlds.get(series) ?? new Map<string, Measurements>();
  worlds.set(series, known);
  const key = `${minutes} ${webhooks} ${pollMinutes}`;
  const world = known.get(key) ?? unevenWorld(series, minutes, () => webhooks, pollMinutes);
  known.set(key, world);
  return world.copy();
}

/**
 * The same where not every minute is like the others.
 *
 * @param webhooksAt - webhooks that come in a minute.
 * @param pollMinutes - between two runs of the poller.
 */
export function unevenWorld(
  series: Series,
  minutes: number,
  webhooksAt: (minute: number) => number,
  pollMinutes: number = POLL_MINUTES,
): Measurements {
  const world = new Measurements();
  for (let minute = 0; minute < minutes; minute += 1) {
    const webhooks = webhooksAt(minute);
    if (webhooks > 0) receive(world, series, minute, webhooks);
    for (const queue of ["EventQueue", "DeadLetterQueue", "ApprovedDeadLetterQueue"]) {
      world.put(series.queue("ApproximateNumberOfMessagesVisible", queue), minute, 0);
      world.put(series.queue("ApproximateAgeOfOldestMessage", queue), minute, 0);
    }
    world.put(series.queue("NumberOfMessagesSent", "EventQueue"), minute, webhooks);
    world.put(series.queue("NumberOfMessagesDeleted", "EventQueue"), minute, webhooks);
    if (minute % pollMinutes === 0) poll(world, series, minute);
    if (minute % DAY === STATEMENTS.minutesAfterMidnight) {
      world.put(series.ours(METRICS.completeness), minute, 100);
      world.put(series.ours(METRICS.errorBudgetBurn), minute, 0);
    }
    for (const weeks of [0, 1, 2]) {
      if (webhooks > 0) decide(world, series, minute, minute - weeks * WEEK);
    }
  }
  return world;
}

const DAY = 24 * 60;
const WEEK = 7 * DAY;

/** The Journey of all applications. */
export const JOURNEY = "J-VCQoADBJxeHtmdAvFqoS";

const TEN_MINUTES_MS = 600_000;

/** One application a minute; of five, three are approved, one is denied, and one comes into review. */
function decide(world: Measurements, series: Series, minute: number, at: number): void {
  const turn = minute % 5;
  const come: CountedOutcome[] = ["submitted"];
  if (turn === 4) come.push("manual-review");
  else come.push(turn === 3 ? "denied" : "approved", "ended");
  for (const outcome of come) {
    for (const journey of [null, JOURNEY]) world.put(series.outcome({ outcome, journey }), at, 1);
  }
  if (turn !== 4) world.put(series.ours(METRICS.timeToDecision), at, TEN_MINUTES_MS);
}

/** What the poller measures of a world that is as it is going to be, fault and all. */
export function measureOutcomes(
  world: Measurements,
  series: Series,
  { comparisons, expectedOutcomes, polling }: PollerSettings,
  minutes: number,
): void {
  const total = (subjects: readonly OutcomeSubject[], { from, to }: Span) =>
    subjects
      .map((one) => world.statistic(series.outcome(one), "Sum", from / MINUTE_MS, to / MINUTE_MS))
      .reduce<number>((sum, value) => sum + (value ?? 0), 0);
  for (let minute = 0; minute < minutes; minute += polling.rateMs / MINUTE_MS) {
    for (const subject of expectedOutcomes) world.put(series.outcome(subject), minute, 0);
    for (const { rule, subjects, atLeast, ...windows } of comparisons) {
      const { newest, before } = comparedSpans(windows, minute * MINUTE_MS);
      const change = changeInPercent(total(subjects, newest), total(subjects, before), atLeast);
      world.put(series.change(rule), minute, change);
    }
  }
}

const MINUTE_MS = 60_000;

function receive(world: Measurements, series: Series, minute: number, webhooks: number): void {
  // Alloy repeats one in fifty or so; every second hour somebody knocks without a credential.
  const duplicates = minute % 50 === 0 ? 1 : 0;
  const strangers = minute % 120 === 0 ? 1 : 0;
  world.put(series.ours(METRICS.webhooksReceived), minute, webhooks);
  if (strangers > 0) world.put(series.ours(METRICS.credentialsRejected), minute, strangers);
  world.put(series.ours(METRICS.recordsHandled), minute, webhooks);
  world.put(series.ours(METRICS.recordsFailed), minute, 0);
  world.put(series.ours(METRICS.eventsRecorded), minute, webhooks - duplicates);
  if (duplicates > 0) world.put(series.ours(METRICS.eventsDuplicate), minute, duplicates);
  world.put(series.api("5xx"), minute, 0);
  for (const [name, durationMs] of [
    ["ingest", 30],
    ["consumer", 400],
  ] as const) {
    world.put(series.lambda("Duration", name), minute, durationMs, 2 * durationMs);
    world.put(series.lambda("Throttles", name), minute, 0);
    world.put(series.lambda("Errors", name), minute, 0);
  }
}

function poll(world: Measurements, series: Series, minute: number): void {
  world.put(series.ours(METRICS.pollerRuns), minute, 1);
  world.put(series.ours(METRICS.applicationsChecked), minute, 12);
  world.put(series.ours(METRICS.alloyCalls), minute, 12);
  world.put(series.lambda("Duration", "poller"), minute, 4_000);
  world.put(series.lambda("Throttles", "poller"), minute, 0);
  world.put(series.lambda("Errors", "poller"), minute, 0);
}

/** What a fault does to the world, minute by minute. */
export class Trouble {
  /** Between two runs of the poller. */
  readonly pollMinutes: number;
  readonly #world: Measurements;
  readonly #from: number;
  readonly #to: number;

  /** @param span - the first minute of the fault, and the first one after it. */
  constructor(
    world: Measurements,
    span: { readonly from: number; readonly to: number },
    pollMinutes: number = POLL_MINUTES,
  ) {
    this.pollMinutes = pollMinutes;
    this.#world = world;
    this.#from = span.from;
    this.#to = span.to;
  }

  /** Measures this instead, each minute of the fault, or every so many of them. */
  is(series: SeriesName, value: number | ((minute: number) => number), every = 1): this {
    this.none(series);
    return this.and(series, value, every);
  }

  /** Measures this besides. */
  and(series: SeriesName, value: number | ((minute: number) => number), every = 1): this {
    for (let minute = this.#from; minute < this.#to; minute += every) {
      this.#world.put(
        series,
        minute,
        typeof value === "number" ? value : value(minute - this.#from),
      );
    }
    return this;
  }

  /** Measures this once, in the first minute. */
  once(series: SeriesName, value: number): this {
    this.#world.put(series, this.#from, value);
    return this;
  }

  /** Measures nothing of these. */
  none(...all: readonly SeriesName[]): this {
    for (const series of all) this.#world.forget(series, this.#from, this.#to);
    return this;
  }
}
