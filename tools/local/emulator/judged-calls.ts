import { appendFileSync } from "node:fs";
import {
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import type { GuardedServer } from "../../guard/guard.ts";
import { metricsRefusal } from "../../strict-aws/embedded-metric-format.ts";
import { IamGuard } from "../../strict-aws/iam/guard.ts";
import { roleOfFunction } from "../../strict-aws/iam/platform-calls.ts";
import { policiesOf } from "../../strict-aws/iam/policies.ts";
import { startStrictProxy } from "../../strict-aws/strict-proxy.ts";
import type { Clients } from "./clients.ts";
import { readDeployedTemplate } from "./deployed-template.ts";

/** The calls of the functions, and the lines that they log, as they are judged. */
export type JudgedCalls = Readonly<Awaited<ReturnType<typeof judgeCalls>>>;

/** As DynamoDB answers above its limits; an SDK tries again (DynamoDB, "Error handling"). */
const THROTTLED = {
  status: 400,
  code: "ThrottlingException",
  message: "Rate of requests exceeds the allowed throughput.",
} as const;

/** Resources that a function's calls name. */
const NAMED = new Set([
  "AWS::SQS::Queue",
  "AWS::DynamoDB::Table",
  "AWS::DynamoDB::GlobalTable",
  "AWS::S3::Bucket",
  "AWS::SecretsManager::Secret",
  "AWS::Events::EventBus",
  "AWS::KMS::Key",
]);

/**
 * Puts a proxy between each function of the deployed stack and the emulator. It knows the function by its port, asks IAM by the
 * policies of the template that was deployed, and holds AWS's limits: the emulator has neither. The template is left as
 * it is; the functions' variables in the emulator are not, so it is for an emulator that ends with this process.
 *
 * @param options.endpoint - of the emulator, as its functions know it.
 * @param options.server - the emulator itself.
 * @param options.host - where a function finds a server that listens on 127.0.0.1 here.
 * @param options.onRefused - told of each refusal.
 */
export async function judgeCalls(
  { cloudFormation, lambda }: Pick<Clients, "cloudFormation" | "lambda">,
  options: {
    readonly endpoint: string;
    readonly server: GuardedServer;
    readonly host: string;
    readonly refusalsFile: string;
    readonly onRefused: (sentence: string) => void;
  },
) {
  const { endpoint, server, host, refusalsFile, onRefused } = options;
  const { template, resources } = await readDeployedTemplate(cloudFormation);
  const functions = resources.filter(({ type }) => type === "AWS::Lambda::Function");
  const named = resources.filter(({ type }) => NAMED.has(type));
  // What ends a queue's URL or a secret's ARN: their beginnings depend on who asks.
  const names = new Map(named.map(({ id, name }) => [name.split(/[:/]/).at(-1) ?? "", id]));
  let [calls, refused] = [0, 0];
  let isThrottled = false;
  const deployed = policiesOf(template);
  const guard = new IamGuard(deployed, {
    names,
    onAsked: () => {
      calls += 1;
    },
  });
  const refuse = (sentence: string) => {
    refused += 1;
    appendFileSync(refusalsFile, `${sentence}\n`);
    onRefused(`AWS would refuse this: ${sentence}`);
  };
  const proxies = await Promise.all(
    functions.map(async ({ id, name }) => {
      const role = roleOfFunction({ Ref: id }, deployed);
      const proxy = await startStrictProxy({
        target: server,
        guard,
        callerOf: () => ({ role }),
        faultOf: ({ service }) => (isThrottled && service === "dynamodb" ? THROTTLED : null),
        onRefused: (sentence) => refuse(`${id}: ${sentence}`),
      });
      await leadTo(proxy.url.replace("127.0.0.1", host), { lambda, name, endpoint });
      return proxy;
    }),
  );
  return {
    /** Takes each refusal, one a line: the function, what it called, and why AWS would refuse it. */
    refusalsFile,
    /** Holds a line of a log to what CloudWatch takes metrics out of. */
    judgeLine(line: string): void {
      const refusal = metricsRefusal(line, Date.now());
      if (refusal !== null) refuse(refusal);
    },
    /** Has DynamoDB refuse every call of the functions, as it does beyond its limits. */
    throttleTable(throttled: boolean): void {
      isThrottled = throttled;
    },
    /** So far: calls, how many different questions to IAM they were, and how many were refused. */
    count: () => ({ calls, distinct: guard.verdicts().length, refused }),
    async stop(): Promise<void> {
      for (const proxy of proxies) await proxy.close();
    },
  };
}

/** Has a function call by way of a proxy, by the variables that it is started with. */
async function leadTo(
  proxy: string,
  place: { readonly lambda: Clients["lambda"]; readonly name: string; readonly endpoint: string },
): Promise<void> {
  const { lambda, name: FunctionName, endpoint } = place;
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const Variables = behind(proxy, Environment?.Variables ?? {}, endpoint);
  await lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
  );
}

/** Variables that lead to the proxy: the SDKs' endpoint, and the URLs of queues, to which an SDK goes by itself. */
function behind(
  proxy: string,
  variables: Readonly<Record<string, string>>,
  endpoint: string,
): Record<string, string> {
  const { port } = new URL(endpoint);
  const led = Object.entries(variables).map(([name, value]) => {
    const url = URL.parse(value);
    const isOfEmulator = url?.protocol === "http:" && url.port === port;
    return [name, isOfEmulator ? value.replace(url.origin, proxy) : value] as const;
  });
  return { ...Object.fromEntries(led), AWS_ENDPOINT_URL: proxy };
}
