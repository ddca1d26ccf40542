import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  makeIdempotent,
} from "@aws-lambda-powertools/idempotency";
import type { BasePersistenceLayer } from "@aws-lambda-powertools/idempotency/persistence";
import type { Context } from "aws-lambda";

import type { Idempotency } from "../domain/ports.ts";
import { IDEMPOTENCY } from "../settings.ts";

/** `Idempotency` by Powertools; nothing in it is left to a default that would lose or double an event. */
export class PowertoolsIdempotency implements Idempotency {
  readonly #config = new IdempotencyConfig({
    // The business key, never SQS's message id: a redrive and an attempt of Alloy's are new messages.
    eventKeyJmesPath: "eventId",
    throwOnNoIdempotencyKey: true,
    // The default is an hour; Alloy's own retries take a day (`lib/proofs` holds the whole sum).
    expiresAfterSeconds: IDEMPOTENCY.windowMs / 1_000,
    hashFunction: "sha256",
  });
  readonly #once: (key: { eventId: string }, action: () => Promise<void>) => Promise<"processed">;

  /** @param persistenceStore - this operation's own: Powertools reassigns its key prefix. */
  constructor(persistenceStore: BasePersistenceLayer) {
    this.#once = makeIdempotent(
      async (_key: { eventId: string }, action: () => Promise<void>) => {
        await action();
        // What is stored is this token: a result could hold personal data.
        return "processed" as const;
      },
      {
        persistenceStore,
        config: this.#config,
        keyPrefix: IDEMPOTENCY.keyPrefix,
        dataIndexArgument: 0,
      },
    );
  }

  /** Lets a lock end with the invocation that holds it; without it a killed one locks for the whole window. */
  beginInvocation(context: Context): void {
    this.#config.registerLambdaContext(context);
  }

  async once(
    eventId: string,
    action: () => Promise<void>,
  ): Promise<"done" | "duplicate" | "in-conflict"> {
    let ran = false;
    try {
      await this.#once({ eventId }, async () => {
        ran = true;
        await action();
      });
    } catch (error) {
      if (error instanceof IdempotencyAlreadyInProgressError) return "in-conflict";
      throw error;
    }
    return ran ? "done" : "duplicate";
  }
}
