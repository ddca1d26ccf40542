import { expect, test } from "vitest";

import { countOf, unacceptedIn } from "../../../tools/supply-chain/licences.ts";

const aPackage = (name: string, ...ids: readonly string[]) => ({
  name,
  version: "1.0.0",
  licenses: ids.map((id) => ({ license: { id } })),
});

test("a bundled package with a licence that asks for more than its own text is refused by name", () => {
  const components = [aPackage("one", "MIT"), aPackage("two", "AGPL-3.0-or-later")];

  const [refused, ...more] = unacceptedIn({ components }, "bundled");

  expect(refused).toContain("two 1.0.0 has the licence AGPL-3.0-or-later, which is not accepted");
  expect(more).toEqual([]);
  expect(unacceptedIn({ components }, "all")).toEqual([]);
});

test("a package without a licence is refused, also as a tool", () => {
  expect(unacceptedIn({ components: [aPackage("three")] }, "all")).toHaveLength(1);
});

test("licences are counted, expressions too", () => {
  const expressed = { name: "four", version: "1.0.0", licenses: [{ expression: "(MIT OR ISC)" }] };

  const counted = countOf({
    components: [aPackage("one", "MIT"), aPackage("two", "MIT"), expressed],
  });

  expect(counted).toEqual([
    ["(MIT OR ISC)", 1],
    ["MIT", 2],
  ]);
});
