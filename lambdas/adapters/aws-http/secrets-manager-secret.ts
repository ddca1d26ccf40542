import type { AwsFailure } from "../../domain/aws-failure.ts";
import type { AwsClient } from "./aws-client.ts";
import type { HttpAnswer } from "./http-exchange.ts";

/** Reads one secret of Secrets Manager, uncached. */
export class SecretsManagerSecret {
  readonly #call: AwsClient;
  readonly #arn: string;
  readonly #endpoint: URL;

  constructor(call: AwsClient, arn: string, region: string, endpoint: string | undefined) {
    this.#call = call;
    this.#arn = arn;
    this.#endpoint = new URL("/", endpoint ?? `https://secretsmanager.${region}.amazonaws.com`);
  }

  /** @param deadline - epoch milliseconds. */
  async read(
    deadline: number,
  ): Promise<{ readonly text: string } | { readonly failure: AwsFailure }> {
    const answer = await this.#call({
      service: "secretsmanager",
      method: "POST",
      url: this.#endpoint,
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "secretsmanager.GetSecretValue",
      },
      body: JSON.stringify({ SecretId: this.#arn }),
      deadline,
      read: secretStringOf,
    });
    return "failure" in answer ? answer : { text: answer.answer };
  }
}

function secretStringOf({ body }: HttpAnswer): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString());
  } catch {
    // Not JSON, hence no secret: the caller treats it as an answer that is not the service's.
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("SecretString" in answer))
    return undefined;
  return typeof answer.SecretString === "string" ? answer.SecretString : undefined;
}
