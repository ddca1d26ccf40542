import { ALLOY_ATTEMPTS_MS } from "../../lambdas/settings/limits.ts";
import {
  ATTEMPT_DIMENSION,
  JOURNEY_DIMENSION,
  METRICS,
  OUTCOME_DIMENSION,
} from "../../lambdas/settings/metrics.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { Recorder } from "./recorder.ts";
import { DAY } from "./story.ts";
import type { Delivery, Story } from "./story.ts";

const MINUTE_MS = 60_000;

/** What is measured of webhooks, from API Gateway to the bus. */
export function recordEvents(
  record: Recorder,
  story: Story,
  { journeys, routes }: StageConfiguration,
): void {
  const { series } = record;
  for (const at of story.strangersAt) request(at, 401);
  for (const delivery of story.deliveries) {
    const { step, attempt, queuedAt, handledAt, isRepeated, missedAt } = delivery;
    const isHealed = missedAt === queuedAt;
    if (attempt !== null && queuedAt < DAY) request(queuedAt, 200);
    if (missedAt !== null) {
      record.count(METRICS.eventsMissing, missedAt);
      record.count(METRICS.transitionsUnheard, missedAt);
      sent(missedAt);
    }
    if (!isHealed) sent(queuedAt);
    if (handledAt >= DAY) continue;
    consume(handledAt, delivery, "new");
    if (isHealed) record.count(METRICS.eventsHealed, handledAt);
    // The poller's own envelope of what has waited in the queue.
    if (missedAt !== null && !isHealed) consume(handledAt, delivery, "duplicate");
    if (isRepeated && handledAt + 0.1 < DAY) {
      request(handledAt + 0.1, 200);
      sent(handledAt + 0.1);
      consume(handledAt + 0.1, delivery, "duplicate");
    }
    if (attempt === null || step.route === null) continue;
    const triedMs = ALLOY_ATTEMPTS_MS[attempt - 1] ?? 0;
    record.put(series.ours(METRICS.deliveryLatency), handledAt, triedMs + record.spread(700, 0.5));
    record.count(METRICS.webhooksByAttempt, handledAt, 1, { [ATTEMPT_DIMENSION]: String(attempt) });
  }

  function request(at: number, answer: 200 | 401): void {
    // One in fifty finds no warm sandbox.
    const isCold = record.random() < 0.02;
    const ms = isCold ? record.spread(320, 0.2) : record.spread(9);
    record.put(series.api("Count"), at, 1);
    record.put(series.api("Latency"), at, ms + 6 + record.random() * 4);
    record.put(series.api("5xx"), at, 0);
    record.put(series.api("4xx"), at, answer === 401 ? 1 : 0);
    record.put(series.lambda("Invocations", "ingest"), at, 1);
    record.put(series.lambda("Duration", "ingest"), at, ms);
    record.put(series.log("ingest"), at, answer === 401 ? 610 : 420);
    record.put(series.log("access"), at, 330);
    record.count(answer === 401 ? METRICS.credentialsRejected : METRICS.webhooksReceived, at);
  }

  function sent(at: number): void {
    if (at < DAY) record.put(series.queue("NumberOfMessagesSent", "EventQueue"), at, 1);
  }

  /** One message of the queue: how it came in does not matter any more. */
  function consume(at: number, { step, application }: Delivery, found: "new" | "duplicate"): void {
    record.put(series.queue("NumberOfMessagesDeleted", "EventQueue"), at, 1);
    record.put(series.lambda("Invocations", "consumer"), at, 1);
    record.put(series.lambda("Duration", "consumer"), at, record.spread(70));
    record.put(series.log("consumer"), at, 780);
    record.count(METRICS.recordsHandled, at);
    // Once in a while DynamoDB is slow, and SQS hands the record out again.
    record.count(METRICS.recordsFailed, at, record.random() < 0.004 ? 1 : 0);
    if (step.route === null) return record.count(METRICS.eventsIgnored, at);
    record.put(
      series.table("ConsumedWriteCapacityUnits", "IdempotencyTable"),
      at,
      found === "new" ? 2 : 1,
    );
    if (found === "duplicate") return record.count(METRICS.eventsDuplicate, at);
    record.put(series.table("ConsumedWriteCapacityUnits", "ApplicationTable"), at, 2);
    if (step.at === application.startedAt) {
      for (const index of [TABLE.dueIndex, TABLE.externalIndex]) {
        record.put(series.index("ConsumedWriteCapacityUnits", "ApplicationTable", index), at, 1);
      }
    }
    record.count(METRICS.eventsRecorded, at);
    const isLate = record.random() < 0.02;
    if (isLate) record.count(METRICS.eventsLate, at);
    const { publish, publishLate } = routes[step.route];
    if (publish && (publishLate || !isLate)) {
      record.count(METRICS.eventsPublished, at);
      record.put(series.rule("TriggeredRules", step.route), at, 1);
    }
    const sets =
      journeys.length > 0 ? [{}, { [JOURNEY_DIMENSION]: application.journeyToken }] : [{}];
    for (const dimensions of sets) {
      for (const outcome of step.outcomes) {
        const byOutcome = { ...dimensions, [OUTCOME_DIMENSION]: outcome };
        record.count(METRICS.applicationsByOutcome, at, 1, byOutcome);
      }
      if (step.route === "approved" || step.route === "denied") {
        const took = (step.at - application.startedAt) * MINUTE_MS;
        record.count(METRICS.timeToDecision, at, took, dimensions);
      }
    }
  }
}
