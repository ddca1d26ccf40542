import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isPlausible, readTime } from "../../../lambdas/domain/event/plausible-time.ts";
import { SourceNumber } from "../../../lambdas/domain/event/source-number.ts";

const AT = 1_760_000_000_000;

describe("a time that somebody else names", () => {
  test.each([
    ["epoch milliseconds", AT, AT],
    ["epoch milliseconds as text", String(AT), AT],
    ["with white space around it", ` ${AT}\n`, AT],
    ["epoch seconds", AT / 1_000, AT],
    ["epoch seconds as text", String(AT / 1_000), AT],
    ["epoch seconds with a fraction", 1_760_000_000.25, AT + 250],
    ["epoch milliseconds with a fraction", AT + 0.9, AT],
    ["with an exponent", "1.76e12", AT],
    ["a number that stands otherwise than JavaScript writes it", new SourceNumber("1.760e12"), AT],
    ["ISO 8601", "2025-10-09T08:53:20Z", AT],
    ["ISO 8601 with a fraction", "2025-10-09T08:53:20.123456Z", AT + 123],
    ["ISO 8601 without seconds", "2025-10-09T08:53Z", AT - 20_000],
    ["ISO 8601 with an offset", "2025-10-09T10:53:20+02:00", AT],
    ["ISO 8601 with an offset without a colon", "2025-10-09T10:53:20+0200", AT],
    ["ISO 8601 with an offset of hours", "2025-10-09T10:53:20+02", AT],
    ["as a database prints it", "2025-10-09 08:53:20.000+00", AT],
    ["in small letters", "2025-10-09t08:53:20z", AT],
  ])("is read: %s", (_, value, wanted) => {
    expect(readTime(value)).toBe(wanted);
  });

  test.each([
    ["zero", 0],
    ["negative", -AT],
    ["microseconds", AT * 1_000],
    ["the largest that a date can hold", 8.64e15],
    ["larger than a date can hold", 9e15],
    ["before 2015", Date.UTC(2014, 11, 31, 23, 59, 59, 999)],
    ["of 2100", Date.UTC(2100, 0, 1)],
    ["infinite", new SourceNumber("1e400")],
    ["no number", Number.NaN],
    ["a day", "2025-10-09"],
    ["without a zone", "2025-10-09T08:53:20"],
    ["a month that is none", "2025-13-09T08:53:20Z"],
    ["words", "Thu, 09 Oct 2025 08:53:20 GMT"],
    ["empty", ""],
    ["white space", "  "],
    ["a list", [AT]],
    ["an object", { time: AT }],
    ["true", true],
    ["null", null],
    ["absent", undefined],
  ])("is absent: %s", (_, value) => {
    expect(readTime(value)).toBeNull();
  });

  test("is null or lies between 2015 and 2100, whatever is named", () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.double(),
      fc.maxSafeInteger(),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    fc.assert(
      fc.property(anything, (value) => {
        const time = readTime(value);
        expect(time === null || isPlausible(time)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test("of this century is read as it was meant, in each of its forms", () => {
    const seconds = fc.integer({ min: Date.UTC(2015) / 1_000, max: Date.UTC(2100) / 1_000 - 1 });
    fc.assert(
      fc.property(seconds, (second) => {
        const iso = new Date(second * 1_000).toISOString();
        const forms = [second, String(second), second * 1_000, String(second * 1_000), iso];
        expect(new Set(forms.map(readTime))).toEqual(new Set([second * 1_000]));
      }),
    );
  });
});
