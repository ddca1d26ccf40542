import type { AwsFailure } from "../../lambdas/domain/aws-failure.ts";
import type { WebhookSecretSource } from "../../lambdas/ingest/credential-cache.ts";

/** A Secrets Manager with one secret, that counts how often it is asked. */
export function simulatedSecretsManager(secret: unknown) {
  let text = JSON.stringify(secret);
  let failing: AwsFailure | undefined;
  const deadlines: number[] = [];
  return {
    /** What it answers from now on. */
    put(next: unknown) {
      text = typeof next === "string" ? next : JSON.stringify(next);
    },
    /** Fails from now on, until it is put right with `undefined`. */
    fail(failure: AwsFailure | undefined) {
      failing = failure;
    },
    read(deadline: number): ReturnType<WebhookSecretSource["read"]> {
      deadlines.push(deadline);
      return Promise.resolve(failing === undefined ? { text } : { failure: failing });
    },
    reads: () => deadlines.length,
    /** Deadlines it was asked with. */
    deadlines,
  };
}
