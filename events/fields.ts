import * as v from "valibot";

import { PUBLISHED_TEXT } from "../lambdas/settings/routes.ts";

/** What the schemas of the events on the bus have in common. */
export const wholeText = v.pipe(v.string(), v.maxLength(PUBLISHED_TEXT.mostUnits));
export const text = v.nullable(wholeText);
/** An id of the client's own. */
export const externalId = v.nullable(v.pipe(v.string(), v.maxLength(PUBLISHED_TEXT.mostIdUnits)));
export const eventType = v.pipe(v.string(), v.maxLength(PUBLISHED_TEXT.mostTypeUnits));
/** ISO 8601, UTC. */
export const instant = v.pipe(v.string(), v.isoTimestamp());
/** Of an event or a gap: 32 hexadecimal digits. */
export const stableId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
export const environment = v.picklist(["sandbox", "live"]);

/** A field, and what its name does not say. */
export function about<Schema extends v.GenericSchema>(description: string, schema: Schema) {
  return v.pipe(schema, v.description(description));
}

/** The type of what a schema describes; nobody changes an event. */
export type Described<Schema extends v.GenericSchema> = DeepReadonly<v.InferOutput<Schema>>;

type DeepReadonly<Value> = Value extends object
  ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
  : Value;
