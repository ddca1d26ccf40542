import * as v from "valibot";
import { describe, expect, test } from "vitest";

import {
  DELIVERY_GAP_DETAIL_TYPE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_IDS,
  ROUTE_TITLES,
} from "../../lambdas/settings/routes.ts";
import { isEverPublished } from "../../lib/config/stage-configuration.ts";
import { production, sandbox, withInvestigations } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const Content = v.object({
  openapi: v.literal("3.0.0"),
  components: v.object({
    schemas: v.objectWithRest(
      {
        AWSEvent: v.object({
          "x-amazon-events-detail-type": v.string(),
          "x-amazon-events-source": v.literal("alloy.journeys"),
          properties: v.looseObject({ detail: v.object({ $ref: v.string() }) }),
        }),
      },
      v.looseObject({ required: v.array(v.string()) }),
    ),
  }),
});

describe.each([
  ["sandbox", sandbox, []],
  ["production, which does not publish all routes", production, []],
  ["with Investigations", withInvestigations, [INVESTIGATION_GAP_DETAIL_TYPE]],
] as const)("the schema registry of a stage: %s", (_, stage, more) => {
  const template = templateOf({ ...stage, schemaRegistry: true });
  const schemas = template.ofType("AWS::EventSchemas::Schema").map(({ Properties }) => Properties);

  test("has a schema for each title that is published", () => {
    const titles = schemas.map(
      ({ Content: content }) =>
        v.parse(Content, JSON.parse(String(content))).components.schemas.AWSEvent[
          "x-amazon-events-detail-type"
        ],
    );

    const published = ROUTE_IDS.filter((route) => isEverPublished(stage, route));
    expect(titles.toSorted()).toEqual(
      [...published.map((id) => ROUTE_TITLES[id]), DELIVERY_GAP_DETAIL_TYPE, ...more].toSorted(),
    );
  });

  test("has schemas that EventBridge takes, under names as its discovery gives them", () => {
    for (const { Content: content, SchemaName: name, Type: type } of schemas) {
      const { schemas: parts } = v.parse(Content, JSON.parse(String(content))).components;
      const [, part = ""] = parts.AWSEvent.properties.detail.$ref.split("#/components/schemas/");

      expect(type).toBe("OpenApi3");
      expect(name).toBe(`alloy.journeys@${part}`);
      expect(String(name)).toMatch(/^[0-9A-Za-z\-_.@]{1,385}$/);
      expect(String(content).length).toBeLessThanOrEqual(100_000);
      expect(Object.keys(parts)).toEqual(["AWSEvent", part]);
    }
  });
});

test("a stage that asks for no registry has none", () => {
  const types = templateOf(sandbox).resources.map(({ Type }) => Type);

  expect(types.filter((type) => type.startsWith("AWS::EventSchemas"))).toEqual([]);
});
