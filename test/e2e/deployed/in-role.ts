import { awsServices } from "../../../lambdas/adapters/aws-http/aws-services.ts";
import type { FunctionName } from "../../../tools/strict-aws/iam/declared-calls.ts";
import { IamGuard } from "../../../tools/strict-aws/iam/guard.ts";
import { startStrictProxy } from "../../../tools/strict-aws/strict-proxy.ts";
import { clientsOf } from "../../support/own-clients.ts";
import { callerOf, sandboxPolicies } from "../../support/iam.ts";
import { noteRefusal } from "../../support/refusals.ts";
import type { DrivenStack } from "./deployments.ts";

/** A function's own clients of the emulator; IAM and AWS's limits judge each of their calls. */
export type ClientsInRole = ReturnType<typeof clientsAt>;

/**
 * Puts a proxy in front of the emulator, for adapters that a test makes.
 *
 * @param names - what a test has made, by the logical id in whose place it is; it may grow.
 */
export async function openInRole(
  { endpoint, region }: Pick<DrivenStack, "endpoint" | "region">,
  names: ReadonlyMap<string, string>,
): Promise<{
  readonly clientsOf: (name: FunctionName) => ClientsInRole;
  readonly close: () => Promise<void>;
}> {
  const proxy = await startStrictProxy({
    target: endpoint,
    guard: new IamGuard(sandboxPolicies(), { names }),
    callerOf,
    onRefused: noteRefusal,
  });
  return {
    clientsOf: (name) => clientsAt({ endpoint: proxy.url, region, name }),
    close: proxy.close,
  };
}

/** Each signs with its function's name: the proxy knows the function by it. */
function clientsAt({
  endpoint,
  region,
  name,
}: {
  readonly endpoint: string;
  readonly region: string;
  readonly name: FunctionName;
}) {
  const services = awsServices(region, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: "test",
  });
  return { ...clientsOf(services), call: services.call, endpoint, region };
}
