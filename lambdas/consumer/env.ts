import { readEnvironment } from "../environment.ts";
import { parseSettings } from "../settings/parse-settings.ts";
import { ConsumerSettingsSchema } from "../settings/consumer-settings.ts";

/**
 * The environment variables and the settings that the stack gives the consumer.
 *
 * @param settings - the JSON of the settings file.
 * @throws Error that names every missing variable, or where the settings are wrong.
 */
export function readConsumerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  settings: unknown,
) {
  const read = readEnvironment(
    [
      "STAGE",
      "AWS_REGION",
      "EVENT_QUEUE_URL",
      "DEAD_LETTER_QUEUE_URL",
      "APPLICATION_TABLE_NAME",
      "IDEMPOTENCY_TABLE_NAME",
      "EVENT_BUS_NAME",
      "PAYLOAD_BUCKET_NAME",
    ],
    environment,
  );
  return {
    stage: read("STAGE"),
    region: read("AWS_REGION"),
    eventQueueUrl: read("EVENT_QUEUE_URL"),
    deadLetterQueueUrl: read("DEAD_LETTER_QUEUE_URL"),
    applicationTableName: read("APPLICATION_TABLE_NAME"),
    idempotencyTableName: read("IDEMPOTENCY_TABLE_NAME"),
    eventBusName: read("EVENT_BUS_NAME"),
    payloadBucketName: read("PAYLOAD_BUCKET_NAME"),
    settings: parseSettings(ConsumerSettingsSchema, settings),
  };
}
