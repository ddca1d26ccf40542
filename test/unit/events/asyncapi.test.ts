import { readdirSync, readFileSync } from "node:fs";

import specs from "@asyncapi/specs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import * as v from "valibot";
import { expect, test } from "vitest";

import { makeAjv } from "../../support/ajv.ts";

const root = new URL("../../../events/", import.meta.url);
const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, root), "utf8"));
const document = read("asyncapi.json");

test("the AsyncAPI document is one of version 3, by AsyncAPI's own schema", () => {
  // It brings the schema of draft-07 itself.
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  addFormats.default(ajv);
  const fits = ajv.compile(v.parse(v.looseObject({}), specs.schemas["3.0.0"]));

  fits(document);

  expect(fits.errors ?? []).toEqual([]);
});

test("each of its references leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  const found = references.map(([, path = ""]) =>
    path.split("/").reduce((at: unknown, key) => Reflect.get(Object(at), key), document),
  );

  expect(references.length).toBeGreaterThan(30);
  expect(found.filter((one) => one === undefined)).toEqual([]);
});

/** Compiles the schema of a message once. */
const bus = makeAjv();
bus.addVocabulary([
  "asyncapi",
  "info",
  "channels",
  "operations",
  "components",
  "defaultContentType",
]);
bus.addSchema(v.parse(v.looseObject({}), document), "bus");

test.each(readdirSync(new URL("fixtures", root)))("the fixture %s is a message of it", (file) => {
  const event = read(`fixtures/${file}`);
  const { "detail-type": title } = v.parse(v.object({ "detail-type": v.string() }), event);
  const name = title.replaceAll(" ", "");
  const fits = bus.getSchema(`bus#/components/messages/${name}/payload`);

  void fits?.(event);

  expect(fits).toBeDefined();
  expect(fits?.errors ?? []).toEqual([]);
});
