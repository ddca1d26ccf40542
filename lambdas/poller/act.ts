import { correctionBody } from "../domain/correction.ts";
import type { Envelope } from "../domain/envelope.ts";
import { lateNotice, noticeOf } from "../domain/gap-notice.ts";
import type { GapNotice } from "../domain/gap-notice.ts";
import { gapOf } from "../domain/gap.ts";
import type { Gap } from "../domain/gap.ts";
import type {
  ClaimedApplication,
  DueApplications,
  EventQueue,
  GapAnnouncer,
} from "../domain/polling-ports.ts";
import type { LookAlike } from "../domain/reconciliation.ts";
import { GAP_STAGE_DIMENSION, METRICS } from "../settings.ts";
import type { PollerSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import type { Finding } from "./check-application.ts";

export interface ActDependencies {
  readonly applications: Pick<DueApplications, "plan">;
  readonly queue: EventQueue;
  readonly gaps: GapAnnouncer;
  readonly settings: PollerSettings;
  readonly metrics: Metrics;
  readonly logger: MessageLogger;
  readonly now: () => number;
}

/**
 * Does what a check found to be done.
 *
 * 1. Queue what Alloy has and we have not; only the consumer acts on it.
 * 2. Tell the bus of a gap that opened, moved or closed. One that the bus does not hear of is kept all
 *    the same, so that it is counted and its alarm rings; the next check tells of it.
 * 3. Put down the next check. What was cut off before is done again: everything here may be repeated.
 */
export async function act(
  claimed: ClaimedApplication,
  finding: Finding,
  runId: string,
  dependencies: ActDependencies,
): Promise<void> {
  const { applications, queue, gaps, settings, metrics, logger, now } = dependencies;
  const { state } = claimed;
  const { applicationToken } = state;
  const { comparison } = finding;

  if (finding.kind === "unanswered") logger.warn("poller.check.unanswered", { applicationToken });
  if (finding.kind === "unknown") {
    logger.warn("poller.application.unknown", { applicationToken });
    metrics.count(METRICS.applicationsUnknown);
  }
  if (finding.unreadableEvents > 0) {
    const { unreadableEvents } = finding;
    logger.warn("poller.application.unreadable-events", { applicationToken, unreadableEvents });
  }
  if (comparison !== null) {
    const { missing, unheard, corrections, gap } = comparison;
    metrics.count(METRICS.applicationsChecked);
    if (finding.isStale) metrics.count(METRICS.applicationsStale);
    metrics.count(METRICS.transitionsUnheard, unheard);
    metrics.count(METRICS.eventsMissing, missing.length);
    metrics.count(METRICS.correctionsQueued, corrections.length);
    const envelopes = envelopesOf();
    await queue.send(envelopes);
    if (gap !== null || corrections.length > 0) {
      const stage = gap?.stage ?? "none";
      const fields = { applicationToken, stage, missing: missing.length, queued: envelopes.length };
      logger.warn("poller.application.behind", fields);
    }
  }
  const { dueAt, memory } = finding;
  await applications.plan(claimed, { dueAt, memory, gap: await gapAsTold(), at: now() });

  /** @throws TransientError when what the bus did not take would be forgotten. */
  async function gapAsTold(): Promise<Gap | null> {
    const late = lateOnes();
    const notices = [...changes(), ...late];
    try {
      if (notices.length > 0) await gaps.announce(notices);
    } catch (error) {
      if (finding.gap === null || late.length > 0) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn("poller.gap.untold", { applicationToken, reason });
      return { ...finding.gap, isUntold: true };
    }
    if (finding.gap === null) return null;
    const { isUntold: _, ...told } = finding.gap;
    return told;
  }

  function envelopesOf(): readonly Envelope[] {
    const { toHeal = [], corrections = [] } = comparison ?? {};
    const bodies = [
      ...toHeal.map(({ webhook, lookAlikes }) => ({ body: webhook, lookAlikes })),
      ...corrections.map((one) => ({ body: correctionBody(one), lookAlikes: [] })),
    ];
    return bodies.map(({ body, lookAlikes }, index) => ({
      v: 1,
      kind: "poll",
      receiptId: `${runId}/${applicationToken}/${index}`,
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
    const isGivenUp = kind === "ignored" || (kind === "unknown" && finding.dueAt === null);
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
