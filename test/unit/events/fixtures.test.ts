import { readdirSync, readFileSync } from "node:fs";

import type { Ajv2020 } from "ajv/dist/2020.js";
import * as v from "valibot";
import { describe, expect, test } from "vitest";

import { isDeliveryGap, isInvestigationDeliveryGap, parseEvent } from "../../../events/index.ts";
import type { JourneyBusEvent } from "../../../events/index.ts";
import { GapNoticeSchema, InvestigationGapNoticeSchema } from "../../../events/gap-notice.ts";
import { RoutedEventSchema } from "../../../events/published-event.ts";
import { ROUTE_IDS, ROUTE_TITLES } from "../../../lambdas/settings/routes.ts";
import { RELEASED_VERSIONS, releasedSchema } from "../../../tools/release/released-events.ts";
import { makeAjv } from "../../support/ajv.ts";

const folder = new URL("../../../events/fixtures/", import.meta.url);
const files = readdirSync(folder);
const Frame = v.object({ "detail-type": v.string(), detail: v.record(v.string(), v.unknown()) });
const read = (file: string) =>
  v.parse(Frame, JSON.parse(readFileSync(new URL(file, folder), "utf8")));
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");

type SchemaName = Parameters<typeof releasedSchema>[1];

/** By version and schema: to understand a schema takes longer than to read all fixtures by it. */
const readers = new Map<string, ReturnType<Ajv2020["compile"]>>();

function readerOf(version: string, name: SchemaName) {
  const key = `${version} ${name}`;
  // The release had no such event: nobody who reads by its schemas gets one.
  const reader = readers.get(key) ?? makeAjv().compile(releasedSchema(version, name) ?? {});
  readers.set(key, reader);
  return reader;
}

describe.each(files)("the fixture %s", (file) => {
  test("is read by the parser, which names every field of it", () => {
    const { detail } = read(file);
    const event = parseEvent(textOf(file));

    expect(event).toEqual(detail);
    // A field that the schema does not name would be missing in its output.
    expect(v.parse(schemaOf(event), detail)).toEqual(detail);
  });

  test.each(RELEASED_VERSIONS)("fits the JSON Schema of %s", (version) => {
    const { detail } = read(file);
    const name = file.replace(/-[a-z]+\.json$/, "");
    const fits = readerOf(
      version,
      name === "delivery-gap" || name === "investigation-delivery-gap" ? name : "event",
    );

    void fits(detail);

    expect(fits.errors ?? []).toEqual([]);
  });
});

test("every route has a fixture of its own, under its title", () => {
  for (const route of ROUTE_IDS) {
    const { "detail-type": title, detail } = read(`${route}.json`);
    expect([title, detail["route"]]).toEqual([ROUTE_TITLES[route], route]);
  }
});

test("the fixtures have what is unusual too: late, healed, corrected, replayed, gaps", () => {
  expect(files).toEqual(
    expect.arrayContaining([
      "manual-review-late.json",
      "approved-healed.json",
      "approved-corrected.json",
      "approved-replayed.json",
      "delivery-gap-opened.json",
      "delivery-gap-closed.json",
      "investigation-delivery-gap-opened.json",
    ]),
  );
});

function schemaOf(event: JourneyBusEvent): v.GenericSchema {
  if (isDeliveryGap(event)) return GapNoticeSchema;
  return isInvestigationDeliveryGap(event) ? InvestigationGapNoticeSchema : RoutedEventSchema;
}
