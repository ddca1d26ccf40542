import type { AlloyApplication } from "../domain/alloy-application.ts";
import { statusOf } from "../domain/application-state.ts";
import { compare } from "../domain/comparison.ts";
import type { Comparison } from "../domain/comparison.ts";
import type { DeliveryRecord } from "../domain/delivery.ts";
import { isFinal } from "../domain/event-types.ts";
import { submissionGapOf } from "../domain/gap.ts";
import type { Gap } from "../domain/gap.ts";
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
  DueApplications,
  History,
  KnownApplication,
} from "../domain/polling-ports.ts";
import { POLLER } from "../settings.ts";
import type { PollerSettings } from "../settings.ts";
import type { AlloyCaller, Answered } from "./alloy-caller.ts";

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
   * `postponed`: this run asks Alloy nothing more. `unknown`: Alloy does not know the application.
   * `ignored`: configuration does not accept its Journey any more.
   */
  readonly kind: "checked" | "unknown" | "ignored" | "pushed-out" | "unanswered" | "postponed";
  /** The next check, epoch milliseconds; null settles the application. */
  readonly dueAt: number | null;
  readonly memory: CheckMemory;
  readonly gap: Gap | null;
  /** What was found; null when Alloy did not answer. */
  readonly comparison: Comparison | null;
  readonly unreadableEvents: number;
  /** It has been open for longer than the stage's limit; nothing but counting happens to it. */
  readonly isStale: boolean;
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
 * 1. If its Journey is not accepted any more, let it go: the consumer would drop whatever is found.
 *    If something happened to it just now, put the check off: webhooks are coming in.
 * 2. Ask Alloy. A submission of which nothing has come is a gap, whatever Alloy answers.
 * 3. Read what is recorded, compare, and choose the next check.
 *
 * @param dueAt - when it was due, epoch milliseconds.
 */
export async function checkApplication(
  known: KnownApplication,
  dueAt: number,
  { caller, delivery }: Run,
  dependencies: CheckDependencies,
): Promise<Finding> {
  const { applications, settings, now, random } = dependencies;
  const { state, memory, gap } = known;
  const { applicationToken, journeyToken } = state;
  const found = { comparison: null, unreadableEvents: 0, isStale: false };
  const startedAt = now();

  const { journeys } = settings;
  if (journeyToken !== null && journeys.length > 0 && !journeys.includes(journeyToken)) {
    return { ...found, kind: "ignored", dueAt: null, memory, gap: null };
  }

  const pushedTo = gap === null ? pushedOutTo(state, memory, context()) : null;
  if (pushedTo !== null) {
    const pushed = { ...memory, pushes: memory.pushes + 1 };
    return { ...found, kind: "pushed-out", dueAt: pushedTo, memory: pushed, gap };
  }

  const answer =
    journeyToken === null ? NOT_ASKABLE : await caller.ask({ applicationToken, journeyToken });
  const silent = gap ?? submissionGapOf(state, settings.gaps, delivery, now());
  const { kind } = answer;
  switch (kind) {
    case "stopped":
      // As it was, so that it comes first in the next run.
      return { ...found, kind: "postponed", dueAt, memory, gap: silent };
    case "unanswered": {
      const failedChecks = memory.failedChecks + 1;
      const next = checkAfterFailure(failedChecks, context());
      const failed = { ...memory, failedChecks };
      return { ...found, kind: "unanswered", dueAt: next, memory: failed, gap: silent };
    }
    case "unknown": {
      const unknownSince = memory.unknownSince ?? now();
      const isGivenUp = now() - unknownSince >= POLLER.unknownMs;
      const next = nextCheckAt(Math.max(quietSince(state), unknownSince), context());
      return {
        ...found,
        kind: "unknown",
        dueAt: isGivenUp ? null : next,
        memory: { ...checked(memory, startedAt), unknownSince },
        // Nobody can heal it any more.
        gap: isGivenUp ? null : silent,
      };
    }
    case "application": {
      const history = await applications.history(applicationToken);
      const comparison = compareWith(answer.application, history);
      return {
        kind: "checked",
        dueAt: dueAfter(comparison),
        // What comes in while it runs came after it.
        memory: checked(memory, startedAt),
        gap: comparison.gap,
        comparison,
        unreadableEvents: answer.application.unreadableEvents,
        isStale: isStale(history),
      };
    }
  }

  function compareWith(alloy: AlloyApplication, history: History): Comparison {
    const { checkedAt } = memory;
    const { ignoredEventTypes, eventRetentionMs, gaps } = settings;
    return compare(
      alloy,
      { state, ...history, checkedAt, gap },
      { ignoredEventTypes, eventRetentionMs, gaps, delivery, now: now() },
    );
  }

  function dueAfter({ gap: open, leftToHeal, corrections, inFlightUntil }: Comparison) {
    const { graceMs } = settings.gaps;
    if (leftToHeal > 0) return now() + graceMs;
    if (open !== null) {
      return checkAfterGap(open.detectedAt, graceMs, POLLER.longestGapCheckMs, now());
    }
    // What was queued is looked at again as soon as it can have arrived.
    if (corrections.length > 0) return now() + graceMs;
    return inFlightUntil ?? checkAfterAgreement(state, context());
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

/** Get Journey Application wants the Journey's token, and nothing has told of it. */
const NOT_ASKABLE: Answered = { kind: "unknown", status: 0, minorCode: null };

function checked(memory: CheckMemory, startedAt: number): CheckMemory {
  return { ...memory, checkedAt: startedAt, pushes: 0, failedChecks: 0, unknownSince: null };
}
