import { readFileSync } from "node:fs";

import { Stack } from "aws-cdk-lib";
import { CfnRegistry, CfnSchema } from "aws-cdk-lib/aws-eventschemas";
import { Construct } from "constructs";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_IDS,
  ROUTE_TITLES,
} from "../../lambdas/settings/routes.ts";
import { isEverPublished } from "../config/stage-configuration.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { ROOT } from "../installation.ts";

/** A schema may have so many characters (EventBridge Schemas API reference, CreateSchema, `Content`). */
const MOST_CHARACTERS = 100_000;

/** What `npm run generate` writes: the details as OpenAPI 3 says them, by name. */
type Details = Readonly<Record<"event" | "delivery-gap" | "investigation-delivery-gap", object>>;

/**
 * Where the stage has one: a registry of EventBridge with a schema for each title that the stage publishes, by the name that EventBridge's own
 * discovery would give it. The console makes code bindings of it.
 */
export class SchemaRegistry extends Construct {
  constructor(scope: Construct, id: string, { stage }: { readonly stage: StageConfiguration }) {
    super(scope, id);
    if (stage.schemaRegistry !== true) return;
    const { stackName } = Stack.of(this);
    const registry = new CfnRegistry(this, "Registry", {
      registryName: stackName,
      description: `What the stack ${stackName} puts on its bus`,
    });
    const details: Details = JSON.parse(readFileSync(`${ROOT}events/openapi.json`, "utf8"));
    for (const [title, detail] of titlesOf(stage)) {
      const name = title.replaceAll(" ", "");
      new CfnSchema(this, name, {
        registryName: registry.attrRegistryName,
        schemaName: `${EVENT_SOURCE}@${name}`,
        type: "OpenApi3",
        content: contentOf(title, name, details[detail]),
      });
    }
  }
}

/** Each title that the stage publishes, and what its detail is. */
function titlesOf(stage: StageConfiguration): readonly (readonly [string, keyof Details])[] {
  const routes = ROUTE_IDS.filter((route) => isEverPublished(stage, route)).map(
    (route) => [ROUTE_TITLES[route], "event"] as const,
  );
  return [
    ...routes,
    [DELIVERY_GAP_DETAIL_TYPE, "delivery-gap"],
    ...(stage.investigations === "on"
      ? [[INVESTIGATION_GAP_DETAIL_TYPE, "investigation-delivery-gap"] as const]
      : []),
  ];
}

/** As discovery writes it (EventBridge's guide, "Finding a schema"). */
function contentOf(title: string, name: string, detail: object): string {
  const text = { type: "string" };
  const content = JSON.stringify({
    openapi: "3.0.0",
    info: { version: "1.0.0", title: name },
    paths: {},
    components: {
      schemas: {
        AWSEvent: {
          type: "object",
          required: [
            "detail-type",
            "resources",
            "detail",
            "id",
            "source",
            "time",
            "region",
            "version",
            "account",
          ],
          "x-amazon-events-detail-type": title,
          "x-amazon-events-source": EVENT_SOURCE,
          properties: {
            detail: { $ref: `#/components/schemas/${name}` },
            account: text,
            "detail-type": text,
            id: text,
            region: text,
            resources: { type: "array", items: text },
            source: text,
            time: { ...text, format: "date-time" },
            version: text,
          },
        },
        [name]: detail,
      },
    },
  });
  if (content.length > MOST_CHARACTERS) {
    throw new Error(
      `The schema of "${title}" has ${content.length} characters; EventBridge takes ${MOST_CHARACTERS}.`,
    );
  }
  return content;
}
