import { readFileSync } from "node:fs";

import * as v from "valibot";
import { describe, expect, test } from "vitest";

import packageFile from "../../../package.json" with { type: "json" };
import { parseDetail } from "../../../events/index.ts";
import { jsonSchemaOf } from "../../../tools/generate/event-schemas.ts";
import { breakingChanges } from "../../../tools/release/compatibility.ts";
import {
  changedTitles,
  changesSince,
  RELEASED_VERSIONS,
  releasedSchema,
} from "../../../tools/release/released-events.ts";
import { makeAjv } from "../../support/ajv.ts";
import { readReleased } from "../../support/released.ts";

const root = new URL("../../../", import.meta.url);

describe.each(RELEASED_VERSIONS)("since the release %s", (version) => {
  test("events have changed by addition alone", () => {
    expect(changesSince(version)).toEqual([]);
  });

  test("each of its events is read by the parser of today", () => {
    const published = storedEvents(version);

    expect(published.length).toBeGreaterThan(200);
    for (const event of published) expect(parseDetail(event)).toEqual(event);
  });
});

test("every release has its schemas kept", () => {
  const changelog = readFileSync(new URL("CHANGELOG.md", root), "utf8");
  const released = [...changelog.matchAll(/^## \[(\d+\.\d+\.\d+)\]/gm)].map(
    ([, version]) => version,
  );

  expect(released).toContain(packageFile.version);
  for (const version of released) expect(RELEASED_VERSIONS).toContain(version);
});

test.each(RELEASED_VERSIONS.flatMap((of) => RELEASED_VERSIONS.map((by) => [of, by] as const)))(
  "events of %s fit the JSON Schema of %s",
  (of, by) => {
    const fits = makeAjv().compile(releasedSchema(by, "event") ?? {});

    const refused = storedEvents(of).filter((event) => !fits(event));

    expect(refused).toEqual([]);
  },
);

describe("the gate", () => {
  const EVENT = v.parse(v.record(v.string(), v.unknown()), jsonSchemaOf("event"));
  const properties = v.parse(v.record(v.string(), v.unknown()), EVENT["properties"]);
  const required = v.parse(v.array(v.string()), EVENT["required"]);
  const nullable = { anyOf: [{ type: "string", maxLength: 1_024 }, { type: "null" }] };
  const { late, ...withoutLate } = properties;
  const without = (field: string) => required.filter((one) => one !== field);
  const withField = (field: string, schema: unknown) => ({
    ...EVENT,
    properties: { ...properties, [field]: schema },
  });

  test.each<[string, object, readonly string[]]>([
    [
      "a removed field",
      { ...EVENT, properties: withoutLate, required: without("late") },
      ['"late" was removed.'],
    ],
    [
      "a renamed field",
      {
        ...EVENT,
        properties: { ...withoutLate, isLate: late },
        required: [...without("late"), "isLate"],
      },
      ['"late" was removed.', '"isLate" is required now. Events of the release may not have it.'],
    ],
    [
      "a new field that is required",
      {
        ...withField("fieldOfTomorrow", { type: "number" }),
        required: [...required, "fieldOfTomorrow"],
      },
      ['"fieldOfTomorrow" is required now. Events of the release may not have it.'],
    ],
    [
      "a field that may be absent now",
      { ...EVENT, required: without("origin") },
      ['"origin" may be absent now. Readers of the release require it.'],
    ],
    [
      "a type that is narrower: null no more",
      withField("applicationToken", nullable.anyOf[0]),
      ['"applicationToken" cannot be of type null any more. Events of the release may be.'],
    ],
    [
      "a type that is narrower: a value less",
      withField("environment", { enum: ["live"] }),
      ['"environment" cannot be "sandbox" any more. Events of the release may be.'],
    ],
    [
      "a type that is wider: null too",
      withField("late", { anyOf: [{ type: "boolean" }, { type: "null" }] }),
      ['"late" may be of type null now. Readers of the release do not take that.'],
    ],
    [
      "a value that readers of the release do not know",
      withField("environment", { enum: ["sandbox", "live", "staging"] }),
      ['"environment" may be "staging" now. Readers of the release do not take that.'],
    ],
    [
      "another type",
      withField("late", { type: "string" }),
      [
        '"late" may be of type string now. Readers of the release do not take that.',
        '"late" cannot be of type boolean any more. Events of the release may be.',
      ],
    ],
    [
      "a longer text",
      withField("outcome", { anyOf: [{ type: "string", maxLength: 2_048 }, { type: "null" }] }),
      [
        '"outcome" may be of type string of at most 2048 characters now. Readers of the release do not take that.',
        '"outcome" cannot be of type string of at most 1024 characters any more. Events of the release may be.',
      ],
    ],
    [
      "a field deep inside that was removed",
      withField("node", { type: "object", properties: { id: nullable }, required: ["id"] }),
      ['"node.type" was removed.'],
    ],
    [
      "another version",
      withField("version", { const: 2 }),
      [
        '"version" may be 2 now. Readers of the release do not take that.',
        '"version" cannot be 1 any more. Events of the release may be.',
      ],
    ],
    [
      "routes that are a closed list",
      withField("route", { enum: ["approved"] }),
      [
        '"route" may be "approved" now. Readers of the release do not take that.',
        '"route" cannot be of type string any more. Events of the release may be.',
      ],
    ],
  ])("is red for %s", (_, changed, sentences) => {
    expect(breakingChanges(EVENT, changed)).toEqual(sentences);
  });

  test.each<[string, object]>([
    ["a new field", withField("fieldOfTomorrow", { type: "number" })],
    ["a new route", withField("route", { type: "string", examples: ["decided"] })],
    [
      "a new field deep inside",
      withField("node", {
        type: "object",
        properties: { id: nullable, type: nullable, name: nullable },
        required: ["id", "type"],
      }),
    ],
    ["another description", withField("late", { type: "boolean", description: "Late." })],
    [
      "a shorter text",
      withField("outcome", { anyOf: [{ type: "string", maxLength: 512 }, { type: "null" }] }),
    ],
  ])("is green for %s", (_, changed) => {
    expect(breakingChanges(EVENT, changed)).toEqual([]);
  });

  test("is red for a list whose elements change", () => {
    const list = (items: object) => ({ type: "array", items });

    expect(breakingChanges(list({ type: "string" }), list({ type: "number" }))).toHaveLength(2);
    expect(breakingChanges(list({ type: "string" }), list({ type: "string" }))).toEqual([]);
  });

  test("refuses a keyword that it cannot compare", () => {
    expect(() => breakingChanges(EVENT, withField("late", { not: {} }))).toThrow("not");
  });

  test("is red for a title that rules match, when it is renamed or gone", () => {
    const released = { routes: { approved: "Approved", denied: "Denied" }, others: ["Gap"] };
    const now = { routes: { approved: "Accepted", decided: "Decided" }, others: [] };

    expect(changedTitles(released, now)).toEqual([
      'The route "approved" has no title "Approved" any more.',
      'The route "denied" has no title "Denied" any more.',
      'Nothing has the title "Gap" any more.',
    ]);
  });
});

/** What a release had published in a day. */
function storedEvents(version: string) {
  return readReleased(new URL(`test/fixtures/stored/${version}.json`, root)).published;
}
