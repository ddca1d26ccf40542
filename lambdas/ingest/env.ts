import { readEnvironment } from "../environment.ts";
import type { AllowListSettings, AuthSettings, TokenSettings } from "../settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What ingest is told by the stack and by Lambda. */
export interface IngestEnvironment {
  readonly stage: string;
  readonly region: string;
  readonly eventQueueUrl: string;
  readonly payloadBucketName: string;
  readonly webhookSecretArn: string;
  readonly auth: AuthSettings;
  readonly allowList: AllowListSettings;
  /** Other endpoints than AWS's own, as its SDKs read them: the emulator's. */
  readonly endpoints: Readonly<Record<"sqs" | "s3" | "secretsManager", string | undefined>>;
}

/** @throws Error that names every missing variable, or the wrong one with the values wanted. */
export function readIngestEnvironment(environment: Environment): IngestEnvironment {
  const read = readEnvironment(
    [
      "STAGE",
      "AWS_REGION",
      "EVENT_QUEUE_URL",
      "PAYLOAD_BUCKET_NAME",
      "WEBHOOK_SECRET_ARN",
      "AUTH_MODE",
      "ALLOW_LIST",
    ],
    environment,
  );
  const endpoint = (service: string) =>
    environment[`AWS_ENDPOINT_URL_${service}`] || environment["AWS_ENDPOINT_URL"] || undefined;
  return {
    stage: read("STAGE"),
    region: read("AWS_REGION"),
    eventQueueUrl: read("EVENT_QUEUE_URL"),
    payloadBucketName: read("PAYLOAD_BUCKET_NAME"),
    webhookSecretArn: read("WEBHOOK_SECRET_ARN"),
    auth: authOf(read("AUTH_MODE"), environment["JWT"]),
    allowList: allowListOf(read("ALLOW_LIST")),
    endpoints: {
      sqs: endpoint("SQS"),
      s3: endpoint("S3"),
      secretsManager: endpoint("SECRETS_MANAGER"),
    },
  };
}

function authOf(mode: string, jwt: string | undefined): AuthSettings {
  if (mode === "secret") return mode;
  if (mode === "jwt") return { jwt: tokenSettingsOf(jwt ?? "") };
  throw new Error(`AUTH_MODE is "${mode}"; it must be "secret" or "jwt". Deploy the stack again.`);
}

/** An empty list would let in nobody; it is refused all the same, for the stack never sets one. */
function tokenSettingsOf(value: string): TokenSettings {
  const settings = parsed(value);
  if (
    typeof settings === "object" &&
    settings !== null &&
    "issuer" in settings &&
    "audience" in settings &&
    "scopes" in settings
  ) {
    const { issuer, audience, scopes } = settings;
    const isWhole = typeof issuer === "string" && isStrings(audience) && isStrings(scopes);
    if (isWhole && audience.length > 0 && scopes.length > 0) return { issuer, audience, scopes };
  }
  throw new Error(
    `JWT is ${value === "" ? "missing" : value}; with AUTH_MODE "jwt" it must be {"issuer":"https://…","audience":["…"],"scopes":["…"]}. Deploy the stack again.`,
  );
}

function allowListOf(value: string): AllowListSettings {
  const settings = parsed(value);
  if (
    typeof settings === "object" &&
    settings !== null &&
    "mode" in settings &&
    "cidrs" in settings
  ) {
    const { mode, cidrs } = settings;
    if ((mode === "observe" || mode === "enforce") && isStrings(cidrs)) return { mode, cidrs };
  }
  throw new Error(
    `ALLOW_LIST is ${value}; it must be {"mode":"observe"|"enforce","cidrs":["…"]}. Deploy the stack again.`,
  );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // What is no JSON is of no use; the caller's error quotes the value.
    return undefined;
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
