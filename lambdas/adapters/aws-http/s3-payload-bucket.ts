import type { StoreOutcome } from "../../domain/aws-failure.ts";
import type { AwsClient } from "./aws-client.ts";

/** Puts bodies that one SQS message cannot hold into the payload bucket (the claim check). */
export class S3PayloadBucket {
  readonly #call: AwsClient;
  readonly #base: string;

  /**
   * @param endpoint - another service than AWS's own, addressed by path as emulators want it.
   */
  constructor(call: AwsClient, bucket: string, region: string, endpoint: string | undefined) {
    this.#call = call;
    this.#base =
      endpoint === undefined
        ? `https://${bucket}.s3.${region}.amazonaws.com/`
        : new URL(`${bucket}/`, `${endpoint.replace(/\/+$/, "")}/`).href;
  }

  /** @param deadline - epoch milliseconds. */
  async put(key: string, bytes: Uint8Array, deadline: number): Promise<StoreOutcome> {
    const answer = await this.#call({
      service: "s3",
      method: "PUT",
      url: new URL(this.#base + key.split("/").map(encodeStrictly).join("/")),
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
      deadline,
      read: (body) => (body === "" ? true : undefined),
    });
    return "failure" in answer ? { stored: false, cause: answer.failure } : { stored: true };
  }
}

/** Signature Version 4 leaves fewer characters as they are than `encodeURIComponent` does. */
function encodeStrictly(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
