import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fitted, Painted, plain, rendered, visible } from "../../../tools/terminal/lines.ts";
import { HOSTILE, HOSTILE_PARTS, hostileIn } from "../../support/hostile.ts";
import { anyText } from "../../support/any-text.ts";

describe("a text of others", () => {
  it.each(Object.entries(HOSTILE_PARTS))("that %s is shown by its numbers", (_, text) => {
    expect(hostileIn(`a${text}b`) ?? (text.includes("\n") ? "a line" : null)).not.toBeNull();
    expect(hostileIn(plain(`a${text}b`))).toBeNull();
    expect(plain(`a${text}b`)).toMatch(/\\u\{[0-9a-f]+\}/);
    expect(plain(`a${text}b`)).not.toContain("\n");
  });

  it.each([
    "Zoë Müller",
    "李小龍",
    "completed · Approved → approved",
    "“é”",
    "e\u0301",
    "🎉",
    "a\\u{1b}",
  ])("is shown as it is where it does no harm: %s", (text) => {
    expect(plain(text)).toBe(text);
  });

  it("never gets a control character through, and says the same when it is shown twice", () => {
    fc.assert(
      fc.property(anyText({ maxLength: 200 }), (text) => {
        expect(hostileIn(visible(text))).toBeNull();
        expect(visible(text)).not.toContain("\n");
        expect(visible(visible(text))).toBe(visible(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("has no style of its own within one of ours", () => {
    const line = ["is ", new Painted("red", HOSTILE)];

    expect(rendered(line, (style, safe) => `<${style}>${safe}</>`)).toMatch(/^is <red>.+<\/>$/);
    expect(hostileIn(plain(line))).toBeNull();
  });
});

describe("a text in a column", () => {
  it.each([
    ["Approved", "Approved  "],
    ["pending_document_verification", "pending_d…"],
    ["李小龍", "李小龍    "],
    ["李小龍李小龍", "李小龍李… "],
    ["\u001b[2J", "\\u{1b}[2J"],
    ["\u001b[2J\u001b[2J", "\\u{1b}[2J…"],
    ["e\u0301e\u0301", "e\u0301e\u0301        "],
  ])("takes ten columns: %j", (text, expected) => {
    expect(fitted(text, 10)).toBe(
      expected.length > 10 || text.includes("李") ? expected : expected.padEnd(10),
    );
  });

  it("stands at the right where it is told so", () => {
    expect(fitted("7", 4, "right")).toBe("   7");
  });
});
