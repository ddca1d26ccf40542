import { readEndpoint, readEnvironment } from "../environment.ts";
import type { AllowListSettings, AuthSettings } from "../settings/ingest-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What ingest gets from the stack and from Lambda. */
export interface IngestEnvironment {
  readonly stage: string;
  readonly region: string;
  readonly eventQueueUrl: string;
  readonly payloadBucketName: string;
  readonly webhookSecretArn: string;
  readonly auth: AuthSettings;
  readonly allowList: AllowListSettings;
  readonly countsStored: boolean;
  /** Other endpoints than AWS's own, as its SDKs read them: the emulator's. */
  readonly endpoints: Readonly<Record<"sqs" | "s3" | "secretsManager", string | undefined>>;
}

/**
 * @param settings - of its settings file.
 * @throws Error that names every missing variable, or the wrong one with the values wanted.
 */
export function readIngestEnvironment(
  environment: Environment,
  settings: unknown,
): IngestEnvironment {
  const read = readEnvironment(
    ["STAGE", "AWS_REGION", "EVENT_QUEUE_URL", "PAYLOAD_BUCKET_NAME", "WEBHOOK_SECRET_ARN"],
    environment,
  );
  const endpoint = (service: string) => readEndpoint(service, environment);
  return {
    stage: read("STAGE"),
    region: read("AWS_REGION"),
    eventQueueUrl: read("EVENT_QUEUE_URL"),
    payloadBucketName: read("PAYLOAD_BUCKET_NAME"),
    webhookSecretArn: read("WEBHOOK_SECRET_ARN"),
    auth: authOf(settings),
    allowList: allowListOf(settings),
    countsStored: countsStoredOf(settings),
    endpoints: {
      sqs: endpoint("SQS"),
      s3: endpoint("S3"),
      secretsManager: endpoint("SECRETS_MANAGER"),
    },
  };
}

function countsStoredOf(settings: unknown): boolean {
  const value =
    isObject(settings) && "countsStored" in settings ? settings.countsStored : undefined;
  if (typeof value === "boolean") return value;
  throw new Error("The settings say of countsStored neither true nor false.");
}

function authOf(settings: unknown): AuthSettings {
  const value = isObject(settings) && "auth" in settings ? settings.auth : undefined;
  if (value === "secret") return value;
  const jwt = isObject(value) && "jwt" in value ? value.jwt : undefined;
  if (isObject(jwt) && "issuer" in jwt && "audience" in jwt && "scopes" in jwt) {
    const { issuer, audience, scopes } = jwt;
    const isWhole = typeof issuer === "string" && isStrings(audience) && isStrings(scopes);
    // An empty list would let nobody in. It is refused, because the stack never sets one.
    if (isWhole && audience.length > 0 && scopes.length > 0) {
      return { jwt: { issuer, audience, scopes } };
    }
  }
  throw new Error(
    `The settings' auth is ${JSON.stringify(value)}; it must be "secret", or {"jwt":{"issuer":"https://…","audience":["…"],"scopes":["…"]}}. Deploy the stack again.`,
  );
}

function allowListOf(settings: unknown): AllowListSettings {
  const value = isObject(settings) && "allowList" in settings ? settings.allowList : undefined;
  if (isObject(value) && "mode" in value && "cidrs" in value) {
    const { mode, cidrs } = value;
    if ((mode === "observe" || mode === "enforce") && isStrings(cidrs)) return { mode, cidrs };
  }
  throw new Error(
    `The settings' allowList is ${JSON.stringify(value)}; it must be {"mode":"observe"|"enforce","cidrs":["…"]}. Deploy the stack again.`,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
