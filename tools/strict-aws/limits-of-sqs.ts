import { LimitRefusal } from "./limit-refusal.ts";
import { LIMITS } from "./limits.ts";

/** A message, as far as its limits go. */
export interface SqsMessage {
  readonly body: string;
  readonly attributes: readonly {
    readonly name: string;
    readonly type: string;
    readonly value: string | Uint8Array;
  }[];
}

/** What SQS refuses in a message beside lone surrogates: control characters, U+FFFE, U+FFFF. */
// oxlint-disable-next-line no-control-regex
const REFUSED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.|\.)(?!.*\.\.)[A-Za-z0-9_.-]+(?<!\.)$/i;

/** What SQS counts as a message's size: its body, and its attributes with their names and types. */
export function messageBytes({ body, attributes }: SqsMessage): number {
  return attributes.reduce(
    (sum, { name, type, value }) => sum + byteLength(name) + byteLength(type) + byteLength(value),
    byteLength(body),
  );
}

/** Why SQS does not take a message; null: it does. */
export function messageRefusal(message: SqsMessage): LimitRefusal | null {
  const { body, attributes } = message;
  if (body === "") {
    return new LimitRefusal(
      "messageBytes",
      "MissingParameter",
      "The request must contain the parameter MessageBody.",
    );
  }
  const bytes = messageBytes(message);
  if (bytes > LIMITS.messageBytes.most) {
    return invalid(
      "messageBytes",
      `Message must be shorter than ${LIMITS.messageBytes.most} bytes; this one has ${bytes}.`,
    );
  }
  if (attributes.length > LIMITS.messageAttributes.most) {
    return invalid(
      "messageAttributes",
      `Number of message attributes [${attributes.length}] exceeds the allowed maximum [${LIMITS.messageAttributes.most}].`,
    );
  }
  for (const { name, value } of attributes) {
    if (name.length > LIMITS.messageAttributeName.most || !ATTRIBUTE_NAME.test(name)) {
      return invalid("messageAttributeName", `Message attribute name "${name}" is not valid.`);
    }
    if (value.length === 0) {
      return invalid(
        "parameter",
        `The message attribute '${name}' must contain non-empty message attribute value.`,
      );
    }
  }
  const texts = [body, ...attributes.map(({ value }) => value)];
  if (
    texts.some((text) => typeof text === "string" && (REFUSED.test(text) || !text.isWellFormed()))
  ) {
    return new LimitRefusal(
      "characters",
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.",
    );
  }
  return null;
}

/** Why SQS does not take a batch at all; null: it looks at its messages one by one. */
export function batchRefusal(
  entries: readonly { readonly id: string; readonly message: SqsMessage }[],
): LimitRefusal | null {
  if (entries.length === 0) {
    return new LimitRefusal(
      "messagesPerBatch",
      "EmptyBatchRequest",
      "There should be at least one entry in the batch request.",
    );
  }
  if (entries.length > LIMITS.messagesPerBatch.most) {
    return new LimitRefusal(
      "messagesPerBatch",
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${LIMITS.messagesPerBatch.most}. You have sent ${entries.length}.`,
    );
  }
  const strange = entries.find(
    ({ id }) => id.length > LIMITS.batchMessageId.most || !/^[A-Za-z0-9_-]+$/.test(id),
  );
  if (strange !== undefined) {
    return new LimitRefusal(
      "batchMessageId",
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    );
  }
  if (new Set(entries.map(({ id }) => id)).size < entries.length) {
    return new LimitRefusal("batchMessageId", "BatchEntryIdsNotDistinct", "Id repeated.");
  }
  const bytes = entries.reduce((sum, { message }) => sum + messageBytes(message), 0);
  if (bytes > LIMITS.batchMessageBytes.most) {
    return new LimitRefusal(
      "batchMessageBytes",
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${LIMITS.batchMessageBytes.most} bytes. You have sent ${bytes} bytes.`,
    );
  }
  return null;
}

/** Why SQS does not take one of these numbers; null: it takes all. Absent ones are SQS's own. */
export function secondsRefusal(numbers: {
  readonly delaySeconds?: number | undefined;
  readonly visibilitySeconds?: number | undefined;
  readonly waitSeconds?: number | undefined;
}): LimitRefusal | null {
  for (const name of ["delaySeconds", "visibilitySeconds", "waitSeconds"] as const) {
    const value = numbers[name] ?? 0;
    if (!Number.isInteger(value) || value < 0 || value > LIMITS[name].most) {
      return invalid(
        name,
        `Value ${value} for ${LIMITS[name].what} is invalid. Reason: must be between 0 and ${LIMITS[name].most}, if provided.`,
      );
    }
  }
  return null;
}

/** Why SQS does not hand over so many; null: it does. */
export function receiveRefusal(most: number): LimitRefusal | null {
  if (Number.isInteger(most) && most >= 1 && most <= LIMITS.messagesPerReceive.most) return null;
  return invalid(
    "messagesPerReceive",
    `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: must be between 1 and 10, if provided.`,
  );
}

function invalid(rule: LimitRefusal["rule"], reason: string): LimitRefusal {
  return new LimitRefusal(
    rule,
    "InvalidParameterValue",
    `One or more parameters are invalid. Reason: ${reason}`,
  );
}

function byteLength(value: string | Uint8Array): number {
  return typeof value === "string" ? Buffer.byteLength(value) : value.byteLength;
}
