import { GetObjectCommand, NoSuchKey } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";

import { PermanentError } from "../domain/errors.ts";
import type { PayloadReader } from "../domain/ports.ts";
import { translateAwsError } from "./aws-error.ts";

/** `PayloadReader` on the payload bucket. */
export class S3PayloadReader implements PayloadReader {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async read(payloadKey: string): Promise<Uint8Array> {
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: payloadKey }),
      );
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey) {
        throw new PermanentError(`the payload ${payloadKey} is not in the bucket any more`, {
          cause: error,
        });
      }
      throw translateAwsError("Reading a payload", error);
    }
  }
}
