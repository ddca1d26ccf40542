import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type {
  GetMetricDataCommandInput,
  GetMetricDataCommandOutput,
} from "@aws-sdk/client-cloudwatch";
import { SQS } from "@aws-sdk/client-sqs";

import { AwsDeliveries } from "../../lambdas/adapters/aws-deliveries.ts";
import type { PollerSettings } from "../../lambdas/settings/poller-settings.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

function isMetricQuery(input: object): input is GetMetricDataCommandInput {
  return "MetricDataQueries" in input;
}

/** CloudWatch, as far as it is asked for metrics. @param answer - it may throw. */
export function cloudWatchThat(
  answer: (query: GetMetricDataCommandInput) => Partial<GetMetricDataCommandOutput>,
): CloudWatch {
  return answered(new CloudWatch({ region: "us-east-1" }), (input) =>
    isMetricQuery(input) ? answer(input) : {},
  );
}

/** The poller's adapter over these clients. @param attributes - of the event queue. */
export function deliveriesOver(
  cloudWatch: CloudWatch,
  attributes: Readonly<Record<string, string>>,
  refusals: PollerSettings["refusals"] = { byAuthorizer: false, byAddress: false },
): AwsDeliveries {
  return new AwsDeliveries({
    cloudWatch,
    sqs: answered(new SQS({ region: "us-east-1" }), () => ({ Attributes: attributes })),
    stage: "sandbox",
    apiId: "api",
    queueUrl: "https://sqs.us-east-1.amazonaws.com/123456789012/events",
    refusals,
  });
}
