import { toJsonSchema } from "@valibot/to-json-schema";
import type { JsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";

import { GapNoticeSchema, InvestigationGapNoticeSchema } from "../../events/gap-notice.ts";
import { RoutedEventSchema } from "../../events/published-event.ts";
import { SubmissionSchema } from "../../events/submission.ts";

/** What a reader needs to know of each `Detail` on the bus, and where its JSON Schema lies. */
export const EVENT_SCHEMAS = {
  event: RoutedEventSchema,
  "delivery-gap": GapNoticeSchema,
  "investigation-delivery-gap": InvestigationGapNoticeSchema,
  submission: SubmissionSchema,
} as const satisfies Readonly<Record<string, GenericSchema>>;

export type EventSchemaName = keyof typeof EVENT_SCHEMAS;

export const EVENT_SCHEMA_NAMES: readonly EventSchemaName[] = [
  "event",
  "delivery-gap",
  "investigation-delivery-gap",
  "submission",
];

/** JSON Schema 2020-12 of a `Detail`, as a reader takes it: with fields that it does not name. */
export function jsonSchemaOf(name: EventSchemaName): JsonSchema {
  return toJsonSchema(EVENT_SCHEMAS[name], { target: "draft-2020-12", errorMode: "ignore" });
}

/** The files of the package that other languages read, and that of the stack's schema registry. */
export function schemaFiles(): readonly (readonly [path: string, text: string])[] {
  const openApi = Object.fromEntries(
    EVENT_SCHEMA_NAMES.map((name) => [
      name,
      // OpenAPI 3.0 has no `examples` in a schema.
      toJsonSchema(EVENT_SCHEMAS[name], {
        target: "openapi-3.0",
        errorMode: "ignore",
        ignoreActions: ["examples"],
      }),
    ]),
  );
  return [
    ...EVENT_SCHEMA_NAMES.map(
      (name) => [`events/schemas/${name}.json`, jsonText(jsonSchemaOf(name))] as const,
    ),
    ["events/openapi.json", jsonText(openApi)],
  ];
}

/** As the formatter writes it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
