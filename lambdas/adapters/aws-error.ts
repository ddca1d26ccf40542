import { PermanentError, TransientError } from "../domain/errors.ts";

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
