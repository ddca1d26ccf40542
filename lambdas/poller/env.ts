import * as v from "valibot";

import { readEnvironment } from "../environment.ts";
import { COUNTED_OUTCOMES } from "../settings.ts";
import type { PollerSettings } from "../settings.ts";

const OutcomeSubjectSchema = v.object({
  outcome: v.picklist(COUNTED_OUTCOMES),
  journey: v.nullable(v.string()),
});

const SettingsSchema = v.object({
  environment: v.picklist(["sandbox", "live"]),
  alloyBaseUrl: v.pipe(v.string(), v.url()),
  alloyAuth: v.picklist(["basic", "bearer"]),
  refusals: v.object({ byAuthorizer: v.boolean(), byAddress: v.boolean() }),
  eventRetentionMs: v.nullable(v.number()),
  journeys: v.array(v.string()),
  ignoredEventTypes: v.array(v.string()),
  investigations: v.boolean(),
  polling: v.object({
    rateMs: v.number(),
    firstCheckMs: v.number(),
    secondCheckMs: v.number(),
    growth: v.number(),
    capMs: v.number(),
    finalCheckMs: v.number(),
    rerunCheckMs: v.nullable(v.number()),
    requestsPerSecond: v.number(),
    callsPerRun: v.number(),
    runMs: v.number(),
  }),
  comparisons: v.array(
    v.object({
      rule: v.string(),
      subjects: v.array(OutcomeSubjectSchema),
      windowMs: v.number(),
      beforeMs: v.number(),
      atLeast: v.number(),
    }),
  ),
  expectedOutcomes: v.array(OutcomeSubjectSchema),
  gaps: v.object({ graceMs: v.number(), thresholdMs: v.number(), staleAfterMs: v.number() }),
});

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
  const endpoint = (service: string) =>
    environment[`AWS_ENDPOINT_URL_${service}`] || environment["AWS_ENDPOINT_URL"] || undefined;
  return {
    stage: read("STAGE"),
    region: read("AWS_REGION"),
    eventQueueUrl: read("EVENT_QUEUE_URL"),
    applicationTableName: read("APPLICATION_TABLE_NAME"),
    eventBusName: read("EVENT_BUS_NAME"),
    payloadBucketName: read("PAYLOAD_BUCKET_NAME"),
    apiId: read("API_ID"),
    alloyApiSecretArn: read("ALLOY_API_SECRET_ARN"),
    settings: parsePollerSettings(settings),
    /** Other endpoints than AWS's own, as its SDKs read them: the emulator's. */
    endpoints: { secretsManager: endpoint("SECRETS_MANAGER"), s3: endpoint("S3") },
  };
}

function parsePollerSettings(settings: unknown): PollerSettings {
  const parsed = v.safeParse(SettingsSchema, settings);
  if (parsed.success) return parsed.output;
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  throw new Error(`The settings are wrong at: ${where}. The stack sets them; deploy again.`);
}
