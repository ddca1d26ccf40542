import {
  makeCloudWatch,
  makeDynamoDb,
  makeEventBridge,
  makeSqs,
} from "../../lambdas/adapters/aws-http/json-services.ts";
import type { AwsServices } from "../../lambdas/adapters/aws-http/aws-services.ts";
import { awsServices } from "../../lambdas/adapters/aws-http/aws-services.ts";
import { makeS3 } from "../../lambdas/adapters/aws-http/s3-objects.ts";
import type { DynamoDbOperations } from "../../lambdas/adapters/aws-operations.ts";
import { PLACE } from "../../tools/template/resolve.ts";
import type { Behind } from "../../tools/strict-aws/strict-proxy.ts";
import { startStrictProxy } from "../../tools/strict-aws/strict-proxy.ts";
import { accessKeyNow, callerOf, sandboxGuard } from "./iam.ts";
import { noteRefusal } from "./refusals.ts";

/** The clients that the functions have, as their entry files make them. */
export function clientsOf(services: AwsServices) {
  return {
    dynamo: makeDynamoDb(services),
    sqs: makeSqs(services),
    events: makeEventBridge(services),
    cloudWatch: makeCloudWatch(services),
    s3: makeS3(services),
  };
}

/**
 * The functions' own clients of what stands behind a proxy. It judges each of their calls by IAM and by AWS's limits, in
 * the role of the function that calls.
 */
export async function startOwnClients(target: Behind) {
  const proxy = await startStrictProxy({
    target,
    guard: sandboxGuard(),
    callerOf,
    onRefused: noteRefusal,
  });
  const services = awsServices(PLACE.region, {
    AWS_ENDPOINT_URL: proxy.url,
    get AWS_ACCESS_KEY_ID() {
      return accessKeyNow();
    },
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "session",
  });
  return { ...clientsOf(services), close: proxy.close };
}

/** The same client, whose queries end after a few items, as they end after a megabyte (`endPagesEarly`). */
export function endingPagesEarly(client: DynamoDbOperations, items: number): DynamoDbOperations {
  return {
    ...client,
    query: (input) => client.query("Limit" in input ? input : { ...input, Limit: items }),
  };
}
