import type { DeliveryRecord } from "../domain/reconciliation/delivery.ts";
import { investigationNotice } from "../domain/routing/gap-notice.ts";
import type { Gap } from "../domain/reconciliation/gap.ts";
import { checkInvestigation } from "../domain/reconciliation/investigation-check.ts";
import type { InvestigationFinding } from "../domain/reconciliation/investigation-check.ts";
import { investigationWebhook } from "../domain/event/investigation-event.ts";
import type { ListedInvestigation } from "../domain/reconciliation/investigation-list.ts";
import type { GapAnnouncer, Investigations, ListCursor } from "../domain/polling/polling-ports.ts";
import { investigationNoticeWithinLimits } from "../domain/routing/within-limits.ts";
import { METRICS } from "../settings/metrics.ts";
import type { PollerSettings } from "../settings/poller-settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import type { AlloyCaller } from "./alloy-caller.ts";
import { announceGap } from "./announce-gap.ts";
import { countSome } from "./count-some.ts";
import { readList } from "./investigation-pages.ts";
import { queueEnvelopes } from "./queue-envelopes.ts";
import type { QueueEnvelopesDependencies } from "./queue-envelopes.ts";

export interface InvestigationsDependencies extends QueueEnvelopesDependencies {
  readonly investigations: Investigations;
  readonly gaps: GapAnnouncer;
  readonly settings: PollerSettings;
  readonly metrics: Metrics<"poller">;
  readonly logger: MessageLogger;
}

interface Run {
  readonly runId: string;
  readonly caller: AlloyCaller;
  readonly delivery: DeliveryRecord | null;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Investigations compared at the same time: each is a read of a few milliseconds. */
const CONCURRENCY = 10;

/**
 * Compares what Alloy's list of Investigations says with what is recorded of them.
 *
 * 1. Read the pages of what has moved since the last whole reading (`readList`).
 * 2. Compare each Investigation, and each that is in gap, queue the unreported steps, and announce its gap.
 * 3. Keep how far the list is read.
 *
 * @returns whether the list could be read.
 */
export async function compareInvestigations(
  run: Run,
  dependencies: InvestigationsDependencies,
): Promise<boolean> {
  const { investigations, metrics, logger, now } = dependencies;
  const startedAt = now();
  const before = await investigations.cursor();
  const cursor: ListCursor = before ?? { since: startedAt, readTo: startedAt, rest: null };
  // Also if Alloy does not answer yet: what is lost until it does is not history.
  if (before === null) await investigations.keepCursor(cursor);
  const read = await readList(run.caller, cursor, startedAt);
  if (read.unreadable > 0) {
    logger.warn("poller.investigations.unread", { unreadable: read.unreadable });
    metrics.count(METRICS.statusesUnrecognised);
  }
  for (const listed of read.listed.values()) noteState(listed, dependencies);
  const open = await investigations.openGaps();
  const waiting: (readonly [string, ListedInvestigation | null])[] = [
    ...read.listed,
    ...open
      .filter(({ investigationToken }) => !read.listed.has(investigationToken))
      .map(({ investigationToken }) => [investigationToken, null] as const),
  ];
  let isWhole = true;
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // The applications' checks come after these; what is left is read again by the next run.
      const isInTime = now() < run.deadline;
      const [token, listed] = next;
      const isCompared = isInTime && (await compareOne(token, listed, cursor, run, dependencies));
      isWhole &&= isCompared || listed === null;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  if (read.cursor !== null && isWhole) await investigations.keepCursor(read.cursor);
  return read.cursor !== null;
}

function noteState(
  { status, investigationToken }: ListedInvestigation,
  { logger, metrics }: InvestigationsDependencies,
): void {
  if (status !== null) return;
  logger.warn("poller.investigation.state-unrecognised", { investigationToken });
  metrics.count(METRICS.statusesUnrecognised);
}

/** One that cannot be compared holds no other. @returns whether it could. */
async function compareOne(
  investigationToken: string,
  listed: ListedInvestigation | null,
  { since }: ListCursor,
  run: Run,
  dependencies: InvestigationsDependencies,
): Promise<boolean> {
  const { investigations, settings, logger, now } = dependencies;
  try {
    const nothing = { investigationToken, reports: [], failures: [], gap: null };
    const known = (await investigations.look(investigationToken)) ?? nothing;
    const context = { since, gaps: settings.gaps, delivery: run.delivery, now: now() };
    const finding = checkInvestigation(listed, known, context);
    if (finding.gap !== null || known.gap !== null || listed === null) {
      await act(investigationToken, known.gap, finding, run, dependencies);
    }
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error("poller.investigation.failed", { investigationToken, reason });
    return false;
  }
}

async function act(
  investigationToken: string,
  before: Gap | null,
  { missing, toHeal, gap }: InvestigationFinding,
  { runId }: Run,
  dependencies: InvestigationsDependencies,
): Promise<void> {
  const { investigations, metrics, logger, now } = dependencies;
  if (gap !== null) {
    countSome(metrics, METRICS.eventsMissing, missing.length);
    const envelopes = toHeal.map((event, index) => ({
      v: 1 as const,
      kind: "poll" as const,
      receiptId: `${runId}/${investigationToken}/${index}`,
      receivedAt: now(),
      body: investigationWebhook(event),
      payloadKey: null,
      sourceIp: null,
    }));
    const refused = await queueEnvelopes(envelopes, dependencies);
    countSome(metrics, METRICS.envelopesRefused, refused.length);
    for (const { receiptId, kind, reason } of refused) {
      logger.error("poller.envelope.refused", { investigationToken, receiptId, kind, reason });
    }
    const queued = envelopes.length - refused.length;
    const fields = { investigationToken, stage: gap.stage, missing: missing.length, queued };
    logger.warn("poller.investigation.behind", fields);
  }
  const { environment } = dependencies.settings;
  const context = { investigationToken, before, after: gap, now: now(), environment };
  const notice = investigationNotice(context);
  if (notice?.change === "closed") {
    metrics.milliseconds(METRICS.gapDuration, now() - Date.parse(notice.since));
  }
  const notices = notice === null ? [] : [investigationNoticeWithinLimits(notice)];
  const announced = await announceGap(notices, gap, {
    gaps: dependencies.gaps,
    mayBeForgotten: gap !== null,
    onUnsent: (reason) => logger.warn("poller.gap.untold", { investigationToken, reason }),
  });
  await investigations.keepGap(investigationToken, announced);
}
