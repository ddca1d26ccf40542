import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
  IdempotencyRecordStatus,
} from "@aws-lambda-powertools/idempotency";
import type { BasePersistenceLayer } from "@aws-lambda-powertools/idempotency/persistence";

import { TransientError } from "../domain/errors.ts";
import type { Idempotency } from "../domain/ports.ts";
import { IDEMPOTENCY } from "../settings/limits.ts";

/** `Idempotency` by Powertools' persistence layer; no default is left that would lose or double an event. */
export class PowertoolsIdempotency implements Idempotency {
  readonly #records: BasePersistenceLayer;

  /** @param records - this operation's own: Powertools would reassign the key prefix of a shared one. */
  constructor(records: BasePersistenceLayer) {
    const config = new IdempotencyConfig({
      // The business key, never SQS's message id: a redrive and another attempt of Alloy's are new messages.
      eventKeyJmesPath: "eventId",
      throwOnNoIdempotencyKey: true,
      // The default is an hour; Alloy's own retries take a day (`lib/proofs` holds the whole sum).
      expiresAfterSeconds: IDEMPOTENCY.windowMs / 1_000,
      hashFunction: "sha256",
    });
    records.configure({ config, keyPrefix: IDEMPOTENCY.keyPrefix });
    this.#records = records;
  }

  async begin(
    eventId: string,
    remainingMs: number,
  ): Promise<"begun" | "duplicate" | "in-conflict"> {
    try {
      await this.#records.saveInProgress({ eventId }, remainingMs);
      return "begun";
    } catch (error) {
      if (!(error instanceof IdempotencyItemAlreadyExistsError)) {
        throw failureOf("Failed to save in progress record to idempotency store", error);
      }
      // DynamoDB returns the record with its refusal; an emulator may not.
      const record = error.existingRecord ?? (await this.#records.getRecord({ eventId }));
      return record.getStatus() === IdempotencyRecordStatus.COMPLETED ? "duplicate" : "in-conflict";
    }
  }

  async isCompleted(eventId: string): Promise<boolean> {
    try {
      const record = await this.#records.getRecord({ eventId });
      return record.getStatus() === IdempotencyRecordStatus.COMPLETED;
    } catch (error) {
      if (error instanceof IdempotencyItemNotFoundError) return false;
      throw failureOf("Failed to get record from idempotency store", error);
    }
  }

  async complete(eventId: string): Promise<void> {
    try {
      // A constant: a result could hold personal data.
      await this.#records.saveSuccess({ eventId }, "processed");
    } catch (error) {
      throw failureOf("Failed to update success record to idempotency store", error);
    }
  }

  async release(eventId: string): Promise<void> {
    try {
      await this.#records.deleteRecord({ eventId });
    } catch (error) {
      throw failureOf("Failed to delete record from idempotency store", error);
    }
  }
}

function failureOf(sentence: string, cause: unknown): TransientError {
  return new TransientError(sentence, { cause });
}
