import type { SQSRecord } from "aws-lambda";

import { correctionIdOf, parseCorrection } from "../domain/correction.ts";
import type { Correction } from "../domain/correction.ts";
import { decodeEnvelope } from "../domain/decode-envelope.ts";
import { readBody } from "../domain/envelope.ts";
import { PermanentError } from "../domain/errors.ts";
import { parseInvestigationEvent } from "../domain/investigation-event.ts";
import type { InvestigationEvent } from "../domain/investigation-event.ts";
import { parseWebhook } from "../domain/journey-event.ts";
import type { Environment, ForeignWebhook, ParsedWebhook } from "../domain/journey-event.ts";
import type { Submission } from "../domain/observation.ts";
import type { PayloadReader } from "../domain/ports.ts";
import type { Receipt } from "../domain/published-event.ts";
import { lookAlikesNamed } from "../domain/look-alikes.ts";
import type { LookAlike } from "../domain/reconciliation.ts";
import { parseSubmission } from "../domain/submission.ts";
import type { ConsumerSettings } from "../settings.ts";

/** What one queue record asks for. */
export type Subject =
  | (Extract<ParsedWebhook, { kind: "journey-event" }> & { readonly body: Uint8Array })
  | {
      readonly kind: "investigation";
      readonly event: InvestigationEvent;
      /** When Alloy sent this attempt, epoch milliseconds; null: unknown. */
      readonly sentAt: number | null;
      readonly cutTexts: number;
      /** As it came. */
      readonly body: Uint8Array;
    }
  | {
      readonly kind: "foreign-webhook";
      readonly webhook: ForeignWebhook;
      readonly route: "other" | "unrecognised";
      /** As it came. */
      readonly body: Uint8Array;
    }
  | {
      readonly kind: "submission";
      readonly submission: Submission;
      /** Null when it does not say. */
      readonly environment: Environment | null;
      /** How many of its texts were cut. */
      readonly cutTexts: number;
    }
  | { readonly kind: "correction"; readonly correction: Correction };

/** One thing to do, and the records that all ask for it: duplicates inside a batch are one. */
export interface Work {
  /** Equal for what must happen once. */
  readonly key: string;
  /** What has the same one is done in the order of `at`; everything else side by side. */
  readonly sequence: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly subject: Subject;
  readonly receipt: Receipt;
  /** Of all its records: one event may come in several messages of a batch. */
  readonly receiptIds: readonly string[];
  readonly payloadKey: string | null;
  /** Of an event of Alloy's list: what else in the list could be taken for it. */
  readonly lookAlikes: readonly LookAlike[];
  /** An operator wants its effect once more, whatever is recorded. */
  readonly isForced: boolean;
  readonly records: readonly SQSRecord[];
}

/**
 * Reads a queue record.
 *
 * @throws PermanentError with the reason, when nobody could ever read it.
 */
export async function readWork(
  record: SQSRecord,
  payloads: PayloadReader,
  { investigations }: Pick<ConsumerSettings, "investigations">,
): Promise<Work> {
  const decoded = decodeEnvelope(record.body, Number(record.attributes.SentTimestamp));
  if ("reason" in decoded) throw new PermanentError(decoded.reason);
  const { envelope } = decoded;
  const { receiptId, receivedAt } = envelope;
  const receipt = { receiptId, receivedAt, origin: envelope.kind };

  if (envelope.kind === "submission") {
    const parsed = parseSubmission(envelope.submission, receivedAt);
    if ("reason" in parsed) throw new PermanentError(parsed.reason);
    const { submission } = parsed;
    const { applicationToken: sequence, submittedAt: at } = submission;
    const subject = { kind: "submission", ...parsed } as const;
    const key = `submission ${sequence}`;
    const alone = { payloadKey: null, lookAlikes: [], isForced: false, receiptIds: [receiptId] };
    return { key, sequence, at, subject, receipt, ...alone, records: [record] };
  }

  const { payloadKey } = envelope;
  const isForced = envelope.kind === "replay" && envelope.force === true;
  const lookAlikes = envelope.lookAlikes ?? lookAlikesNamed(envelope.siblings ?? []);
  const rest = {
    receipt,
    receiptIds: [receiptId],
    payloadKey,
    lookAlikes,
    isForced,
    records: [record],
  };
  const body = await readBody(envelope, (key) => payloads.read(key));
  const text = new TextDecoder().decode(body);
  // Nobody but the poller may correct: a webhook that looks like a correction is none.
  const corrected = envelope.kind === "poll" ? parseCorrection(text) : null;
  if (corrected !== null) {
    if ("reason" in corrected) throw new PermanentError(corrected.reason);
    const { correction } = corrected;
    const { applicationToken: sequence, at } = correction.snapshot;
    const subject = { kind: "correction", correction } as const;
    const key = correctionIdOf(correction);
    return { ...rest, key, sequence, at, subject };
  }
  const parsed = parseWebhook(text);
  switch (parsed.kind) {
    case "invalid":
      throw new PermanentError(parsed.reason);
    case "journey-event": {
      const { eventId, applicationToken: sequence, at } = parsed.event;
      const key = isForced ? `${eventId} ${receiptId}` : eventId;
      return { key, sequence, at, subject: { ...parsed, body }, ...rest };
    }
    case "other":
    case "unrecognised": {
      const step = investigations ? parseInvestigationEvent(text) : null;
      if (step !== null) {
        const { eventId, investigationToken: sequence, at } = step.event;
        const key = isForced ? `${eventId} ${receiptId}` : eventId;
        return { key, sequence, at, subject: { kind: "investigation", ...step, body }, ...rest };
      }
      const { kind: route, webhook } = parsed;
      const subject = { kind: "foreign-webhook", webhook, route, body } as const;
      const { eventId: key } = webhook;
      const at = webhook.at ?? receivedAt;
      return { key, sequence: key, at, subject, ...rest };
    }
  }
}

/** A queued message is received within seconds; one that was sent this long after its receipt was moved. */
const REDRIVEN_AFTER_MS = 60_000;

/** Whether an earlier try may have failed, or this one is to repair what another left undone. */
export function mayHaveFailed({ receipt, records }: Work): boolean {
  return (
    receipt.origin !== "webhook" ||
    records.some(
      ({ attributes }) =>
        Number(attributes.ApproximateReceiveCount) > 1 ||
        Number(attributes.SentTimestamp) - receipt.receivedAt > REDRIVEN_AFTER_MS,
    )
  );
}

/** Makes one of works with one key; the first one's receipt stays. */
export function collapse(works: readonly Work[]): readonly Work[] {
  const byKey = new Map<string, Work>();
  for (const work of works) {
    const first = byKey.get(work.key);
    const records = [...(first?.records ?? []), ...work.records];
    const receiptIds = [...(first?.receiptIds ?? []), ...work.receiptIds];
    byKey.set(work.key, { ...(first ?? work), receiptIds, records });
  }
  return [...byKey.values()];
}

/** Sequences of works; inside each, in the order in which things happened at Alloy. */
export function sequencesOf(works: readonly Work[]): readonly (readonly Work[])[] {
  const sequences = new Map<string, Work[]>();
  for (const work of works) {
    sequences.set(work.sequence, [...(sequences.get(work.sequence) ?? []), work]);
  }
  return [...sequences.values()].map((sequence) =>
    sequence.toSorted((one, other) => one.at - other.at),
  );
}
