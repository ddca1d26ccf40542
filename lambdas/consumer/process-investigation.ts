import { routeOfInvestigation } from "../domain/investigation-event.ts";
import type { InvestigationReport } from "../domain/investigation.ts";
import type { EventRecord } from "../domain/ports.ts";
import { publishedInvestigation } from "../domain/published-event.ts";
import { IDEMPOTENCY, METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import { AliasInProgress, countRecorded, OF_NO_APPLICATION } from "./event-steps.ts";
import type { ProcessDependencies, Processed, Publish } from "./process.ts";
import { isOfThisWork } from "./remembered.ts";
import type { Subject, Work } from "./work.ts";

type InvestigationSubject = Extract<Subject, { kind: "investigation" }>;

/** A step of an Investigation as it is kept. */
export function investigationRecordOf(
  { receipt, payloadKey }: Work,
  { event, body }: InvestigationSubject,
): EventRecord {
  return {
    ...receipt,
    ...OF_NO_APPLICATION,
    eventId: event.eventId,
    investigationToken: event.investigationToken,
    type: event.status,
    at: event.at,
    route: routeOfInvestigation(event),
    outcome: event.outcome,
    body,
    payloadKey,
  };
}

/**
 * 1. Join the step with the others of its Investigation: that decides under which id it is known, however many reports
 *    of it come side by side.
 * 2. Record it under that id, unless another report has.
 * 3. Publish it under that id. What came after a newer step is history, but for the end.
 */
export async function processInvestigation(
  work: Work,
  subject: InvestigationSubject,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<Processed> {
  const { investigations, once } = dependencies;
  const { event } = subject;
  const report = await investigations.join(event, work.receipt.origin);
  if (report.eventId === event.eventId) return tell(work, subject, report, publish, dependencies);

  // The one that told of it first may not have come to its end: whoever is first now, publishes.
  let processed: Processed = "duplicate";
  const result = await once(work.isForced ? work.key : report.eventId, async () => {
    const known = { ...subject, event: { ...event, eventId: report.eventId, at: report.at } };
    processed = await tell(work, known, report, publish, dependencies);
  });
  if (result === "in-conflict") throw new AliasInProgress();
  await investigations.clearFailure(event.investigationToken, report.eventId);
  return processed;
}

async function tell(
  work: Work,
  subject: InvestigationSubject,
  report: InvestigationReport,
  publish: Publish,
  { store, settings, metrics, now }: ProcessDependencies,
): Promise<Processed> {
  const { event } = subject;
  const { receipt, isForced } = work;
  const recorded = await store.recordEvent(investigationRecordOf(work, subject));
  if (recorded.isNew) {
    const { sentAt, cutTexts } = subject;
    const isUnrecognised = routeOfInvestigation(event) === "unrecognised";
    const counted = { at: event.at, sentAt, cutTexts, late: report.late, isUnrecognised };
    countRecorded(receipt, counted, metrics);
  }
  const isOwn = isOfThisWork(recorded, work);
  // While idempotency records live they say whether it had its effect; of an older one nothing does any more.
  const isOld = !isOwn && now() - recorded.receivedAt >= IDEMPOTENCY.windowMs;
  if (isOld && !isForced) return "duplicate";
  if (!isPublishedInvestigation(subject, report, settings)) return isOwn ? "done" : "duplicate";
  const { environment } = settings;
  await publish(publishedInvestigation({ event, report, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
  return "done";
}

function isPublishedInvestigation(
  { event }: InvestigationSubject,
  { late }: InvestigationReport,
  settings: ConsumerSettings,
): boolean {
  const { publish, publishLate } = settings.routes[routeOfInvestigation(event)];
  return publish && (!late || publishLate || event.status === "closed");
}
