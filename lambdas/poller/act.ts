import type { AlloyApplication } from "../domain/reconciliation/alloy-application.ts";
import { correctionBody } from "../domain/application/correction.ts";
import { learnedIds } from "../domain/application/learned-ids.ts";
import { decisionBody } from "../domain/application/decision.ts";
import type { Envelope } from "../domain/event/envelope.ts";
import { lateNotice, noticeOf } from "../domain/routing/gap-notice.ts";
import type { GapNotice } from "../domain/routing/gap-notice.ts";
import { gapOf } from "../domain/reconciliation/gap.ts";
import type { Gap } from "../domain/reconciliation/gap.ts";
import type {
  ClaimedApplication,
  DueApplications,
  GapAnnouncer,
} from "../domain/polling/polling-ports.ts";
import { checkAfterFailure } from "../domain/polling/polling-schedule.ts";
import { reportOf, sharedIdsIn } from "../domain/reconciliation/reconciliation.ts";
import type { LookAlike } from "../domain/event/event-report.ts";
import { noticeWithinLimits } from "../domain/routing/within-limits.ts";
import { POLLER } from "../settings/limits.ts";
import { GAP_STAGE_DIMENSION, METRICS } from "../settings/metrics.ts";
import type { PollerSettings } from "../settings/poller-settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { announceGap } from "./announce-gap.ts";
import type { Finding } from "./check-application.ts";
import { countSome } from "./count-some.ts";
import { queueEnvelopes } from "./queue-envelopes.ts";
import type { QueueEnvelopesDependencies } from "./queue-envelopes.ts";

/**
 * A check that is so many runs away at most stays where it is in the index: that the runs in between read the application costs
 * less than to move it there, and back.
 */
const MOST_RUNS_TO_WAIT = 3;

