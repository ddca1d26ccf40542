import { expect, it } from "vitest";
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

it("writes JSON that a terminal does not obey, and that says the same", () => {
  const text = jsonText({ text: HOSTILE });

  expect(hostileIn(text.replaceAll("\n", ""))).toBeNull();
  expect(JSON.parse(text)).toEqual({ text: HOSTILE });
});
