import type { AlloyApplication } from "../domain/reconciliation/alloy-application.ts";
import { statusOf } from "../domain/application/application-state.ts";
import { afterCall, mayBeCheckedAt } from "../domain/polling/asking-share.ts";
import { compare, isAgreement, isKept } from "../domain/reconciliation/comparison.ts";
import type { Comparison } from "../domain/reconciliation/comparison.ts";
import type { DeliveryRecord } from "../domain/reconciliation/delivery.ts";
import { isOtherEnvironment } from "../domain/event/environment.ts";
import { isFinal } from "../domain/event/event-types.ts";
import { isToken } from "../domain/event/external-text.ts";
import { submissionGapOf } from "../domain/reconciliation/gap.ts";
import type { Gap } from "../domain/reconciliation/gap.ts";
import {
  checkAfterAgreement,
  checkAfterFailure,
  checkAfterGap,
  checkAfterUnsettled,
  isRequested,
  nextCheckAt,
  rescheduledTo,
  quietSince,
  timeOfCheck,
} from "../domain/polling/polling-schedule.ts";
import type {
  CheckMemory,
  DueApplications,
  History,
  KnownApplication,
} from "../domain/polling/polling-ports.ts";
import { recordsByTally } from "../domain/reconciliation/tally.ts";
import { POLLER } from "../settings/limits.ts";
import type { PollerSettings } from "../settings/poller-settings.ts";
import type { AlloyCaller, Answered, Asked } from "./alloy-caller.ts";

/** What a run knows before it begins with the applications. */
export interface Run {
  readonly runId: string;
  readonly caller: AlloyCaller;
  /** How webhooks fared on their way in; null when nobody knows. */
  readonly delivery: DeliveryRecord | null;
}

/** How a check ended, and what is to be done about it. */
export interface Finding {
  /**
   * - `unfinished`: this run makes no more calls; `rescheduled`: events are coming in, or its share of calls is
   *   used up;
   * - `unanswered`: Alloy did not answer for it;
   * - `unknown`: Alloy does not know it; `other-environment`: it is one of another environment than the stage's;
   * - `ignored`: configuration does not accept its Journey any more.
   */
  readonly kind:
    | "checked"
    | "unknown"
    | "other-environment"
    | "ignored"
    | "rescheduled"
    | "unanswered"
    | "unfinished";
  /** The next check, epoch milliseconds; null settles the application. */
  readonly dueAt: number | null;
  readonly memory: CheckMemory;
  readonly gap: Gap | null;
  /** What was found; null when Alloy did not answer. */
  readonly comparison: Comparison | null;
  /** What Alloy answered; null when it did not. */
  readonly answer: AlloyApplication | null;
  /** Of an `unanswered` one, in milliseconds: before the next call of this run; null: none would help. */
  readonly waitMs: number | null;
  /** It has been open for longer than the stage's limit; nothing but counting happens to it. */
  readonly isStale: boolean;
  /** Of a `rescheduled` one: events are coming in, or its time has not come. It stays due as it is. */
  readonly isBusy: boolean;
}

