import type { AttributeValue } from "@aws-sdk/client-dynamodb";

import { PermanentError, TransientError } from "../domain/errors.ts";

/** A refusal by a service, or a call without an answer, with what the SDK's errors say. */
export class AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode: number | undefined };
  /** Of DynamoDB: the item that a condition did not hold for. */
  readonly Item: Readonly<Record<string, AttributeValue>> | undefined;

  /** @param name - as the service gives it; without an answer, the cause. */
  constructor(
    name: string,
    message: string,
    said?: { readonly status: number; readonly item?: AwsError["Item"] },
  ) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: said?.status };
    this.Item = said?.item;
  }
}

/** Errors by which AWS says that the request itself is wrong: sending it again cannot help. */
const PERMANENT = new Set(["ValidationException", "ItemCollectionSizeLimitExceededException"]);

/**
 * Translates an AWS SDK error into one of ours. Access denied, a missing table and the like count as
 * transient: they are faults of a deployment, and the event must survive until it is repaired.
 *
 * @param what - what was tried, for the sentence.
 */
export function translateAwsError(what: string, cause: unknown): PermanentError | TransientError {
  const name = cause instanceof Error ? cause.name : "unknown error";
  const sentence = `${what} failed: ${name}`;
  return PERMANENT.has(name)
    ? new PermanentError(sentence, { cause })
    : new TransientError(sentence, { cause });
}

/**
 * The item that a condition of DynamoDB did not hold for, where it is returned; empty: it is not, or there is none.
 *
 * @returns null when the error is another one.
 */
export function refusingItem(cause: unknown): NonNullable<AwsError["Item"]> | null {
  if (!(cause instanceof Error) || cause.name !== "ConditionalCheckFailedException") return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the SDK's error of this name has the field too
  return (cause as Error & Partial<Pick<AwsError, "Item">>).Item ?? {};
}

/** How SQS, EventBridge and the protocols below them name what is wrong with a request itself. */
const REFUSED =
  /^(Validation|Serialization|Malformed|Invalid(Argument|Attribute|BatchEntry|Message|Parameter)|BatchEntryIds)|Too(Large|Long|ManyEntries)/;

/** For a refusal without a name of its own, as a gateway in front of the service gives it. */
const TOO_LARGE = /too (large|long)|\bsize\b/i;

/** As many calls in a second as AWS allows: nothing is wrong with the request. */
const THROTTLED = /Throttl|TooManyRequests|RequestLimit|SlowDown/;

/** Payload Too Large. */
const STATUS_TOO_LARGE = 413;

/**
 * Whether AWS refuses the request for what stands in it: its size, its characters, its form. Nothing of it
 * was done. Whatever else fails says nothing about the request.
 */
export function isRefused(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  // SQS still sends its older names too: `AWS.SimpleQueueService.BatchRequestTooLong`.
  const name = cause.name.split(/[.#]/).at(-1) ?? "";
  if (THROTTLED.test(name)) return false;
  const status = statusOf(cause);
  if (status === STATUS_TOO_LARGE || REFUSED.test(name)) return true;
  return status !== null && status >= 400 && status < 500 && TOO_LARGE.test(cause.message);
}

/** The HTTP status of a service's answer, as AWS's SDK keeps it; null: there was no answer. */
export function statusOf(cause: Error): number | null {
  if (!("$metadata" in cause)) return null;
  const { $metadata: metadata } = cause;
  if (typeof metadata !== "object" || metadata === null) return null;
  const status = "httpStatusCode" in metadata ? metadata.httpStatusCode : null;
  return typeof status === "number" ? status : null;
}
