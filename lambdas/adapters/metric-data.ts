import type { GetMetricDataCommandOutput, MetricDataResult } from "@aws-sdk/client-cloudwatch";

/** How CloudWatch says of one metric that its values are not to be had, in an answer 200. */
const UNREADABLE = new Set(["InternalError", "Forbidden"]);

/**
 * The results of one page of `GetMetricData`.
 *
 * @throws Error when there are none, or one could not be read: nothing is not zero.
 */
export function readResults({
  MetricDataResults: results,
}: Pick<GetMetricDataCommandOutput, "MetricDataResults">): readonly MetricDataResult[] {
  if (results === undefined) throw new Error("CloudWatch answers without results");
  const unreadable = results.find(({ StatusCode }) => UNREADABLE.has(StatusCode ?? ""));
  if (unreadable === undefined) return results;
  throw new Error(`CloudWatch could not read ${unreadable.Id}: ${unreadable.StatusCode}`);
}
