import * as v from "valibot";

import { readEnvironment } from "../environment.ts";
import { OUTCOME_ROUTE_IDS, ROUTE_IDS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";

const RouteSchema = v.object({ publish: v.boolean(), publishLate: v.boolean() });

const JourneyRoutesSchema = v.object({
  outcomes: v.record(v.string(), v.picklist(OUTCOME_ROUTE_IDS)),
  routes: v.record(
    v.picklist(ROUTE_IDS),
    v.object({
      publish: v.exactOptional(v.boolean()),
      publishLate: v.exactOptional(v.boolean()),
    }),
  ),
});

const SettingsSchema = v.object({
  environment: v.picklist(["sandbox", "live"]),
  journeys: v.array(v.string()),
  ignoredEventTypes: v.array(v.string()),
  routes: v.object(v.entriesFromList(ROUTE_IDS, RouteSchema)),
  investigations: v.boolean(),
  journeyRoutes: v.record(v.string(), JourneyRoutesSchema),
  countedJourneys: v.array(v.string()),
  firstCheckMs: v.number(),
  eventRetentionMs: v.nullable(v.number()),
});

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
    eventQueueUrl: read("EVENT_QUEUE_URL"),
    deadLetterQueueUrl: read("DEAD_LETTER_QUEUE_URL"),
    applicationTableName: read("APPLICATION_TABLE_NAME"),
    idempotencyTableName: read("IDEMPOTENCY_TABLE_NAME"),
    eventBusName: read("EVENT_BUS_NAME"),
    payloadBucketName: read("PAYLOAD_BUCKET_NAME"),
    settings: parseConsumerSettings(settings),
    /** Set where another service than AWS's own answers: the emulator's. */
    isEmulated: Boolean(environment["AWS_ENDPOINT_URL"]),
  };
}

function parseConsumerSettings(settings: unknown): ConsumerSettings {
  const parsed = v.safeParse(SettingsSchema, settings);
  if (parsed.success) return parsed.output;
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  throw new Error(`The settings are wrong at: ${where}. The stack sets them; deploy again.`);
}
