import { resolve } from "node:dns/promises";
import {
  CloudFormationClient,
  DescribeStacksCommand,
  DescribeTypeCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import {
  paginateGetResources,
  ResourceGroupsTaggingAPIClient,
} from "@aws-sdk/client-resource-groups-tagging-api";
import { DescribeSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { paginateListSubscriptionsByTopic, SNSClient } from "@aws-sdk/client-sns";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { SDK_LIMITS } from "../../lambdas/adapters/sdk-limits.ts";
import { readTemplate } from "../template/template.ts";
import type { StackTemplate } from "../template/template.ts";
import { OperatorError } from "../ops/operator-error.ts";

/** A stack as CloudFormation has it. */
export interface DeployedStack {
  readonly id: string;
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** ARNs of the alarms that take an update back. */
  readonly rollbackTriggers: readonly string[];
}

/** Where the CDK CLI keeps the version of its bootstrap stack, with the qualifier that nobody has changed. */
const BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version";

/** Calls of CloudFormation's registry at once: it throttles early. */
const TYPES_AT_ONCE = 4;

const STACK_ID_TAG = "aws:cloudformation:stack-id";

function clientsIn(region: string) {
  const configuration = { ...SDK_LIMITS, region };
  return {
    cloudWatch: new CloudWatchClient(configuration),
    sts: new STSClient(configuration),
    ssm: new SSMClient(configuration),
    lambda: new LambdaClient(configuration),
    cloudFormation: new CloudFormationClient(configuration),
    tagging: new ResourceGroupsTaggingAPIClient(configuration),
    sns: new SNSClient(configuration),
    secrets: new SecretsManagerClient(configuration),
  };
}

/** What the preflight reads of an AWS account, in one region. It changes nothing. */
export class Account {
  readonly region: string;
  readonly #clients: ReturnType<typeof clientsIn>;

  constructor(region: string) {
    this.region = region;
    this.#clients = clientsIn(region);
  }

  /**
   * Who we are there.
   *
   * @throws OperatorError when there are no credentials, or AWS does not take them.
   */
  async identity(): Promise<{ readonly account: string; readonly arn: string }> {
    try {
      const { Account: account = "", Arn: arn = "" } = await this.#clients.sts.send(
        new GetCallerIdentityCommand(),
      );
      return { account, arn };
    } catch (error) {
      throw new OperatorError(
        `AWS did not accept your credentials (${reasonOf(error)}). Log in, or set AWS_PROFILE or the keys in your shell, until "aws sts get-caller-identity" answers.`,
        { cause: error },
      );
    }
  }

  /** Version of CDK's bootstrap stack; null without one. */
  async bootstrapVersion(): Promise<number | null> {
    const found = await absent("ParameterNotFound", () =>
      this.#clients.ssm.send(new GetParameterCommand({ Name: BOOTSTRAP_PARAMETER })),
    );
    return found === null ? null : Number(found.Parameter?.Value);
  }

  /** Executions at once: all of the account, and those that nobody has reserved. */
  async concurrency(): Promise<{ readonly limit: number; readonly unreserved: number }> {
    const { AccountLimit: limit } = await this.#clients.lambda.send(
      new GetAccountSettingsCommand(),
    );
    return {
      limit: limit?.ConcurrentExecutions ?? 0,
      unreserved: limit?.UnreservedConcurrentExecutions ?? 0,
    };
  }

  /** What these functions have reserved already. */
  async reservedBy(functionNames: readonly string[]): Promise<number> {
    const answers = await Promise.all(
      functionNames.map((FunctionName) =>
        this.#clients.lambda.send(new GetFunctionConcurrencyCommand({ FunctionName })),
      ),
    );
    return answers.reduce((sum, one) => sum + (one.ReservedConcurrentExecutions ?? 0), 0);
  }

  /** The stack of that name; null when there is none. */
  async stack(StackName: string): Promise<DeployedStack | null> {
    const found = await absent("ValidationError", () =>
      this.#clients.cloudFormation.send(new DescribeStacksCommand({ StackName })),
    );
    const stack = found?.Stacks?.[0];
    if (stack === undefined) return null;
    const outputs = (stack.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [
      OutputKey,
      OutputValue,
    ]);
    return {
      id: stack.StackId ?? "",
      status: stack.StackStatus ?? "",
      outputs: Object.fromEntries(outputs),
      rollbackTriggers: (stack.RollbackConfiguration?.RollbackTriggers ?? []).flatMap(
        ({ Arn }) => Arn ?? [],
      ),
    };
  }

  /** Of these alarms those that are in ALARM now, all by their names. */
  async ringing(names: readonly string[]): Promise<readonly string[]> {
    const { MetricAlarms: alarms = [] } = await this.#clients.cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [...names], StateValue: "ALARM" }),
    );
    return alarms.flatMap(({ AlarmName }) => AlarmName ?? []);
  }

  /** What is deployed. */
  async template(StackName: string): Promise<StackTemplate> {
    const { TemplateBody: body = "" } = await this.#clients.cloudFormation.send(
      new GetTemplateCommand({ StackName }),
    );
    // The CDK CLI uploads JSON.
    return readTemplate(JSON.parse(body));
  }

  /** Of these types of resources, those that CloudFormation does not know in this region. */
  async unknownTypes(types: readonly string[]): Promise<readonly string[]> {
    const unknown: string[] = [];
    for (let at = 0; at < types.length; at += TYPES_AT_ONCE) {
      const some = types.slice(at, at + TYPES_AT_ONCE);
      const found = await Promise.all(
        some.map((TypeName) =>
          absent("TypeNotFoundException", () =>
            this.#clients.cloudFormation.send(
              new DescribeTypeCommand({ Type: "RESOURCE", TypeName }),
            ),
          ),
        ),
      );
      unknown.push(...some.filter((_, index) => found[index] === null));
    }
    return unknown;
  }

  /**
   * ARNs of what has these tags and belongs to another stack than this one, or to one that is gone. CloudFormation's own
   * tag says to which, and where a service does not take that, the list of the stack's resources.
   *
   * @param stackId - null when there is no stack yet.
   */
  async taggedOutside(
    stackId: string | null,
    tags: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> {
    const own = stackId === null ? new Set<string>() : await this.#namesIn(stackId);
    const TagFilters = Object.entries(tags).map(([Key, value]) => ({ Key, Values: [value] }));
    const arns: string[] = [];
    for await (const page of paginateGetResources(
      { client: this.#clients.tagging },
      { TagFilters },
    )) {
      for (const { ResourceARN: arn = "", Tags = [] } of page.ResourceTagMappingList ?? []) {
        const owner = Tags.find(({ Key }) => Key === STACK_ID_TAG)?.Value;
        const isOwn = owner === undefined ? own.has(nameOf(arn)) : owner === stackId;
        if (!isOwn) arns.push(arn);
      }
    }
    return arns;
  }

  async #namesIn(StackName: string): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    const pages = paginateListStackResources(
      { client: this.#clients.cloudFormation },
      { StackName },
    );
    for await (const { StackResourceSummaries: resources = [] } of pages) {
      for (const { PhysicalResourceId: id = "" } of resources) names.add(nameOf(id));
    }
    return names;
  }

  /** Subscriptions of a topic: how many, and how many of them nobody has confirmed. */
  async subscriptions(
    TopicArn: string,
  ): Promise<{ readonly all: number; readonly unconfirmed: number }> {
    let all = 0;
    let unconfirmed = 0;
    for await (const page of paginateListSubscriptionsByTopic(
      { client: this.#clients.sns },
      { TopicArn },
    )) {
      for (const { SubscriptionArn: arn } of page.Subscriptions ?? []) {
        all += 1;
        if (arn === "PendingConfirmation") unconfirmed += 1;
      }
    }
    return { all, unconfirmed };
  }

  /** Whether anybody has put a value into a secret since it was made. Its value is not read. */
  async isFilled(SecretId: string): Promise<boolean> {
    const { VersionIdsToStages: versions = {} } = await this.#clients.secrets.send(
      new DescribeSecretCommand({ SecretId }),
    );
    return Object.values(versions).some((stages) => stages.includes("AWSPREVIOUS"));
  }

  /** Whether a name stands in DNS. */
  async resolves(name: string): Promise<boolean> {
    return resolve(name).then(
      () => true,
      () => false,
    );
  }
}

/** The last part of an ARN, of a URL, or of CloudFormation's id of a rule, `<bus>|<rule>`. */
export function nameOf(id: string): string {
  return id.split(/[:/|]/).at(-1) ?? "";
}

/** What AWS's error says, in one line, with its code when that says more. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [line = ""] = error.message.split("\n");
  return error.name === "Error" ? line : `${error.name}: ${line}`;
}

/** Null for the one error that says that a thing is not there. */
async function absent<T>(code: string, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name === code) return null;
    throw error;
  }
}
