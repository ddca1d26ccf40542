import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  cutTo,
  FreeTexts,
  isIndexKey,
  readFlag,
  readNumber,
  readText,
  readToken,
} from "../../../lambdas/domain/event/external-text.ts";
import { SourceNumber } from "../../../lambdas/domain/event/source-number.ts";
import { EXTERNAL_INPUT } from "../../../lambdas/settings/limits.ts";
import { anyText } from "../../support/any-text.ts";

const NO_TEXTS = ["", " ", "\t\n\u00a0", null, undefined, true, [], ["a"], {}];

describe("a text", () => {
  test.each(NO_TEXTS.map((value) => [value]))("is absent when it is %j", (value) => {
    expect(readText(value)).toBeNull();
    expect(readToken(value)).toBeNull();
    expect(new FreeTexts().text(value)).toBeNull();
    expect(new FreeTexts().id(value)).toBeNull();
  });

  test("is taken as it stood, white space around it included", () => {
    expect(readText(" Ada ")).toBe(" Ada ");
  });

  test("may come as a number, and is the number as it stood", () => {
    expect(readText(1_001)).toBe("1001");
    expect(readText(new SourceNumber("12345678901234567890"))).toBe("12345678901234567890");
  });
});

describe("a token", () => {
  test.each(["JA-exampleQ7cT2mLxR4vB9sNd", "J_1", "22752065", "x".repeat(128)])(
    "is %s",
    (token) => {
      expect(readToken(token)).toBe(token);
    },
  );

  test.each([
    "..",
    ".",
    "JA-1/../x",
    "JA 1",
    "JA-1\n",
    "JA-ü",
    "JA%2e",
    "JA?x",
    "JA#x",
    "x".repeat(129),
    "JA-1\u0000",
  ])("is not %j: it would stand in keys and paths", (token) => {
    expect(readToken(token)).toBeNull();
  });
});

describe("a free text", () => {
  test("that is absurdly long is cut to whole characters, and counted", () => {
    const texts = new FreeTexts();

    const name = texts.text("x".repeat(EXTERNAL_INPUT.textBytes - 1) + "😀😀");
    const id = texts.id("ü".repeat(EXTERNAL_INPUT.idBytes));
    const short = texts.text("short");

    expect(name).toBe(`${"x".repeat(EXTERNAL_INPUT.textBytes - 3)}…`);
    expect(id).toBe(`${"ü".repeat(EXTERNAL_INPUT.idBytes / 2 - 2)}…`);
    expect(short).toBe("short");
    expect(texts.cut).toBe(2);
  });

  test("fits its bytes, begins as it did, and is whole characters, wherever it is cut", () => {
    const text = anyText({ maxLength: 50 });
    fc.assert(
      fc.property(text, fc.integer({ min: 3, max: 120 }), (whole, bytes) => {
        const cut = cutTo(whole, bytes);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytes);
        expect(cut === whole || whole.startsWith(cut.slice(0, -1))).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});

test.each([
  ["", false],
  ["a", true],
  ["x".repeat(2_048), true],
  ["x".repeat(2_049), false],
  ["ü".repeat(1_024), true],
  ["ü".repeat(1_025), false],
])("the key of an index is what DynamoDB takes, by bytes", (text, isKey) => {
  expect(isIndexKey(text)).toBe(isKey);
});

test.each([
  [true, true],
  ["true", true],
  [" TRUE ", true],
  [false, false],
  ["False", false],
  ["yes", null],
  [1, null],
  [null, null],
])("a flag may come as text: %j", (value, flag) => {
  expect(readFlag(value)).toBe(flag);
});

test.each([
  [3_600, 3_600],
  ["3600", 3_600],
  [new SourceNumber("3600.0"), 3_600],
  [-1, -1],
  ["", null],
  ["an hour", null],
  [new SourceNumber("1e400"), null],
  [null, null],
])("a number may come as text: %j", (value, number) => {
  expect(readNumber(value)).toBe(number);
});
