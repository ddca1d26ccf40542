import type { StoreOutcome } from "../../lambdas/domain/aws-failure.ts";
import type { PayloadBucket } from "../../lambdas/domain/event/claim-check.ts";
import { PermanentError } from "../../lambdas/domain/errors.ts";
import type { PayloadReader } from "../../lambdas/domain/ports.ts";

/** The payload bucket in memory, behind ingest's port and the consumer's. */
export class MemoryPayloadBucket implements PayloadBucket, PayloadReader {
  readonly payloads = new Map<string, Uint8Array>();

  async put(key: string, bytes: Uint8Array): Promise<StoreOutcome> {
    // A copy: whoever put it may go on with its buffer.
    this.payloads.set(key, Uint8Array.from(bytes));
    return { stored: true };
  }

  async read(payloadKey: string): Promise<Uint8Array> {
    const bytes = this.payloads.get(payloadKey);
    if (bytes !== undefined) return bytes;
    throw new PermanentError(`the payload ${payloadKey} is not in the bucket any more`);
  }
}
