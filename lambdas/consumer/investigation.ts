import { routeOfInvestigation } from "../domain/event/investigation-event.ts";
import type { InvestigationReport } from "../domain/reconciliation/investigation.ts";
import { publishedInvestigation } from "../domain/routing/published-event.ts";
import type { ConsumerSettings } from "../settings/consumer-settings.ts";
import { IDEMPOTENCY } from "../settings/limits.ts";
import { countRecorded, isOwnRecord, recordOf } from "./effect.ts";
import type { ContentOf, Effect, EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";

/**
 * 1. Join the step with the others of its Investigation. The join decides under which id the step is known, also when
 *    several reports of it come side by side.
 * 2. Record the step under that id, unless another report is recorded.
 * 3. Return the event to publish under that id. A step that a newer one preceded is not published, but for the end.
 */
export async function prepareInvestigation(
  message: Message,
  content: ContentOf<"investigation">,
  dependencies: EffectDependencies,
): Promise<Effect> {
  const { investigations, begin } = dependencies;
  const { event } = content;
  const { eventId, investigationToken } = event;
  const report = await investigations.join(event, message.receipt.origin);
  if (report.eventId === eventId) return effectOf(message, content, report, dependencies);

  // The first report may have failed: the first that locks the id publishes. A forced message has its own lock.
  const lock = message.isForced ? "begun" : await begin(report.eventId);
  if (lock === "in-conflict") return { kind: lock, event: null };
  const finish = async () => investigations.clearFailure(investigationToken, report.eventId);
  if (lock === "duplicate") return { kind: lock, event: null, finish };
  const known = { ...content, event: { ...event, eventId: report.eventId, at: report.at } };
  return { ...(await effectOf(message, known, report, dependencies)), finish };
}

/** Joins and records a step that had its effect, where the table lacks it. */
export async function repairStep(
  message: Message,
  content: ContentOf<"investigation">,
  { investigations, store, settings }: EffectDependencies,
): Promise<void> {
  const { eventId, at } = await investigations.join(content.event, message.receipt.origin);
  const known = { ...content, event: { ...content.event, eventId, at } };
  await store.recordEvent(recordOf(message, known, settings));
}

async function effectOf(
  message: Message,
  content: ContentOf<"investigation">,
  report: InvestigationReport,
  { store, settings, metrics, now }: EffectDependencies,
): Promise<Effect> {
  const { event } = content;
  const { receipt, isForced } = message;
  const recorded = await store.recordEvent(recordOf(message, content, settings));
  if (recorded.isNew) countRecorded(message, content, report.late, metrics);
  const isOwn = isOwnRecord(recorded, message);
  // An idempotency record says whether an event had its effect. Of an older event, none is left.
  const isOld = !isOwn && now() - recorded.receivedAt >= IDEMPOTENCY.windowMs;
  if (isOld && !isForced) return { kind: "duplicate", event: null };
  if (!isPublished(content, report, settings)) {
    return { kind: isOwn ? "done" : "duplicate", event: null };
  }
  const { environment } = settings;
  return { kind: "done", event: publishedInvestigation({ event, report, receipt, environment }) };
}

function isPublished(
  { event }: ContentOf<"investigation">,
  { late }: InvestigationReport,
  settings: ConsumerSettings,
): boolean {
  const { publish, publishLate } = settings.routes[routeOfInvestigation(event)];
  return publish && (!late || publishLate || event.status === "closed");
}
