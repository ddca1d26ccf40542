import { PermanentError, TransientError } from "../domain/errors.ts";
import type { PayloadReader } from "../domain/ports.ts";
import { statusOf, translateAwsError } from "./aws-error.ts";
import type { S3Operations } from "./aws-operations.ts";

/** `PayloadReader` on the payload bucket. */
export class S3PayloadReader implements PayloadReader {
  readonly #client: S3Operations;
  readonly #bucket: string;

  constructor(client: S3Operations, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async read(payloadKey: string): Promise<Uint8Array> {
    try {
      const { Body, ContentLength } = await this.#client.getObject({
        Bucket: this.#bucket,
        Key: payloadKey,
      });
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      if (ContentLength !== undefined && ContentLength !== bytes.length) {
        throw new Error(`${bytes.length} bytes came of ${ContentLength}`);
      }
      return bytes;
    } catch (error) {
      throw translated(payloadKey, error);
    }
  }
}

/**
 * S3 says 404 only to whom it may tell what is there: without `s3:ListBucket` a missing key is 403 too (GetObject API,
 * "Permissions"), as is one whose encryption key we may not use. Then nobody knows, and the message must survive.
 */
function translated(payloadKey: string, error: unknown): Error {
  if (error instanceof Error && error.name === "NoSuchKey") {
    return new PermanentError(`the payload ${payloadKey} is not in the bucket any more`, {
      cause: error,
    });
  }
  if (error instanceof Error && statusOf(error) === 403) {
    return new TransientError(
      `the payload ${payloadKey} is gone, or may not be read: S3 answered ${error.name}; the consumer needs s3:GetObject and s3:ListBucket under its prefix`,
      { cause: error },
    );
  }
  return translateAwsError("Reading a payload", error);
}
