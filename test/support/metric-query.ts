import type { GetMetricDataCommandInput } from "@aws-sdk/client-cloudwatch";

/** Whether a call of CloudWatch is `GetMetricData`. */
export function isMetricQuery(input: object): input is GetMetricDataCommandInput {
  return "MetricDataQueries" in input;
}
