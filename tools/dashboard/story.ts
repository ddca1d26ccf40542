import { randomLcg, randomLogNormal, randomPoisson } from "d3-random";
import { ALLOY_ATTEMPTS_MS, POLLER } from "../../lambdas/settings/limits.ts";
import type { CountedOutcome } from "../../lambdas/settings/metrics.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";

/** Minutes of the day of the story. */
export const DAY = 24 * 60;

/** The incident: somebody stops the consumer, and starts it again when `events-too-old` has rung. */
export const INCIDENT = { from: 14 * 60 + 8, to: 14 * 60 + 32 } as const;

/** Applications a minute at the busiest time; about a thousand a day. */
const BUSIEST = 1.2;

/** Somebody on the internet knocks without a credential, so often a day. */
const STRANGERS = 9;

/** Minutes in which something may be in flight (`gaps.graceMs`). */
const GRACE = 2;

/** Of Alloy's webhooks: sent once more; answered too late, and tried again; lost on their way. */
const REPEATED = 0.008;
const RETRIED = 0.006;
const LOST = 0.0006;

/** One application on its way through a Journey; times in minutes of the day, as fractions. */
export interface Application {
  readonly journeyToken: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly steps: readonly Step[];
}

/** Something that happens to an application, and that a webhook reports. */
export interface Step {
  readonly at: number;
  /** Null for a type of event that the stage ignores. */
  readonly route: RouteId | null;
  readonly outcomes: readonly CountedOutcome[];
}

/** What became of a step's event here. */
export interface Delivery {
  readonly step: Step;
  readonly application: Application;
  /** By which attempt of Alloy's its webhook came, from 1; null: by none. */
  readonly attempt: number | null;
  /** When it was put into the queue, by ingest or by the poller. */
  readonly queuedAt: number;
  /** When the consumer handled it. */
  readonly handledAt: number;
  /** Alloy sends it once more. */
  readonly isRepeated: boolean;
  /** When a run of the poller misses it, and puts it into the queue; null: never. */
  readonly missedAt: number | null;
  /** When a later run sees that it is there: the gap is over. */
  readonly closedAt: number | null;
}

export interface Story {
  readonly applications: readonly Application[];
  readonly deliveries: readonly Delivery[];
  readonly strangersAt: readonly number[];
}

/**
 * A day of a small lender, by a seed: quiet nights, busy before noon and in the evening, agents who
 * review from nine to six, and the incident.
 *
 * @param journeys - tokens of the Journeys that people apply to.
 * @param isCheckedAt - whether the poller looks at an application in a minute.
 */
export function tellStory(
  seed: number,
  journeys: readonly string[],
  isCheckedAt: (application: Application, minute: number) => boolean,
): Story {
  const random = randomLcg(seed);
  const applications: Application[] = [];
  for (let minute = 0; minute < DAY; minute += 1) {
    const started = randomPoisson.source(random)(BUSIEST * busyness(minute))();
    for (let index = 0; index < started; index += 1) {
      applications.push(apply(minute + random(), journeys, random));
    }
  }
  const deliveries = applications.flatMap((application) =>
    application.steps
      .filter(({ at }) => at < DAY)
      .map((step) => deliver(step, application, random, isCheckedAt)),
  );
  const strangersAt = Array.from({ length: STRANGERS }, () => random() * DAY);
  return { applications, deliveries, strangersAt };
}

/** From 0.05 at night to 1: a hill before noon, and a smaller one in the evening. */
function busyness(minute: number): number {
  const hill = (hour: number, hours: number) => Math.exp(-(((minute / 60 - hour) / hours) ** 2));
  return Math.min(1, 0.05 + 0.95 * hill(12.5, 4) + 0.55 * hill(20, 2));
}

function apply(startedAt: number, journeys: readonly string[], random: () => number): Application {
  const journeyToken = journeys[Math.floor(random() ** 2 * journeys.length)] ?? "";
  const steps: Step[] = [step(startedAt, "progressed", "submitted")];
  const walk = Math.round(2 + random() * 3);
  let at = startedAt;
  for (let index = 0; index < walk; index += 1) {
    at += 0.1 + random() * 0.6;
    // Every other step is a visited_node.
    steps.push(step(at, index % 2 === 0 ? null : "progressed"));
  }
  if (random() < 0.12) {
    steps.push(step(at, "needs-action", "needs-action"));
    at += 4 + random() * 40;
  }
  const isReviewed = random() < 0.3;
  if (isReviewed) {
    steps.push(step(at, "manual-review", "manual-review"));
    // An agent takes it up within working hours.
    const from = Math.max(at + 15, 9 * 60);
    at = (from > 18 * 60 ? DAY + 9 * 60 : from) + randomLogNormal.source(random)(3.2, 0.7)();
  }
  const chance = random();
  if (chance < (isReviewed ? 0.55 : 0.78)) steps.push(step(at, "approved", "approved", "ended"));
  else if (chance < 0.97) steps.push(step(at, "denied", "denied", "ended"));
  else if (chance < 0.985) steps.push(step(at, "errored", "errored", "ended"));
  else steps.push(step(at, "expired", "expired", "ended"));
  return { journeyToken, startedAt, endedAt: at, steps };
}

function step(at: number, route: RouteId | null, ...outcomes: readonly CountedOutcome[]): Step {
  return { at, route, outcomes };
}

function deliver(
  step: Step,
  application: Application,
  random: () => number,
  isCheckedAt: (application: Application, minute: number) => boolean,
): Delivery {
  const attempt = random() < LOST ? null : random() < RETRIED ? 2 : 1;
  const triedMs = attempt === null ? DAY : (ALLOY_ATTEMPTS_MS[attempt - 1] ?? 0);
  const cameAt = attempt === null ? DAY : step.at + triedMs / 60_000 + 0.01;
  // What is younger than the grace may still be in flight.
  const missedAt = nextCheck(step.at + GRACE, atWork(cameAt));
  const queuedAt = Math.min(cameAt, missedAt ?? DAY);
  const handledAt = atWork(queuedAt);
  // An application in gap is looked at again half an hour later at the latest.
  const lastCheck = (missedAt ?? DAY) + POLLER.longestGapCheckMs / 60_000;
  const closedAt = missedAt === null ? null : (nextCheck(handledAt + 0.1, lastCheck) ?? lastCheck);
  const isRepeated = random() < REPEATED;
  return { step, application, attempt, queuedAt, handledAt, isRepeated, missedAt, closedAt };

  function nextCheck(from: number, before: number): number | null {
    for (let at = Math.ceil(from); at < before; at += 1) {
      if (isCheckedAt(application, at)) return at;
    }
    return null;
  }
}

/** When the consumer handles what is queued at a time: at once, or in the minutes after the incident. */
function atWork(at: number): number {
  if (at < INCIDENT.from || at >= INCIDENT.to) return at;
  // Ten batches of ten at a time make short work of what has waited.
  return INCIDENT.to + (at - INCIDENT.from) / 12;
}
