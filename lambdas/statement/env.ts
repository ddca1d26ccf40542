import { readEnvironment } from "../environment.ts";
import { parseSettings } from "../settings/parse-settings.ts";
import { StatementSettingsSchema } from "../settings/statement-settings.ts";

/**
 * What the daily statement gets from the stack.
 *
 * @throws Error that names every missing variable, or where the settings are wrong.
 */
export function readStatementEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  settings: unknown,
) {
  const names = [
    "STAGE",
    "AWS_REGION",
    "APPLICATION_TABLE_NAME",
    "IDEMPOTENCY_TABLE_NAME",
    "STATEMENT_BUCKET_NAME",
    "STATEMENT_KEY_ARN",
  ] as const;
  const read = readEnvironment(names, environment);
  return {
    stage: read("STAGE"),
    region: read("AWS_REGION"),
    applicationTableName: read("APPLICATION_TABLE_NAME"),
    idempotencyTableName: read("IDEMPOTENCY_TABLE_NAME"),
    statementBucketName: read("STATEMENT_BUCKET_NAME"),
    statementKeyArn: read("STATEMENT_KEY_ARN"),
    settings: parseSettings(StatementSettingsSchema, settings),
  };
}
