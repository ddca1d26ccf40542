import { describe, expect, it } from "vitest";

import { makeAllowList } from "../../../lambdas/ingest/allow-list.ts";

describe("the allow-list", () => {
  const isListed = makeAllowList([
    "52.7.221.27/32",
    "198.51.100.0/25",
    "2001:db8::/32",
    "192.0.2.7",
  ]);

  it.each([
    ["52.7.221.27", true],
    ["52.7.221.28", false],
    ["198.51.100.0", true],
    ["198.51.100.127", true],
    ["198.51.100.128", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["2001:db8:1::1", true],
    ["2001:db9::1", false],
    ["::ffff:52.7.221.27", true],
    ["::ffff:52.7.221.28", false],
  ])("says of %s: %s", (address, expected) => {
    expect(isListed(address)).toBe(expected);
  });

  it.each(["", "localhost", "52.7.221", "52.7.221.027", "52.7.221.27 ", "52.7.221.27/32"])(
    "has nothing that is no address: %j",
    (address) => {
      expect(isListed(address)).toBe(false);
    },
  );

  it("holds nobody when it is empty", () => {
    expect(makeAllowList([])("52.7.221.27")).toBe(false);
  });

  it("holds everybody of a family with a prefix of no bits", () => {
    const isListed = makeAllowList(["0.0.0.0/0"]);

    expect(isListed("203.0.113.9")).toBe(true);
    expect(isListed("2001:db8::1")).toBe(false);
  });

  it.each(["52.7.221.27/33", "2001:db8::/129", "alloy.co/8", "52.7.221.27/", "", "1.2.3.4/-1"])(
    "names the range that is none: %j",
    (cidr) => {
      expect(() => makeAllowList([cidr])("52.7.221.27")).toThrow(
        `"${cidr}" in the allow-list is no address range`,
      );
    },
  );
});
