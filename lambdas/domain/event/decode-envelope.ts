import * as v from "valibot";

import type { Envelope, SubmissionEnvelope } from "./envelope.ts";
import { readJson } from "./external-json.ts";
import { readTraceparent } from "./trace-context.ts";
import { readTime } from "./plausible-time.ts";

const receivedAt = v.optional(v.unknown());

const text = v.nullish(v.string(), null);

/** What is not said is left out. */
const LookAlikeSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  at: v.number(),
  entityApplicationToken: text,
  entityToken: text,
  nodeId: text,
  eventToken: text,
  outcome: text,
  recordedAs: text,
});

const EnvelopeSchema = v.variant("kind", [
  v.object({
    v: v.literal(1),
    kind: v.picklist(["webhook", "poll", "replay"]),
    receiptId: v.pipe(v.string(), v.nonEmpty()),
    receivedAt,
    body: v.nullable(v.string()),
    bodyEncoding: v.optional(v.picklist(["utf8", "base64"])),
    payloadKey: v.nullable(v.pipe(v.string(), v.nonEmpty())),
    sourceIp: v.nullable(v.string()),
    traceparent: v.optional(v.unknown()),
    lookAlikes: v.optional(v.array(LookAlikeSchema)),
    siblings: v.optional(v.array(v.string())),
    force: v.optional(v.boolean()),
  }),
  v.object({
    v: v.literal(1),
    kind: v.literal("submission"),
    receiptId: v.pipe(v.string(), v.nonEmpty()),
    receivedAt,
    submission: v.unknown(),
    adoption: v.optional(v.object({ at: v.number(), publishes: v.boolean() })),
  }),
]);

/**
 * Reads an SQS message body.
 *
 * @param sentAt - when SQS got the message, epoch milliseconds: for an envelope whose `receivedAt` is no
 * time that can be. A submission's is the time of its event on the bus, which its sender may set.
 * @returns the envelope, or the reason why this is none.
 */
export function decodeEnvelope(
  text: string,
  sentAt: number | null = null,
): { readonly envelope: Envelope | SubmissionEnvelope } | { readonly reason: string } {
  const read = readJson(text);
  if ("reason" in read) return { reason: `the queue message ${read.reason}` };
  const parsed = v.safeParse(EnvelopeSchema, read.json);
  if (!parsed.success) {
    const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
    return { reason: `the queue message is not a version 1 envelope: wrong at ${where}` };
  }
  const { output } = parsed;
  if (output.kind !== "submission" && (output.body === null) === (output.payloadKey === null)) {
    return { reason: "the queue message must have either a body or a payloadKey" };
  }
  const arrived = readTime(output.receivedAt) ?? readTime(sentAt);
  if (arrived === null) {
    return { reason: "the queue message is not a version 1 envelope: wrong at receivedAt" };
  }
  if (output.kind === "submission") {
    const { adoption, ...submitted } = output;
    // An adoption in the future would silence decisions that have not been made yet.
    const at = Math.min(adoption?.at ?? arrived, arrived, readTime(sentAt) ?? arrived);
    return {
      envelope: {
        ...submitted,
        receivedAt: arrived,
        ...(adoption === undefined ? {} : { adoption: { ...adoption, at } }),
      },
    };
  }
  const { bodyEncoding, lookAlikes, siblings, force, traceparent: stated, ...rest } = output;
  const traceparent = readTraceparent(stated);
  if (bodyEncoding === "base64" && !isBase64(output.body ?? "")) {
    return { reason: "the queue message's body is not base64" };
  }
  return {
    envelope: {
      ...rest,
      receivedAt: arrived,
      ...(bodyEncoding === undefined ? {} : { bodyEncoding }),
      ...(lookAlikes === undefined ? {} : { lookAlikes }),
      ...(siblings === undefined ? {} : { siblings }),
      ...(force === undefined ? {} : { force }),
      ...(traceparent === null ? {} : { traceparent }),
    },
  };
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
