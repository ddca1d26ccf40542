import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { isFinal } from "../../lambdas/domain/event/event-types.ts";
import type { ApplicationStatus } from "../../lambdas/domain/event/event-types.ts";
import { readScenarios } from "../alloy-simulator/scenario.ts";
import { webhookOf } from "../cloud-in-memory/builders.ts";
import { LIVES_BEGIN } from "../cloud-in-memory/counted-consumer.ts";

/** An ordinary webhook takes this long from the event to the consumer. */
export const ON_ITS_WAY_MS = 500;

/** Each scenario is lived so often, in other minutes of the poller's schedule. */
export const PHASES = 2;

/** One step of a life: what Alloy raises, when, and how the application stands from then on. */
export interface LifeStep {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly webhook: string;
  readonly event: JourneyEvent;
  /** Whether the stage drops its type. */
  readonly isIgnored: boolean;
  readonly status: ApplicationStatus;
}

/** An application of one of the simulator's scenarios, of which no webhook is lost. */
export interface Life {
  readonly applicationToken: string;
  readonly steps: readonly LifeStep[];
}

/**
 * The lives of all scenarios on their own timelines.
 *
 * @param ignored - event types that the stage drops.
 * @param phases - so often each is lived, spread over `withinMs`: what it costs depends on when the poller runs.
 */
export function livesOf(
  ignored: readonly string[],
  phases: number,
  withinMs: number,
): readonly Life[] {
  return [...readScenarios().values()].flatMap(({ steps }, scenario) =>
    Array.from({ length: phases }, (_, phase) => {
      const number = scenario * phases + phase;
      const applicationToken = `JA-life${String(number).padStart(16, "0")}`;
      // A prime's worth of milliseconds apart: no two of them meet one run of the poller alike.
      let at = LIVES_BEGIN + Math.floor((withinMs * phase) / phases) + 17 * number;
      let status: ApplicationStatus = "running";
      return {
        applicationToken,
        steps: steps.map((step) => {
          // Applicants share the fixture's entity: a millisecond keeps their events apart.
          at += step.afterSeconds * 1_000 + 1;
          status = step.status ?? status;
          const webhook = webhookOf(step.event, applicationToken, Math.round(at));
          const parsed = parseWebhook(webhook);
          if (parsed.kind !== "journey-event") throw new Error(`${step.event} is no Journey event`);
          const { event } = parsed;
          const isIgnored = ignored.includes(step.event);
          return { at: Math.round(at), webhook, event, isIgnored, status };
        }),
      };
    }),
  );
}

/** What Alloy answers about a life at a time. */
export function answerAbout({ steps }: Life, now: number) {
  const past = steps.filter(({ at }) => at <= now);
  const last = past.at(-1);
  if (last === undefined) throw new Error("nobody asks about an application before it begins");
  const outcome = isFinal(last.status) ? last.event.outcome : null;
  return {
    events: past.map(({ event }) => event),
    changes: {
      status: last.status,
      ...(outcome !== null && { complete_outcome: outcome }),
      updated_at: last.at,
    },
  };
}
