import type { Adoption } from "../application/application-state.ts";
import type { LookAlike } from "./event-report.ts";

/** What brought a body into the queue (docs/contracts.md#queue-message). */
export type EnvelopeKind = "webhook" | "poll" | "submission" | "replay";

/**
 * One message of the event queue, version 1. Ingest, the poller and the operators' replay write it;
 * a submission's is made by the bus rule's input transformer, without code, or by the operators' adopt.
 */
export interface Envelope {
  readonly v: 1;
  readonly kind: Exclude<EnvelopeKind, "submission">;
  /** API Gateway's request id, or an id of the poller's run or the operator's replay. */
  readonly receiptId: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The raw body; null when it stands in the payload bucket. */
  readonly body: string | null;
  /** `base64` when the bytes are not valid UTF-8 text; `utf8` when absent. */
  readonly bodyEncoding?: "utf8" | "base64";
  /** Key in the payload bucket; null when the body stands here. */
  readonly payloadKey: string | null;
  readonly sourceIp: string | null;
  /** W3C Trace Context of the request, or of the poller's run; absent where there is none. */
  readonly traceparent?: string;
  /** Of kind `poll`: what Alloy's list holds beside this event that it could be taken for, nearest first. */
  readonly lookAlikes?: readonly LookAlike[];
  /** The ids of those, ours and Alloy's: all that the released format says of them. */
  readonly siblings?: readonly string[];
  /** Of kind `replay`: publish the event once more, whatever is recorded of it. */
  readonly force?: boolean;
}

/** The envelope of a submission (docs/contracts.md#queue-message); `receivedAt` is the bus event's ISO time. */
export interface SubmissionEnvelope {
  readonly v: 1;
  readonly kind: "submission";
  readonly receiptId: string;
  readonly receivedAt: number;
  readonly submission: unknown;
  /**
   * The operators' `adopt` writes it, and no rule of the bus does: whoever may announce submissions must not be able
   * to silence an application.
   */
  readonly adoption?: Adoption;
}

/** Serialises an envelope as an SQS message body. */
export function encodeEnvelope({ lookAlikes = [], ...envelope }: Envelope): string {
  const compact = lookAlikes.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null)),
  );
  return jsonForSqs({ ...envelope, ...(compact.length > 0 && { lookAlikes: compact }) });
}

/**
 * JSON text of which SQS takes every character, also as a target of a rule. It refuses control characters, U+FFFE,
 * U+FFFF and lone surrogates; inside JSON they can all stand as `\uXXXX`, so nothing is lost.
 */
export function jsonForSqs(value: object): string {
  return escapeForSqs(JSON.stringify(value));
}

/** Writes the characters that SQS refuses, in a body or in an attribute, as `\uXXXX`. */
export function escapeForSqs(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * The bytes of a body as they were posted, wherever they stand.
 *
 * @param readPayload - reads the payload bucket, for the body that no message could hold.
 */
export async function readBody(
  envelope: Envelope,
  readPayload: (key: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  if (envelope.payloadKey !== null) return readPayload(envelope.payloadKey);
  const { body } = envelope;
  if (envelope.bodyEncoding !== "base64") return new TextEncoder().encode(body ?? "");
  return Uint8Array.from(atob(body ?? ""), (character) => character.charCodeAt(0));
}