export interface ActDependencies extends QueueEnvelopesDependencies {
  readonly applications: Pick<DueApplications, "plan">;
  readonly gaps: GapAnnouncer;
  readonly settings: PollerSettings;
  readonly metrics: Metrics<"poller">;
  readonly logger: MessageLogger;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Does what a check found to be done.
 *
 * 1. Queue what Alloy has and we have not; only the consumer acts on it. What cannot be queued is reported, holds
 *    nothing else, and is tried again by a later check.
 * 2. Tell the bus of a gap that opened, moved or closed. One that the bus does not hear of is kept all
 *    the same, so that it is counted and its alarm rings; the next check tells of it.
 * 3. Put down the next check, and with it the ids that Alloy alone has named. What was cut off before is done again: everything here may be repeated.
 */
export async function act(
  claimed: ClaimedApplication,
  finding: Finding,
  run: {
    readonly runId: string;
    /** All that is due was listed, so what stays in its place takes nobody else's. */
    readonly isAllListed: boolean;
  },
  dependencies: ActDependencies,
): Promise<void> {
  const { applications, gaps, settings, metrics, logger, now } = dependencies;
  const { state } = claimed;
  const { applicationToken } = state;
  const { comparison } = finding;
  let isAllQueued = true;

  if (finding.kind === "unanswered") logger.warn("poller.check.unanswered", { applicationToken });
  if (finding.kind === "unknown") {
    logger.warn("poller.application.unknown", { applicationToken });
    metrics.count(METRICS.applicationsUnknown);
  }
  if (finding.answer !== null) noteOddities(finding.answer, dependencies);
  if (comparison !== null) {
    const { missing, leftToHeal, withoutWebhook, corrections, gap, leftOpen } = comparison;
    if (leftOpen.length > 0) {
      const [eventId = ""] = leftOpen;
      logger.warn("poller.end.left-open", { applicationToken, eventId, ends: leftOpen.length });
    }
    metrics.count(METRICS.applicationsChecked);
    if (finding.isStale) metrics.count(METRICS.applicationsStale);
    countSome(metrics, METRICS.transitionsUnheard, withoutWebhook);
    countSome(metrics, METRICS.eventsMissing, missing.length);
    countSome(metrics, METRICS.eventsLeft, leftToHeal);
    countSome(metrics, METRICS.correctionsQueued, corrections.length);
    const envelopes = envelopesOf();
    const refused = await queueEnvelopes(envelopes, dependencies);
    isAllQueued = refused.length === 0;
    for (const { receiptId, kind, reason } of refused) {
      logger.error("poller.envelope.refused", { applicationToken, receiptId, kind, reason });
    }
    countSome(metrics, METRICS.envelopesRefused, refused.length);
    if (gap !== null || corrections.length > 0) {
      const stage = gap?.stage ?? "none";
      const queued = envelopes.length - refused.length;
      const counts = { missing: missing.length, queued, left: leftToHeal };
      const fields = { applicationToken, stage, ...counts };
      logger.warn("poller.application.behind", fields);
    }
  }
  const learned = learnedNow();
  const ending = { ...inPlace(next()), gap: await gapAsAnnounced(), at: now() };
  await applications.plan(claimed, learned === null ? ending : { ...ending, learned });

  /** Of an answer that was compared: another one is of another environment, or of nobody. */
  function learnedNow() {
    const snapshot = comparison === null ? null : (finding.answer?.snapshot ?? null);
    return snapshot === null ? null : learnedIds(state, snapshot, now());
  }

  /** A gap waits longer by itself; without one, what could not be queued is tried again as after a failure. */
  function next(): Pick<Finding, "dueAt" | "memory"> {
    const { dueAt, memory } = finding;
    if (isAllQueued || finding.gap !== null) return { dueAt, memory };
    const failedChecks = claimed.memory.failedChecks + 1;
    const context = { settings: settings.polling, now: now(), random: dependencies.random() };
    const later = checkAfterFailure(failedChecks, context);
    const latest = now() + POLLER.longestGapCheckMs;
    return { dueAt: Math.min(later, latest), memory: { ...memory, failedChecks } };
  }

  function inPlace({ dueAt, memory }: Pick<Finding, "dueAt" | "memory">) {
    const isSoon = dueAt !== null && dueAt - now() <= MOST_RUNS_TO_WAIT * settings.polling.rateMs;
    // What failed, or was claimed after a crash, is moved behind the others, or back among them.
    const hasFailed = memory.failedChecks + claimed.memory.failedChecks > 0;
    const mayStay = run.isAllListed && isSoon && !hasFailed && claimed.claimedUntil === null;
    if (!mayStay) return { dueAt, memory: { ...memory, wait: null } };
    const wait = { dueAt: claimed.dueAt, until: dueAt };
    return { dueAt: claimed.dueAt, memory: { ...memory, wait } };
  }

  function gapAsAnnounced(): Promise<Gap | null> {
    const late = lateOnes();
    const notices = [...changes(), ...late].map((notice) => {
      const cut = noticeWithinLimits(notice);
      if (cut !== notice) metrics.count(METRICS.eventsCut);
      return cut;
    });
    return announceGap(notices, finding.gap, {
      gaps,
      mayBeForgotten: finding.gap !== null && late.length === 0,
      onUnsent: (reason) => logger.warn("poller.gap.untold", { applicationToken, reason }),
    });
  }

  function envelopesOf(): readonly Envelope[] {
    const { toHeal = [], corrections = [], decision = null } = comparison ?? {};
    const bodies = [
      ...toHeal.map(({ webhook, lookAlikes }) => ({ body: JSON.stringify(webhook), lookAlikes })),
      ...corrections.map((one) => ({ body: correctionBody(one), lookAlikes: [] })),
      ...(decision === null ? [] : [{ body: decisionBody(decision), lookAlikes: [] }]),
    ];
    return bodies.map(({ body, lookAlikes }, index) => ({
      v: 1,
      kind: "poll",
      receiptId: `${run.runId}/${applicationToken}/${index}`,
      receivedAt: now(),
      body,
      payloadKey: null,
      sourceIp: null,
      // A consumer of the version before reads the ids alone.
      ...(lookAlikes.length > 0 && { lookAlikes, siblings: idsOf(lookAlikes) }),
    }));
  }

  function changes(): readonly GapNotice[] {
    const { environment } = settings;
    const { kind, gap: after } = finding;
    const isNotHere = kind === "unknown" || kind === "other-environment";
    const isGivenUp = kind === "ignored" || (isNotHere && after === null);
    const before = claimed.gap;
    const notice = noticeOf({ state, before, after, isGivenUp, now: now(), environment });
    if (notice === null) return [];
    if (notice.change === "closed") {
      metrics.milliseconds(METRICS.gapDuration, now() - Date.parse(notice.since));
    }
    return [notice];
  }

  /** Those late webhooks are one gap, which was over when it was found. */
  function lateOnes(): readonly GapNotice[] {
    const late = comparison?.late ?? [];
    const gap = gapOf(late, { applicationToken, before: null }, now());
    if (gap === null) return [];
    const closedAt = Math.max(...late.map(({ receivedAt }) => receivedAt));
    if (closedAt - gap.since > settings.gaps.thresholdMs) {
      metrics.count(METRICS.deliveryGaps, 1, { [GAP_STAGE_DIMENSION]: "late" });
    }
    metrics.milliseconds(METRICS.gapDuration, closedAt - gap.since);
    return [lateNotice(state, gap, closedAt, settings.environment)];
  }
}

/** Ours and Alloy's. */
function idsOf(lookAlikes: readonly LookAlike[]): readonly string[] {
  return [...new Set(lookAlikes.flatMap((one) => [one.eventId, one.recordedAs ?? one.eventId]))];
}

/** What an answer holds that Alloy's documentation does not have. */
function noteOddities(
  { applicationToken, events, unreadableEvents, unrecognisedStatus }: AlloyApplication,
  { logger, metrics }: Pick<ActDependencies, "logger" | "metrics">,
): void {
  if (unrecognisedStatus !== null) {
    const status = unrecognisedStatus;
    logger.warn("poller.application.status-unrecognised", { applicationToken, status });
    metrics.count(METRICS.statusesUnrecognised);
  }
  const [eventId, ...others] = sharedIdsIn(events.map(({ event }) => reportOf(event)));
  if (eventId !== undefined) {
    const fields = { applicationToken, eventId, ids: 1 + others.length };
    logger.warn("poller.application.shared-ids", fields);
  }
  if (unreadableEvents > 0) {
    logger.warn("poller.application.unreadable-events", { applicationToken, unreadableEvents });
  }
}
