import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { LIMITS } from "../../tools/strict-aws/limits.ts";

const PAGE = "docs/pitfalls.md";

/** The rows of the page's tables. */
function rows() {
  let section = "";
  return readFileSync(PAGE, "utf8")
    .split("\n")
    .flatMap((line) => {
      if (line.startsWith("## ")) section = line.slice(3);
      const [, bites = "", guards = "", tests = ""] = line
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim());
      const isRow = line.startsWith("| ") && bites !== "What bites";
      return isRow ? [{ section, bites, guards, tests }] : [];
    });
}

/** The files and names that a cell names: `[text](../test/…) "name", "name"; [text](…) "name"`. */
function testsIn(cell: string): readonly { readonly file: string; readonly name: string }[] {
  return cell.split(/(?=\[)/).flatMap((part) => {
    const [, file] = /^\[[^\]]+\]\(\.\.\/(test\/[^)]+)\)/.exec(part) ?? [];
    if (file === undefined) return [];
    const names = [...part.matchAll(/"([^"]+)"/g)].flatMap(([, name]) => name ?? []);
    return names.map((name) => ({ file, name }));
  });
}

const ALL = rows();

describe("the index of pitfalls", () => {
  test.each([
    ["Powertools idempotency", 15],
    ["Batches", 6],
    ["SQS, Lambda, API Gateway", 32],
    ["Who is let in, and what is printed", 4],
    ["AWS's limits", Object.keys(LIMITS).length],
    ["Emulators", 6],
  ])("has every row of %s", (section, count) => {
    expect(ALL.filter((row) => row.section === section)).toHaveLength(count);
  });

  test.each(ALL)("names a guard and a test, or why there is none: $bites", ({ guards, tests }) => {
    expect(guards).not.toBe("");
    expect(testsIn(tests).length > 0 || /^no test: .{20,}/.test(tests)).toBe(true);
  });

  test.each(ALL.flatMap(({ tests }) => testsIn(tests)))(
    "names a test that exists: $name",
    ({ file, name }) => {
      expect(readFileSync(file, "utf8")).toContain(`"${name}"`);
    },
  );
});
