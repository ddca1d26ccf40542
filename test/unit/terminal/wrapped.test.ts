import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { VERBS } from "../../../tools/ops/command-line.ts";
import { jsonText, plain } from "../../../tools/terminal/lines.ts";
import { wrapped } from "../../../tools/terminal/wrapped.ts";
import { HOSTILE, hostileIn } from "../../support/hostile.ts";

it("keeps a line that fits as it is", () => {
  expect(wrapped("  a  b", 60)).toEqual(["  a  b"]);
});

it("breaks a longer line between words, and sets in what follows", () => {
  const lines = wrapped(`  page    ${"word ".repeat(30).trim()}`, 60).map(plain);

  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {6}word/);
});

it("does not break a token or an address, so that it can be copied", () => {
  const url = `https://example.com/${"x".repeat(80)}`;

  expect(wrapped(`see ${url} now`, 40).map(plain)).toContain(`    ${url}`);
});

it("counts letters that take two columns", () => {
  for (const line of wrapped("漢字 ".repeat(40), 60).map(plain)) {
    expect(line.replaceAll(" ", "").length).toBeLessThanOrEqual(30);
  }
});

const PAGE = readFileSync("docs/ops.md", "utf8");

describe("what a verb prints, as docs/ops.md shows it, on a terminal of 60 columns", () => {
  it.each(Object.keys(VERBS))("%s: breaks between words alone", (verb) => {
    const [, shown = ""] =
      new RegExp(`<!-- generated: ${verb} -->\n\n\`\`\`text\n.+\n([^]+?)\n\`\`\``).exec(PAGE) ?? [];
    const lines = shown.split("\n").flatMap((line) => wrapped(line, 60).map(plain));

    expect(lines.join("")).not.toBe("");
    const tooWide = lines.filter((line) => line.length > 60 && line.trim().includes(" "));
    expect(tooWide).toEqual([]);
    expect(lines.join(" ").split(/ +/).join(" ").trim()).toBe(shown.split(/\s+/).join(" ").trim());
  });
});

it("writes JSON that a terminal does not obey, and that says the same", () => {
  const text = jsonText({ text: HOSTILE });

  expect(hostileIn(text.replaceAll("\n", ""))).toBeNull();
  expect(JSON.parse(text)).toEqual({ text: HOSTILE });
});
