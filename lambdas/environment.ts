import type { AwsCredentials } from "./adapters/aws-http/aws-signature.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks the environment variables a Lambda needs.
 *
 * @param names - the variables wanted.
 * @param environment - usually `process.env`.
 * @returns the reader of those names; no value is empty.
 * @throws Error naming **all** variables that are missing or empty, so that one look is enough.
 */
export function readEnvironment<const Name extends string>(
  names: readonly Name[],
  environment: Environment,
): (name: Name) => string {
  const missing = names.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new Error(
      `Environment variables missing or empty: ${missing.join(", ")}. The stack sets them; deploy again.`,
    );
  }
  return (name) => environment[name] ?? "";
}

/**
 * Another endpoint than AWS's own, as its SDKs read it.
 *
 * @param service - in the variable's name: `DYNAMODB`.
 */
export function readEndpoint(service: string, environment: Environment): string | undefined {
  return environment[`AWS_ENDPOINT_URL_${service}`] || environment["AWS_ENDPOINT_URL"] || undefined;
}

/** Read at each call: long-running hosts other than Lambda renew them in place. */
export function readAwsCredentials(environment: Environment): AwsCredentials | undefined {
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: environment["AWS_SESSION_TOKEN"] || undefined,
  };
}
