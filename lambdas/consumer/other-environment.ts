import { isOtherEnvironment } from "../domain/environment.ts";
import { contentIdOf } from "../domain/identity.ts";
import type { Environment } from "../domain/journey-event.ts";
import type { EventRecord } from "../domain/ports.ts";
import { METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { recordOf } from "./event-steps.ts";
import { foreignRecordOf } from "./process.ts";
import type { ProcessDependencies, Processed } from "./process.ts";
import { investigationRecordOf } from "./process-investigation.ts";
import { isOfThisWork } from "./remembered.ts";
import type { Subject, Work } from "./work.ts";

/** Whether it says of itself that it is of another environment than the stage's. */
export function isElsewhere(subject: Subject, { environment }: ConsumerSettings): boolean {
  const said = environmentOf(subject);
  return isOtherEnvironment(said, environment);
}

/**
 * Keeps what came here from another environment, and does nothing else with it: it is recorded by itself, beside no
 * application, so that the poller does not take it for a part of one; and it is not remembered, so that the same event
 * has its effect when Alloy's answer brings it as the stage's own after all.
 */
export async function keepApart(
  work: Work,
  dependencies: Pick<ProcessDependencies, "store" | "settings" | "metrics"> & {
    readonly logger: MessageLogger;
  },
): Promise<Processed> {
  const { store, settings, metrics, logger } = dependencies;
  const { subject, receipt } = work;
  const record = recordApart(work, settings);
  const recorded = record === null ? null : await store.recordEvent(record);
  if (recorded !== null && !recorded.isNew && !isOfThisWork(recorded, work)) return "duplicate";
  metrics.count(METRICS.environmentMixed);
  const { receiptId } = receipt;
  const applicationToken = applicationTokenOf(subject);
  logger.warn("consumer.environment.mixed", {
    receiptId,
    environment: environmentOf(subject) ?? "",
    ...(applicationToken !== null && { applicationToken }),
  });
  return "done";
}

/** Null for what is not recorded anywhere. */
function recordApart(work: Work, settings: ConsumerSettings): EventRecord | null {
  const { subject } = work;
  switch (subject.kind) {
    case "journey-event":
      return apart(
        recordOf(work, subject.event, subject.body, settings),
        subject.event.environment,
      );
    case "investigation":
      return apart(investigationRecordOf(work, subject), subject.event.environment);
    case "foreign-webhook":
      return apart(foreignRecordOf(work, subject), subject.webhook.environment);
    case "submission":
    case "correction":
      return null;
  }
}

function apart(record: EventRecord, environment: Environment | null): EventRecord {
  const eventId = contentIdOf("other environment", { environment, eventId: record.eventId });
  const { investigationToken: _, ...rest } = record;
  return { ...rest, eventId, applicationToken: null };
}

function environmentOf(subject: Subject): Environment | null {
  switch (subject.kind) {
    case "journey-event":
    case "investigation":
      return subject.event.environment;
    case "foreign-webhook":
      return subject.webhook.environment;
    case "submission":
      return subject.environment;
    case "correction":
      return subject.correction.snapshot.environment;
  }
}

function applicationTokenOf(subject: Subject): string | null {
  switch (subject.kind) {
    case "journey-event":
      return subject.event.applicationToken;
    case "investigation":
    case "foreign-webhook":
      return null;
    case "submission":
      return subject.submission.applicationToken;
    case "correction":
      return subject.correction.snapshot.applicationToken;
  }
}
