import type { SQSRecord } from "aws-lambda";

import { correctionIdOf, parseCorrection } from "../domain/application/correction.ts";
import type { Correction } from "../domain/application/correction.ts";
import { isDecisionBody, parseDecision } from "../domain/application/decision.ts";
import type { Decision } from "../domain/application/decision.ts";
import type { Adoption } from "../domain/application/application-state.ts";
import { decodeEnvelope } from "../domain/event/decode-envelope.ts";
import { readBody } from "../domain/event/envelope.ts";
import type { Envelope, SubmissionEnvelope } from "../domain/event/envelope.ts";
import { PermanentError } from "../domain/errors.ts";
import { parseInvestigationEvent } from "../domain/event/investigation-event.ts";
import type { InvestigationEvent } from "../domain/event/investigation-event.ts";
import { traceparentOfXRay } from "../domain/event/trace-context.ts";
import { parseWebhook } from "../domain/event/parse-webhook.ts";
import type { Environment, UnsupportedWebhook } from "../domain/event/journey-event.ts";
import type { ParsedWebhook } from "../domain/event/parse-webhook.ts";
import { lookAlikesNamed } from "../domain/reconciliation/look-alikes.ts";
import type { Submission } from "../domain/application/observation.ts";
import type { PayloadReader } from "../domain/ports.ts";
import type { Receipt } from "../domain/routing/published-event.ts";
import type { LookAlike } from "../domain/event/event-report.ts";
import { parseSubmission } from "../domain/event/submission.ts";
import type { ConsumerSettings } from "../settings/consumer-settings.ts";

/** What a message is about. `body` holds the bytes as they came; `cutTexts` counts texts that were cut. */
export type Content =
  | (Extract<ParsedWebhook, { kind: "journey-event" }> & { readonly body: Uint8Array })
  | {
      readonly kind: "investigation";
      readonly event: InvestigationEvent;
      /** When Alloy sent this attempt, epoch milliseconds; null: unknown. */
      readonly sentAt: number | null;
      readonly cutTexts: number;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: "unsupported-webhook";
      readonly webhook: UnsupportedWebhook;
      readonly route: "other" | "unrecognised";
      readonly body: Uint8Array;
    }
  | {
      readonly kind: "submission";
      readonly submission: Submission;
      /** Null of an application that is new at Alloy too. */
      readonly adoption: Adoption | null;
      /** Null when the submission does not say. */
      readonly environment: Environment | null;
      readonly cutTexts: number;
    }
  | { readonly kind: "correction"; readonly correction: Correction }
  | { readonly kind: "decision"; readonly decision: Decision; readonly body: Uint8Array };

/** A message of the event queue; several with one key are merged into one. */
export interface Message {
  readonly content: Content;
  /** Equal for messages that must have one effect. */
  readonly key: string;
  /** The application, or the Investigation: its messages are prepared one after the other. */
  readonly subject: string;
  /** When it happened at Alloy, epoch milliseconds; messages of one subject are prepared in this order. */
  readonly at: number;
  /** The environment that the message names; null: none. */
  readonly environment: Environment | null;
  /** The Journey that the message names; null: none. */
  readonly journeyToken: string | null;
  readonly receipt: Receipt;
  /** The receipts of all records. */
  readonly receiptIds: readonly string[];
  readonly payloadKey: string | null;
  /** Of an event of Alloy's list: other events in the list that could be taken for it. */
  readonly lookAlikes: readonly LookAlike[];
  /** An operator wants the event published once more, whatever is recorded. */
  readonly isForced: boolean;
  readonly records: readonly SQSRecord[];
  /** The correlation keys of its log entries. */
  readonly logKeys: Readonly<Record<string, string>>;
}

/** @throws PermanentError with the reason, when no retry could read the record. */
export async function readMessage(
  record: SQSRecord,
  payloads: PayloadReader,
  settings: Pick<ConsumerSettings, "investigations">,
): Promise<Message> {
  const decoded = decodeEnvelope(record.body, Number(record.attributes.SentTimestamp));
  if ("reason" in decoded) throw new PermanentError(decoded.reason);
  const { envelope } = decoded;
  const { receiptId, receivedAt, kind: origin } = envelope;
  const isSubmission = envelope.kind === "submission";
  const content = isSubmission
    ? submissionOf(envelope)
    : await contentOf(envelope, payloads, settings);
  const isForced = envelope.kind === "replay" && envelope.force === true;
  const { id, logKeys, ...identity } = identityOf(content, receivedAt);
  return {
    ...identity,
    content,
    key: isForced ? `${id} ${receiptId}` : id,
    receipt: { receiptId, receivedAt, origin, traceparent: traceparentOf(envelope, record) },
    receiptIds: [receiptId],
    payloadKey: isSubmission ? null : envelope.payloadKey,
    lookAlikes: isSubmission ? [] : lookAlikesIn(envelope),
    isForced,
    records: [record],
    logKeys: { receiptId, ...logKeys },
  };
}

/** The trace of the request that brought it, or what SQS says of its sender's. */
function traceparentOf(envelope: Envelope | SubmissionEnvelope, { attributes }: SQSRecord) {
  const stated = envelope.kind === "submission" ? undefined : envelope.traceparent;
  return stated ?? traceparentOfXRay(attributes.AWSTraceHeader);
}

/** The look-alikes that the poller names; release 0.1.0 names them in `siblings`. */
function lookAlikesIn({ lookAlikes, siblings = [] }: Envelope): readonly LookAlike[] {
  return lookAlikes ?? lookAlikesNamed(siblings);
}

