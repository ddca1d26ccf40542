import { readEndpoint, readEnvironment } from "../environment.ts";
import { parseSettings } from "../settings/parse-settings.ts";
import { PollerSettingsSchema } from "../settings/poller-settings.ts";

/**
 * What the poller gets from the stack.
 *
 * @param settings - of its settings file.
 * @throws Error that names every missing variable, or where the settings are wrong.
 */
export function readPollerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  settings: unknown,
) {
  const read = readEnvironment(
    [
      "STAGE",
      "AWS_REGION",
      "EVENT_QUEUE_URL",
      "APPLICATION_TABLE_NAME",
      "EVENT_BUS_NAME",
      "PAYLOAD_BUCKET_NAME",
      "API_ID",
      "ALLOY_API_SECRET_ARN",
    ],
    environment,
  );
  const endpoint = (service: string) => readEndpoint(service, environment);
  return {
    stage: read("STAGE"),
    region: read("AWS_REGION"),
    eventQueueUrl: read("EVENT_QUEUE_URL"),
    applicationTableName: read("APPLICATION_TABLE_NAME"),
    eventBusName: read("EVENT_BUS_NAME"),
    payloadBucketName: read("PAYLOAD_BUCKET_NAME"),
    apiId: read("API_ID"),
    alloyApiSecretArn: read("ALLOY_API_SECRET_ARN"),
    settings: parseSettings(PollerSettingsSchema, settings),
    /** Other endpoints than AWS's own, as its SDKs read them: the emulator's. */
    endpoints: { secretsManager: endpoint("SECRETS_MANAGER"), s3: endpoint("S3") },
  };
}
