import type { StoreOutcome } from "../../domain/aws-failure.ts";
import type { AwsClient } from "./aws-client.ts";
import { makeObjectUrl } from "./object-url.ts";

/** Puts bodies that one SQS message cannot hold into the payload bucket (the claim check). */
export class S3PayloadBucket {
  readonly #call: AwsClient;
  readonly #urlOf: (key: string) => URL;

  /**
   * @param endpoint - another service than AWS's own, addressed by path as emulators want it.
   */
  constructor(call: AwsClient, bucket: string, region: string, endpoint: string | undefined) {
    this.#call = call;
    this.#urlOf = makeObjectUrl(bucket, region, endpoint);
  }

  /** @param deadline - epoch milliseconds. */
  async put(key: string, bytes: Uint8Array, deadline: number): Promise<StoreOutcome> {
    const answer = await this.#call({
      service: "s3",
      method: "PUT",
      url: this.#urlOf(key),
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
      deadline,
      read: ({ body }) => (body.length === 0 ? true : undefined),
    });
    return "failure" in answer ? { stored: false, cause: answer.failure } : { stored: true };
  }
}
