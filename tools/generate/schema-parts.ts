import * as v from "valibot";

import { PUBLISHED_TEXT } from "../../lambdas/settings/routes.ts";

/** What the schemas of the events on the bus have in common. */
export const wholeText = v.pipe(v.string(), v.maxLength(PUBLISHED_TEXT.mostUnits));
export const text = v.nullable(wholeText);
/** An id of the client's own. */
export const externalId = v.nullable(v.pipe(v.string(), v.maxLength(PUBLISHED_TEXT.mostIdUnits)));
export const eventType = v.pipe(v.string(), v.maxLength(PUBLISHED_TEXT.mostTypeUnits));
/** ISO 8601, UTC. */
export const instant = v.pipe(v.string(), v.isoTimestamp());

/** A field, and what its name does not say. */
export function about<Schema extends v.GenericSchema>(description: string, schema: Schema) {
  return v.pipe(schema, v.description(description));
}
