import * as v from "valibot";

import { readEnvironment } from "../environment.ts";
import { ROUTE_IDS } from "../settings.ts";
import type { StatementSettings } from "../settings.ts";

const SettingsSchema = v.object({
  publishedRoutes: v.array(v.picklist(ROUTE_IDS)),
  finalCheckMs: v.number(),
});

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
    "APPLICATION_TABLE_NAME",
    "IDEMPOTENCY_TABLE_NAME",
    "STATEMENT_BUCKET_NAME",
    "STATEMENT_KEY_ARN",
  ] as const;
  const read = readEnvironment(names, environment);
  return {
    stage: read("STAGE"),
    applicationTableName: read("APPLICATION_TABLE_NAME"),
    idempotencyTableName: read("IDEMPOTENCY_TABLE_NAME"),
    statementBucketName: read("STATEMENT_BUCKET_NAME"),
    statementKeyArn: read("STATEMENT_KEY_ARN"),
    settings: parseSettings(settings),
  };
}

function parseSettings(settings: unknown): StatementSettings {
  const parsed = v.safeParse(SettingsSchema, settings);
  if (parsed.success) return parsed.output;
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  throw new Error(`The settings are wrong at: ${where}. The stack sets them; deploy again.`);
}
