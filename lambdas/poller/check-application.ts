import type { AlloyApplication, AlloyEvent } from "../domain/alloy-application.ts";
import type { Envelope } from "../domain/envelope.ts";
import {
  checkAfterAgreement,
  checkAfterFailure,
  checkAfterGap,
  nextCheckAt,
  pushedOutTo,
  quietSince,
} from "../domain/polling-schedule.ts";
import type {
  CheckMemory,
  DueApplication,
  DueApplications,
  EventQueue,
  History,
} from "../domain/polling-ports.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import { areTwins, matchEvents } from "../domain/reconciliation.ts";
import { GAP_STAGE_DIMENSION, METRICS, POLLER } from "../settings.ts";
import type { PollerSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import type { AlloyCaller } from "./alloy-caller.ts";

export interface CheckDependencies {
  readonly applications: DueApplications;
  readonly queue: EventQueue;
  readonly settings: PollerSettings;
  readonly metrics: Metrics;
  readonly logger: MessageLogger;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** How a check went. `postponed`: this run asks Alloy nothing more. */
export type CheckResult = "checked" | "pushed-out" | "taken" | "unanswered" | "postponed";

/**
 * Compares one due application with Alloy.
 *
 * 1. Claim it, so that no other run does the same.
 * 2. If something happened to it just now, put the check off: webhooks are coming in.
 * 3. Ask Alloy, and read what is recorded.
 * 4. Queue what Alloy has and we have not; only the consumer acts on it.
 * 5. Put down the next check, or settle the application.
 */
export async function checkApplication(
  due: DueApplication,
  caller: AlloyCaller,
  runId: string,
  dependencies: CheckDependencies,
): Promise<CheckResult> {
  const { applications, settings, metrics, logger, now, random } = dependencies;
  const { applicationToken } = due;
  const claimed = await applications.claim(due, now() + POLLER.claimMs);
  if (claimed === null) return "taken";
  const { state, memory } = claimed;
  const plan = (dueAt: number | null, next: CheckMemory) =>
    applications.plan(claimed, { dueAt, memory: next, at: now() });
  const context = () => ({ settings: settings.polling, now: now(), random: random() });

  const pushedTo = pushedOutTo(state, memory, context());
  if (pushedTo !== null) {
    await plan(pushedTo, { ...memory, pushes: memory.pushes + 1 });
    return "pushed-out";
  }

  const { journeyToken } = state;
  const answer =
    journeyToken === null
      ? ({ kind: "unknown", status: 0, minorCode: null } as const)
      : await caller.ask({ applicationToken, journeyToken });
  const { kind } = answer;
  switch (kind) {
    case "stopped":
      // As it was, so that it comes first in the next run.
      await plan(due.dueAt, memory);
      return "postponed";
    case "unanswered": {
      const failedChecks = memory.failedChecks + 1;
      logger.warn("poller.check.unanswered", { applicationToken, cause: answer.cause });
      await plan(checkAfterFailure(failedChecks, context()), { ...memory, failedChecks });
      return "unanswered";
    }
    case "unknown": {
      const { status, minorCode } = answer;
      const unknownSince = memory.unknownSince ?? now();
      logger.warn("poller.application.unknown", {
        applicationToken,
        status,
        minorCode: minorCode ?? 0,
      });
      metrics.count(METRICS.applicationsUnknown);
      const isGivenUp = now() - unknownSince >= POLLER.unknownMs;
      const next = isGivenUp
        ? null
        : nextCheckAt(Math.max(quietSince(state), unknownSince), context());
      await plan(next, { ...checked(memory), unknownSince });
      return "checked";
    }
    case "application": {
      metrics.count(METRICS.applicationsChecked);
      const history = await applications.history(applicationToken);
      const dueAt = await compare(answer.application, history);
      await plan(dueAt, checked(memory));
      return "checked";
    }
  }

  /** @returns the next check. */
  async function compare(alloy: AlloyApplication, history: History): Promise<number | null> {
    const { graceMs, thresholdMs } = settings.gaps;
    const { events, unreadableEvents } = alloy;
    if (unreadableEvents > 0) {
      const fields = { applicationToken, unreadableEvents };
      logger.warn("poller.application.unreadable-events", fields);
    }
    const handled = events.filter(({ event }) => !settings.ignoredEventTypes.includes(event.type));
    const byEvent = new Map(handled.map((one) => [one.event, one]));
    const matches = matchEvents([...byEvent.keys()], history.events);
    const arrived = matches.filter(({ event }) => event.at <= now() - graceMs);
    const inFlight = matches.filter(
      ({ event, record }) => record === null && event.at > now() - graceMs,
    );
    const missing = arrived.filter(({ record }) => record === null).map(({ event }) => event);

    const seenUntil = (memory.checkedAt ?? 0) - graceMs;
    const unheard = arrived.filter(
      ({ event, record }) => event.at > seenUntil && record?.origin !== "webhook",
    );
    metrics.count(METRICS.transitionsSeen, unheard.length);
    metrics.count(METRICS.eventsMissing, missing.length);

    if (missing.length > 0) {
      const since = Math.min(...missing.map(({ at }) => at));
      if (now() - since > thresholdMs) {
        metrics.count(METRICS.deliveryGaps);
        metrics.count(METRICS.deliveryGaps, 1, { [GAP_STAGE_DIMENSION]: "not-delivered" });
      }
      const webhooks = missing.flatMap((event) => byEvent.get(event) ?? []);
      const all = handled.map(({ event }) => event);
      await dependencies.queue.send(webhooks.map((one, index) => envelopeOf(one, index, all)));
      logger.warn("poller.events.missing", { applicationToken, events: missing.length });
      return checkAfterGap(since, graceMs, POLLER.longestGapCheckMs, now());
    }
    if (inFlight.length > 0) return Math.max(...inFlight.map(({ event }) => event.at)) + graceMs;
    return checkAfterAgreement(state, context());
  }

  function envelopeOf(
    { event, webhook }: AlloyEvent,
    index: number,
    all: readonly JourneyEvent[],
  ): Envelope {
    const siblings = all
      .filter((other) => other.eventId !== event.eventId && areTwins(event, other))
      .map(({ eventId }) => eventId);
    return {
      v: 1,
      kind: "poll",
      receiptId: `${runId}/${applicationToken}/${index}`,
      receivedAt: now(),
      body: webhook,
      payloadKey: null,
      sourceIp: null,
      ...(siblings.length > 0 ? { siblings } : {}),
    };
  }

  function checked(before: CheckMemory): CheckMemory {
    return { ...before, checkedAt: now(), pushes: 0, failedChecks: 0, unknownSince: null };
  }
}
