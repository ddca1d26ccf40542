import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readJson } from "../../../lambdas/domain/event/external-json.ts";
import { contentIdOf } from "../../../lambdas/domain/event/identity.ts";
import { SourceNumber } from "../../../lambdas/domain/event/source-number.ts";
import { EXTERNAL_INPUT } from "../../../lambdas/settings/limits.ts";
import { anyText } from "../../support/any-text.ts";

function jsonOf(text: string): unknown {
  const read = readJson(text);
  if ("reason" in read) throw new Error(read.reason);
  return read.json;
}

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

describe("external JSON", () => {
  test("is what JSON.parse makes of it, as long as no number is odd", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), (text) => {
        expect(JSON.stringify(jsonOf(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["its numbers", `{"a":12345678901234567890,"b":[1e400,1.50,-0,1E5],"c":1760000000000,"d":0.1}`],
    ["digits in texts and names", `{"1.50":"1.50","\\"12345678901234567890":["1e400 \\\\"]}`],
  ])("is written again as it stood: %s", (_, text) => {
    expect(JSON.stringify(jsonOf(text))).toBe(text);
  });

  test("keeps ordinary numbers numbers", () => {
    const text = `[0,-1,1.5,1760000000000,9007199254740991]`;

    expect(jsonOf(text)).toEqual(JSON.parse(text));
  });

  test.each([nested(EXTERNAL_INPUT.jsonDepth), `{"a":${nested(EXTERNAL_INPUT.jsonDepth - 1)}}`])(
    "may be as deep as documented",
    (text) => {
      expect(readJson(text)).toHaveProperty("json");
    },
  );

  test.each([
    ["lists", nested(EXTERNAL_INPUT.jsonDepth + 1)],
    ["objects", `{"a":`.repeat(5_000) + "1" + "}".repeat(5_000)],
    ["lists without an end", "[".repeat(1_000_000)],
    ["lists after a text with a bracket in it", `["]",${nested(EXTERNAL_INPUT.jsonDepth)}]`],
  ])("is refused when it is deeper, before anything walks it: %s", (_, text) => {
    expect(readJson(text)).toEqual({ reason: "is nested deeper than 200 levels" });
  });

  test("is not taken for deep by the brackets in its texts", () => {
    expect(readJson(JSON.stringify("[{".repeat(1_000)))).toHaveProperty("json");
  });

  test("is refused when it is larger than ingest can have taken", () => {
    const text = JSON.stringify("x".repeat(EXTERNAL_INPUT.jsonBytes));

    expect(readJson(text)).toEqual({ reason: "is larger than 6291456 bytes" });
  });

  test("is refused when it holds more lists and objects than memory is meant for", () => {
    expect(readJson(`[${"{},".repeat(EXTERNAL_INPUT.jsonNodes)}0]`)).toEqual({
      reason: "holds more than 750000 lists and objects",
    });
    expect(readJson(`[${"1,".repeat(EXTERNAL_INPUT.jsonNodes)}0]`)).toHaveProperty("json");
  });

  test.each(["", "{", "nul", `{"a":1.}`, "01.50", "1.5.0", `"a`, "[1.50,]", "NaN", "--1.50"])(
    "is refused without a word of it when it is none: %s",
    (text) => {
      expect(readJson(text)).toEqual({ reason: `is not JSON (${text.length} characters)` });
    },
  );

  test("is surveyed in a time that grows with its length alone", () => {
    const slow = [
      `"${"\\\\".repeat(2_000_000)}"`,
      "1".repeat(4_000_000),
      `[1.${"0".repeat(4e6)}1]`,
    ];

    for (const text of slow) {
      const startedAt = performance.now();
      readJson(text);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
  });

  test("may be anything, and is never a crash", () => {
    const noise = fc.string({
      unit: fc.constantFrom(...'[]{}",:.0123456789eE+-\\u tfn'.split("")),
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.oneof(noise, anyText()), (text) => {
        const read = readJson(text);
        const json = "json" in read ? read.json : null;
        expect(() => JSON.stringify(json)).not.toThrow();
        expect(contentIdOf("any", json)).toMatch(/^[0-9a-f]{32}$/);
        expect("json" in read).toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ["12345678901234567890", true],
  ["9007199254740993", true],
  ["1e400", true],
  ["0.12345678901234567890", true],
  ["1.50", false],
  ["1e3", false],
  ["-0", false],
  ["0.0", false],
  ["100e-2", false],
  [`1${"0".repeat(50)}`, true],
])(
  "a number that JavaScript would write otherwise %s is rounded by it: %s",
  (source, isRounded) => {
    expect(new SourceNumber(source).isRounded).toBe(isRounded);
  },
);

describe("the id of a content", () => {
  const idOf = (text: string) => contentIdOf("any", jsonOf(text));

  test("differs for two numbers above 2^53", () => {
    expect(idOf(`[12345678901234567890]`)).not.toBe(idOf(`[12345678901234567891]`));
  });

  test("is the same for one number written in two ways", () => {
    expect(idOf("[150]")).toBe(idOf("[1.50e2]"));
  });

  test("of an ordinary content is that of the release before", () => {
    const content = { b: [1, 2.5, null, { z: "ü", 10: true, 9: false }], a: 1_760_000_000_000 };

    expect(contentIdOf("create:reviews:is_entity", content)).toBe(
      "b9b8ee3bc6038fcfea4d25f2869a938c",
    );
  });

  test("does not hang on the order of keys, nor on one without a value", () => {
    const keys = fc.uniqueArray(fc.oneof(fc.nat().map(String), anyText({ maxLength: 3 })));
    fc.assert(
      fc.property(keys, (names) => {
        const entries = names.map((name, index) => [name, index] as const);
        const id = contentIdOf("any", Object.fromEntries(entries));
        expect(contentIdOf("any", Object.fromEntries(entries.toReversed()))).toBe(id);
        expect(contentIdOf("any", { ...Object.fromEntries(entries), none: undefined })).toBe(
          contentIdOf("any", Object.fromEntries(entries.filter(([name]) => name !== "none"))),
        );
      }),
    );
  });

  test("of something that no JSON is as deep as is no crash", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];

    expect(contentIdOf("any", deep)).toMatch(/^[0-9a-f]{32}$/);
  });
});
