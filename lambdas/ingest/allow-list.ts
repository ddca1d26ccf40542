import type { BlockList } from "node:net";

import { builtins } from "../lazy-builtins.ts";

/** Whether an address is in the list. */
export type AllowList = (address: string) => boolean;

/**
 * An allow-list of IPv4 and IPv6 ranges. An IPv4 address that stands in it by itself, as all of Alloy's do, is found
 * by its text; the ranges are read at the first address that is not.
 *
 * @param cidrs - `52.7.221.27`, `34.240.0.0/13`, `2001:db8::/32`.
 * @returns the test; it throws an Error that names a range which is none. Synthesis has checked them.
 */
export function makeAllowList(cidrs: readonly string[]): AllowList {
  const addresses = new Set(cidrs.map((cidr) => cidr.replace(/\/32$/, "")));
  let ranges: BlockList | undefined;
  return (address) => {
    if (addresses.has(address)) return true;
    const family = familyOf(address);
    if (family === undefined) return false;
    ranges ??= rangesOf(cidrs);
    return ranges.check(address, family);
  };
}

function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new builtins.net.BlockList();
  for (const cidr of cidrs) {
    const [, address = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
    const family = familyOf(address);
    const bits = family === "ipv4" ? 32 : 128;
    if (family === undefined || Number(length ?? 0) > bits) {
      throw new Error(
        `"${cidr}" in the allow-list is no address range; write 192.0.2.0/24 or 2001:db8::/32.`,
      );
    }
    ranges.addSubnet(address, Number(length ?? bits), family);
  }
  return ranges;
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = builtins.net.isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? "ipv4" : "ipv6";
}
