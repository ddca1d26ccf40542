import { BlockList, isIPv6 } from "node:net";
import type { Implausible } from "./implausible-value.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

/** A list that is enforced, and lets nobody in, or nearly everybody. */
export function implausibleAddresses({
  allowList: { mode, cidrs },
}: StageConfiguration): readonly Implausible[] {
  if (mode === "observe") return [];
  const refuse = (path: string, given: unknown, wanted: string) => [{ path, given, wanted }];
  if (cidrs.length === 0) {
    return refuse(
      "allowList.cidrs",
      cidrs,
      'at least one address range: with mode "enforce" Alloy is answered 403',
    );
  }
  if (cidrs.every((range) => isPrivate(range))) {
    return refuse(
      "allowList.cidrs",
      cidrs,
      'ranges of the public internet: Alloy calls from there, and with mode "enforce" it is answered 403',
    );
  }
  return cidrs.flatMap((range, index) => {
    const [address = "", bits = "128"] = range.split("/");
    if (Number(bits) >= (isIPv6(address) ? 16 : 8)) return [];
    return refuse(
      `allowList.cidrs.${index}`,
      range,
      Number(bits) === 0
        ? 'a narrower range: with this one mode "enforce" lets every address in'
        : 'a narrower range: with this one mode "enforce" lets millions of strangers in',
    );
  });
}

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  PRIVATE.addSubnet(network, bits);
}
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addAddress("::1", "ipv6");

function isPrivate(range: string): boolean {
  const [address = ""] = range.split("/");
  return PRIVATE.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