function submissionOf({ submission, receivedAt, adoption }: SubmissionEnvelope): Content {
  const parsed = parseSubmission(submission, receivedAt, adoption !== undefined);
  if ("reason" in parsed) throw new PermanentError(parsed.reason);
  return { kind: "submission", ...parsed, adoption: adoption ?? null };
}

async function contentOf(
  envelope: Envelope,
  payloads: PayloadReader,
  { investigations }: Pick<ConsumerSettings, "investigations">,
): Promise<Content> {
  const body = await readBody(envelope, (key) => payloads.read(key));
  const text = new TextDecoder().decode(body);
  // Only the poller may decide; an operator may replay what it brought.
  if (envelope.kind !== "webhook" && isDecisionBody(text)) {
    const read = parseDecision(text);
    if ("reason" in read) throw new PermanentError(read.reason);
    return { kind: "decision", ...read, body };
  }
  // Only the poller may correct: a webhook that looks like a correction is none.
  const corrected = envelope.kind === "poll" ? parseCorrection(text) : null;
  if (corrected !== null) {
    if ("reason" in corrected) throw new PermanentError(corrected.reason);
    return { kind: "correction", ...corrected };
  }
  const parsed = parseWebhook(text);
  switch (parsed.kind) {
    case "invalid":
      throw new PermanentError(parsed.reason);
    case "journey-event":
      return { ...parsed, body };
    case "other":
    case "unrecognised": {
      const step = investigations ? parseInvestigationEvent(text) : null;
      if (step !== null) return { kind: "investigation", ...step, body };
      const { kind: route, webhook } = parsed;
      return { kind: "unsupported-webhook", webhook, route, body };
    }
  }
}

function identityOf(
  content: Content,
  receivedAt: number,
): Pick<Message, "subject" | "at" | "environment" | "journeyToken" | "logKeys"> & {
  readonly id: string;
} {
  switch (content.kind) {
    case "journey-event": {
      const { eventId: id, applicationToken, at, environment, journeyToken, type } = content.event;
      const logKeys = { eventId: id, applicationToken, eventType: type };
      return { id, subject: applicationToken, at, environment, journeyToken, logKeys };
    }
    case "investigation": {
      const { eventId: id, investigationToken, at, environment, status } = content.event;
      const logKeys = { eventId: id, investigationToken, eventType: status };
      return { id, subject: investigationToken, at, environment, journeyToken: null, logKeys };
    }
    case "unsupported-webhook": {
      const { eventId: id, environment, type: eventType } = content.webhook;
      const at = content.webhook.at ?? receivedAt;
      const logKeys = { eventId: id, eventType };
      return { id, subject: id, at, environment, journeyToken: null, logKeys };
    }
    case "submission": {
      const { applicationToken, submittedAt, journeyToken } = content.submission;
      const { environment, adoption } = content;
      const at = submittedAt ?? receivedAt;
      const id = `${adoption === null ? "submission" : "adoption"} ${applicationToken}`;
      const logKeys = { applicationToken };
      return { id, subject: applicationToken, at, environment, journeyToken, logKeys };
    }
    case "correction": {
      const { applicationToken, at, environment, journeyToken } = content.correction.snapshot;
      const id = correctionIdOf(content.correction);
      const logKeys = { applicationToken };
      return { id, subject: applicationToken, at, environment, journeyToken, logKeys };
    }
    case "decision": {
      const { snapshot, decided } = content.decision;
      const { applicationToken, at, environment, journeyToken } = snapshot;
      const id = decided.decisionId;
      const logKeys = { eventId: id, applicationToken };
      return { id, subject: applicationToken, at, environment, journeyToken, logKeys };
    }
  }
}

/** A message is received within seconds. One that was sent this long after its receipt was redriven. */
const REDRIVEN_AFTER_MS = 60_000;

/** Whether an earlier try may have failed, or this message repairs what another one left undone. */
export function mayHaveFailed(message: Message): boolean {
  const { kind } = message.content;
  // The poller asks anew: nothing repairs another answer of Alloy's.
  const isRepair = kind !== "correction" && kind !== "decision";
  return (isRepair && message.receipt.origin !== "webhook") || isTriedAgain(message);
}

function isTriedAgain({ receipt, records }: Message): boolean {
  return records.some(
    ({ attributes }) =>
      Number(attributes.ApproximateReceiveCount) > 1 ||
      Number(attributes.SentTimestamp) - receipt.receivedAt > REDRIVEN_AFTER_MS,
  );
}

/** Merges messages with one key; the receipt of the first stays. */
export function deduplicate(messages: readonly Message[]): readonly Message[] {
  const byKey = new Map<string, Message>();
  for (const message of messages) {
    const first = byKey.get(message.key);
    const records = [...(first?.records ?? []), ...message.records];
    const receiptIds = [...(first?.receiptIds ?? []), ...message.receiptIds];
    byKey.set(message.key, { ...(first ?? message), receiptIds, records });
  }
  return [...byKey.values()];
}

/**
 * Reads one body of the payload bucket at a time: a batch may bring ten bodies of 6 MB, and each takes
 * several times its size while it is read and parsed.
 */
export function oneAtATime(payloads: PayloadReader): PayloadReader {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async read(payloadKey) {
      const turn = last.then(() => payloads.read(payloadKey));
      // The next turn comes also when this one fails.
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
