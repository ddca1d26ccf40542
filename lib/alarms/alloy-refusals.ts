import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { PROBE } from "../../lambdas/settings/probe.ts";
import { countAccessLog } from "./access-log.ts";

/** CloudWatch Logs takes a pattern of 1,024 characters; a condition on an address has 57 at most. */
const ADDRESSES_PER_FILTER = 15;

/**
 * Counts all answers to Alloy's webhooks other than 200: by ingest, API Gateway's authorizer, its throttle (429),
 * or nobody. At 100 in a row Alloy switches the endpoint off. Who calls is known by the address alone, so that what
 * strangers do does not count.
 *
 * @param cidrs - Alloy's addresses; none: every caller counts.
 */
export function countAlloyRefusals(
  scope: Construct,
  accessLog: ILogGroup,
  cidrs: readonly string[],
): void {
  // A probe of people is answered 204, and is no webhook.
  const status = `status != "200" && status != "${PROBE.status}"`;
  const addresses = [...new Set(cidrs.map(addressPattern))];
  for (let at = 0; at === 0 || at < addresses.length; at += ADDRESSES_PER_FILTER) {
    const callers = addresses
      .slice(at, at + ADDRESSES_PER_FILTER)
      .map((address) => `sourceIp = "${address}"`);
    countAccessLog(scope, `AlloyRefusals${at === 0 ? "" : at / ADDRESSES_PER_FILTER}`, {
      accessLog,
      metricName: METRICS.alloyRefused,
      conditions: { status, ...(callers.length > 0 && { sourceIp: callers.join(" || ") }) },
    });
  }
}

/**
 * An address range as a pattern of a log's filter, which knows text alone: of a range that does not end with a part of
 * the address, the wider one that does. Rather too much counts than too little.
 */
export function addressPattern(cidr: string): string {
  const [address = "", bits] = cidr.split("/");
  const [separator, size, parts] = address.includes(":") ? [":", 16, 8] : [".", 8, 4];
  const whole = bits === undefined ? parts : Math.floor(Number(bits) / size);
  if (whole === parts) return address;
  const [written = ""] = address.split("::");
  const kept = written
    .split(separator)
    .filter((part) => part !== "")
    .slice(0, whole);
  return [...kept, "*"].join(separator);
}
