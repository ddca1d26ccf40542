import * as v from "valibot";

import type { Envelope, SubmissionEnvelope } from "./envelope.ts";

const receivedAt = v.union([
  v.pipe(v.number(), v.integer()),
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((iso) => Date.parse(iso)),
  ),
]);

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
    receiptId: v.string(),
    receivedAt,
    body: v.nullable(v.string()),
    bodyEncoding: v.optional(v.picklist(["utf8", "base64"])),
    payloadKey: v.nullable(v.string()),
    sourceIp: v.nullable(v.string()),
    lookAlikes: v.optional(v.array(LookAlikeSchema)),
    siblings: v.optional(v.array(v.string())),
    force: v.optional(v.boolean()),
  }),
  v.object({
    v: v.literal(1),
    kind: v.literal("submission"),
    receiptId: v.string(),
    receivedAt,
    submission: v.unknown(),
  }),
]);

/**
 * Reads an SQS message body.
 *
 * @returns the envelope, or the reason why this is none.
 */
export function decodeEnvelope(
  text: string,
): { readonly envelope: Envelope | SubmissionEnvelope } | { readonly reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The reason says all that is known; the parser's own message would quote the text.
    return { reason: "the queue message is not JSON" };
  }
  const parsed = v.safeParse(EnvelopeSchema, json);
  if (!parsed.success) {
    const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
    return { reason: `the queue message is not a version 1 envelope: wrong at ${where}` };
  }
  const { output } = parsed;
  if (output.kind === "submission") return { envelope: output };
  if ((output.body === null) === (output.payloadKey === null)) {
    return { reason: "the queue message must have either a body or a payloadKey" };
  }
  const { bodyEncoding, lookAlikes, siblings, force, ...rest } = output;
  return {
    envelope: {
      ...rest,
      ...(bodyEncoding === undefined ? {} : { bodyEncoding }),
      ...(lookAlikes === undefined ? {} : { lookAlikes }),
      ...(siblings === undefined ? {} : { siblings }),
      ...(force === undefined ? {} : { force }),
    },
  };
}
