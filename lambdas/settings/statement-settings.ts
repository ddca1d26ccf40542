import * as v from "valibot";

import type { Settings } from "./parse-settings.ts";
import { ROUTE_IDS } from "./routes.ts";

/** The settings file of the daily statement; made from the stage's configuration. */
export const StatementSettingsSchema = v.object({
  /** Routes that some Journey publishes. */
  publishedRoutes: v.array(v.picklist(ROUTE_IDS)),
  /** As `polling.finalCheckMs`. */
  finalCheckMs: v.number(),
});

export type StatementSettings = Settings<typeof StatementSettingsSchema>;
