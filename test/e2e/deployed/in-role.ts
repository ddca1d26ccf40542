import { S3Client } from "@aws-sdk/client-s3";
import { makeAwsClient } from "../../../lambdas/adapters/aws-http/aws-client.ts";
import { INGEST } from "../../../lambdas/settings/limits.ts";
import { makeClients } from "../../../tools/local/emulator/clients.ts";
import type { FunctionName } from "../../../tools/strict-aws/iam/declared-calls.ts";
import { IamGuard } from "../../../tools/strict-aws/iam/guard.ts";
import { startStrictProxy } from "../../../tools/strict-aws/strict-proxy.ts";
import { callerOf, sandboxPolicies } from "../../support/iam.ts";
import { noteRefusal } from "../../support/refusals.ts";
import type { DrivenStack } from "./stack.ts";

/** A function's clients of the emulator; IAM and AWS's limits judge each of their calls. */
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
  const credentials = { accessKeyId: name, secretAccessKey: "test" };
  return {
    ...makeClients(endpoint, credentials),
    s3: new S3Client({ endpoint, region, credentials, forcePathStyle: true }),
    /** Ingest's own, which signs by itself. */
    call: makeAwsClient({
      region,
      credentials: () => ({ ...credentials, sessionToken: undefined }),
      attempts: INGEST.attempts,
      now: Date.now,
    }),
    endpoint,
    region,
  };
}