export interface CheckDependencies {
  readonly applications: Pick<DueApplications, "history">;
  readonly settings: PollerSettings;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Finds out what is to be done about one due application, and does nothing.
 *
 * 1. If its Journey is not accepted any more, or it is forgotten, let it go: the consumer would drop whatever is found.
 *    If its check waits in its place of the index, leave it there until its time.
 *    If something happened to it just now, put the check off: webhooks are coming in. If its share of calls is used
 *    up, put it off too.
 * 2. Ask Alloy. A submission of which nothing has come is a gap, whatever Alloy answers.
 * 3. Compare with what is recorded, and choose the next check. The records are read, unless the tally of the application says
 *    that they are Alloy's events.
 *
 * @param dueAt - when it was due, epoch milliseconds.
 * @param attempt - how often this run has asked for it, this time included.
 */
export async function checkApplication(
  known: KnownApplication,
  dueAt: number,
  { caller, delivery }: Run,
  dependencies: CheckDependencies,
  attempt = 1,
): Promise<Finding> {
  const { applications, settings, now, random } = dependencies;
  const { state, memory, gap } = known;
  const { applicationToken, journeyToken } = state;
  const found = { comparison: null, answer: null, waitMs: null, isStale: false, isBusy: false };
  const startedAt = now();

  const { journeys } = settings;
  const isAccepted =
    journeyToken === null || journeys.length === 0 || journeys.includes(journeyToken);
  if (!isAccepted || state.forgottenAt !== null) {
    return { ...found, kind: "ignored", dueAt: null, memory, gap: null };
  }

  const checkAt = timeOfCheck(dueAt, memory.wait);
  if (attempt === 1 && checkAt !== dueAt && checkAt > startedAt) {
    return { ...found, kind: "rescheduled", dueAt: checkAt, memory, gap, isBusy: true };
  }

  const putOffTo = attempt === 1 ? putOff() : null;
  if (putOffTo !== null) {
    const rescheduled = { ...memory, reschedules: memory.reschedules + 1 };
    const isBusy = busyUntil() !== null;
    return { ...found, kind: "rescheduled", dueAt: putOffTo, memory: rescheduled, gap, isBusy };
  }

  const asked: Asked =
    journeyToken === null || !isToken(journeyToken) || !isToken(applicationToken)
      ? NOT_ASKABLE
      : await caller.ask({ applicationToken, journeyToken }, attempt);
  const silent = gap ?? submissionGapOf(state, settings.gaps, delivery, now());
  const { kind } = asked;
  switch (kind) {
    case "stopped":
      // As it was, so that it comes first in the next run.
      return { ...found, kind: "unfinished", dueAt, memory, gap: silent };
    case "unanswered": {
      const failed = failedCheck(used(), settings, now());
      return { ...found, ...failed, kind: "unanswered", gap: silent, waitMs: asked.waitMs };
    }
    case "unknown":
      return { ...found, ...notHere(silent), kind: "unknown" };
    case "application": {
      const { application } = asked;
      const { environment } = settings;
      if (isOtherEnvironment(application.snapshot?.environment ?? null, environment)) {
        return { ...found, ...notHere(null), kind: "other-environment", answer: application };
      }
      const { comparison, history } = await compared(application);
      const isSettled =
        comparison.gap === null &&
        comparison.missingHistory === 0 &&
        comparison.corrections.length === 0 &&
        comparison.decision === null &&
        comparison.inFlightUntil === null;
      return {
        ...found,
        kind: "checked",
        dueAt: dueAfter(comparison),
        memory: {
          ...answeredCheck(),
          unknownSince: null,
          unsettledSince: isSettled ? null : (memory.unsettledSince ?? now()),
        },
        gap: comparison.gap,
        comparison,
        answer: application,
        isStale: isStale(history),
      };
    }
  }

  /** Epoch milliseconds; null: it is checked now. */
  function busyUntil(): number | null {
    // A decision that was queued, or lacked a field, is looked at again soon.
    const isAwaited = settings.decision !== null && memory.unsettledSince !== null;
    const isPatient = gap === null && !isAwaited;
    return isPatient ? rescheduledTo(state, memory, checkAt, context()) : null;
  }

  /** Epoch milliseconds; null: it is checked now. */
  function putOff(): number | null {
    const laterAt = busyUntil();
    if (laterAt !== null || isRequested(state, memory)) return laterAt;
    const askableAt = mayBeCheckedAt(memory.shareUsedTo, settings.polling);
    return askableAt > now() ? askableAt : null;
  }

  function used(): CheckMemory {
    if (journeyToken === null) return memory;
    return { ...memory, shareUsedTo: afterCall(memory.shareUsedTo, startedAt, settings.polling) };
  }

  /** What comes in while it runs came after it. */
  function answeredCheck(): CheckMemory {
    return { ...used(), checkedAt: startedAt, reschedules: 0, failedChecks: 0 };
  }

  /** Alloy has no such application of this environment: after a week of that, nobody can heal its gap any more. */
  function notHere(silentGap: Gap | null): Pick<Finding, "dueAt" | "memory" | "gap"> {
    const unknownSince = memory.unknownSince ?? now();
    const isGivenUp = now() - unknownSince >= POLLER.unknownMs;
    const next = nextCheckAt(Math.max(quietSince(state), unknownSince), context());
    return {
      dueAt: isGivenUp ? null : next,
      memory: { ...answeredCheck(), unknownSince, unsettledSince: null },
      gap: isGivenUp ? null : silentGap,
    };
  }

  /** What the tally says is enough to agree. Whatever else is found, is found in the records. */
  async function compared(alloy: AlloyApplication) {
    const { ignoredEventTypes, eventRetentionMs, gaps, decision } = settings;
    const kept = { ignoredEventTypes, eventRetentionMs, now: now() };
    const handled = alloy.events.map(({ event }) => event).filter((event) => isKept(event, kept));
    const events = gap === null ? recordsByTally(alloy, handled, known) : null;
    if (events !== null) {
      const history: History = { events, failures: [] };
      const comparison = compareWith(history);
      if (isAgreement(comparison)) return { comparison, history };
    }
    const history = await applications.history(applicationToken);
    return { comparison: compareWith(history), history };

    function compareWith(history: History): Comparison {
      const here = { state, ...history, checkedAt: memory.checkedAt, gap };
      const context = { ignoredEventTypes, eventRetentionMs, gaps, decision, delivery };
      return compare(alloy, here, { ...context, now: now() });
    }
  }

  function dueAfter(comparison: Comparison) {
    const {
      gap: open,
      leftToHeal,
      missingHistory,
      corrections,
      decision,
      inFlightUntil,
      leftOpen,
    } = comparison;
    const { graceMs } = settings.gaps;
    if (leftToHeal > 0) return now() + graceMs;
    if (open !== null) {
      return checkAfterGap(open.detectedAt, graceMs, POLLER.longestGapCheckMs, now());
    }
    // What was queued is looked at again as soon as it can have arrived.
    const isQueued = corrections.length > 0 || decision !== null || missingHistory > 0;
    const soonest = isQueued ? now() + graceMs : inFlightUntil;
    if (soonest !== null) {
      return checkAfterUnsettled(soonest, memory.unsettledSince, graceMs, now());
    }
    // While nobody knows whether an end counts, the application is not done with, and its alarm rings.
    return leftOpen.length > 0
      ? nextCheckAt(quietSince(state), context())
      : checkAfterAgreement(state, context());
  }

  function isStale({ events }: History): boolean {
    const status = statusOf(state);
    const openSince = Math.min(...events.map(({ at }) => at), state.submittedAt ?? now());
    return (status === null || !isFinal(status)) && now() - openSince > settings.gaps.staleAfterMs;
  }

  function context() {
    return { settings: settings.polling, now: now(), random: random() };
  }
}

/**
 * Get Journey Application needs the Journey's token, and no event has named it; or a token of a release
 * that took any text for one.
 */
const NOT_ASKABLE: Answered = { kind: "unknown", status: 0, minorCode: null };

/** The check after one without a result, and what to store about it. */
export function failedCheck(
  memory: CheckMemory,
  { polling }: PollerSettings,
  now: number,
): Pick<Finding, "dueAt" | "memory"> {
  const failedChecks = memory.failedChecks + 1;
  return {
    dueAt: checkAfterFailure(failedChecks, { settings: polling, now }),
    memory: { ...memory, failedChecks },
  };
}

/** The same when Alloy knew nobody at all: that is no answer about this application. */
export function asUnanswered(
  before: CheckMemory,
  finding: Finding,
  settings: PollerSettings,
  now: number,
  gap: Gap | null,
): Finding {
  const { shareUsedTo } = finding.memory;
  // The week begins anew when Alloy knows somebody again.
  const memory = { ...before, shareUsedTo, unknownSince: null };
  return { ...finding, ...failedCheck(memory, settings, now), kind: "unanswered", gap };
}
