import type { AwsFailure } from "../../lambdas/domain/aws-failure.ts";
import type { WebhookSecretSource } from "../../lambdas/ingest/credential-cache.ts";

/** A Secrets Manager with one secret, that counts how often it is asked. */
export interface SimulatedSecretsManager extends WebhookSecretSource {
  /** What it answers from now on. */
  put(secret: unknown): void;
  /** Fails from now on, until it is put right with `undefined`. */
  fail(failure: AwsFailure | undefined): void;
  readonly reads: () => number;
  /** Deadlines it was asked with. */
  readonly deadlines: readonly number[];
}

export function simulatedSecretsManager(secret: unknown): SimulatedSecretsManager {
  let text = JSON.stringify(secret);
  let failing: AwsFailure | undefined;
  const deadlines: number[] = [];
  return {
    put(next) {
      text = typeof next === "string" ? next : JSON.stringify(next);
    },
    fail(failure) {
      failing = failure;
    },
    read(deadline) {
      deadlines.push(deadline);
      return Promise.resolve(failing === undefined ? { text } : { failure: failing });
    },
    reads: () => deadlines.length,
    deadlines,
  };
}
