import { isRecord, listOf } from "../../template/template.ts";
import type { TemplateResource } from "../../template/template.ts";
import { PLACE } from "../../template/resolve.ts";
import { callBy } from "./call.ts";
import type { Caller, IamCall } from "./call.ts";
import { keyOf } from "./keys.ts";
import type { DeployedPolicies } from "./policies.ts";

type Of = (resource: TemplateResource, deployed: DeployedPolicies) => readonly IamCall[];

const functionCalls: Of = ({ Properties }, { arns }) => {
  const role = roleIdOf(arns.text(Properties["Role"]));
  const group = isRecord(Properties["LoggingConfig"])
    ? Properties["LoggingConfig"]["LogGroup"]
    : undefined;
  const stream = arns.arnOf(arns.text(group)).replace(/:\*$/, ":log-stream:a-sandbox");
  return [
    taking(role, "lambda.amazonaws.com", {}),
    callBy({ role }, "logs:CreateLogStream", stream),
    callBy({ role }, "logs:PutLogEvents", stream),
  ];
};

const mappingCalls: Of = ({ Properties }, { stack, arns }) => {
  const role = roleOfFunction(Properties["FunctionName"], { stack, arns });
  const resource = arns.text(Properties["EventSourceArn"]);
  return ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"].map((action) =>
    callBy({ role }, action, resource),
  );
};

const failureCalls: Of = ({ Properties }, { stack, arns }) => {
  const role = roleOfFunction(Properties["FunctionName"], { stack, arns });
  const config = arns.resolve(Properties["DestinationConfig"]);
  const destination =
    isRecord(config) && isRecord(config["OnFailure"]) ? config["OnFailure"]["Destination"] : "";
  return [sending({ role }, String(destination))];
};

const ruleCalls: Of = ({ logicalId, Properties }, { arns }) => {
  const source = from(arns.arnOf(logicalId));
  return listOf(Properties["Targets"]).flatMap((target) => {
    const resolved = arns.resolve(target);
    if (!isRecord(resolved)) return [];
    const deadLetters = isRecord(resolved["DeadLetterConfig"])
      ? resolved["DeadLetterConfig"]["Arn"]
      : undefined;
    return [
      ...deliveries(String(resolved["Arn"]), resolved["RoleArn"], source),
      ...(typeof deadLetters === "string" ? [sending(EVENTS, deadLetters, source)] : []),
    ];
  });
};

const EVENTS = { service: "events.amazonaws.com" };

/** By which actions EventBridge delivers under a role, by the kind of target (its guide, "Using identity-based policies"). */
const UNDER_A_ROLE: readonly (readonly [RegExp, readonly string[]])[] = [
  [/:events:.*:event-bus\//, ["events:PutEvents"]],
  [/:events:.*:api-destination\//, ["events:InvokeApiDestination"]],
  [/:states:.*:stateMachine:/, ["states:StartExecution"]],
  [/:kinesis:.*:stream\//, ["kinesis:PutRecord"]],
  [/:firehose:.*:deliverystream\//, ["firehose:PutRecord"]],
];

function deliveries(
  target: string,
  roleArn: unknown,
  source: IamCall["conditions"],
): readonly IamCall[] {
  if (typeof roleArn === "string") {
    const role = roleIdOf(roleArn);
    const actions = UNDER_A_ROLE.find(([kind]) => kind.test(target))?.[1] ?? [];
    return [
      taking(role, EVENTS.service, source),
      ...actions.map((action) => callBy({ role }, action, target)),
    ];
  }
  const [, , service = ""] = target.split(":");
  if (service === "lambda") return [callBy(EVENTS, "lambda:InvokeFunction", target, source)];
  // Somebody else's queue or topic has a policy of its own, which is not in the template.
  return service === "sqs" && !isElsewhere(target) ? [sending(EVENTS, target, source)] : [];
}

/** Queues of the template are known by their logical id, which is in upper case. */
function isElsewhere(queueArn: string): boolean {
  return !/:[A-Z][A-Za-z0-9]*$/.test(queueArn);
}

const busCalls: Of = ({ logicalId, Properties }, { arns }) => {
  const key = keyOf(Properties, arns);
  const bus = arns.arnOf(logicalId);
  const config = arns.resolve(Properties["DeadLetterConfig"]);
  const deadLetters = isRecord(config) ? [sending(EVENTS, String(config["Arn"]), from(bus))] : [];
  if (key === undefined) return deadLetters;
  const conditions = { ...from(bus), "kms:EncryptionContext:aws:events:event-bus:arn": bus };
  const uses = ["kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"];
  return [...deadLetters, ...uses.map((action) => callBy(EVENTS, action, key, conditions))];
};

const scheduleCalls: Of = ({ Properties }, { arns }) => {
  const target = arns.resolve(Properties["Target"]);
  if (!isRecord(target)) return [];
  const role = roleIdOf(String(target["RoleArn"]));
  const group = `arn:aws:scheduler:${PLACE.region}:${PLACE.account}:schedule-group/${arns.text(Properties["GroupName"])}`;
  const deadLetters = isRecord(target["DeadLetterConfig"])
    ? String(target["DeadLetterConfig"]["Arn"])
    : "";
  return [
    taking(role, "scheduler.amazonaws.com", from(group)),
    callBy({ role }, "lambda:InvokeFunction", String(target["Arn"])),
    sending({ role }, deadLetters),
  ];
};

const CLOUD_WATCH = { service: "cloudwatch.amazonaws.com" };

const alarmCalls: Of = ({ logicalId, Properties }, { arns }) =>
  ["AlarmActions", "OKActions", "InsufficientDataActions"]
    .flatMap((name) => listOf(arns.resolve(Properties[name])))
    .map((topic) => callBy(CLOUD_WATCH, "sns:Publish", String(topic), from(arns.arnOf(logicalId))));

const routeCalls: Of = ({ Properties }, { stack, arns }) => {
  const integration = /^integrations\/(.+)$/.exec(arns.text(Properties["Target"]))?.[1];
  const uri = stack.resources.find(({ logicalId }) => logicalId === integration)?.Properties[
    "IntegrationUri"
  ];
  const [method = "", path = ""] = arns.text(Properties["RouteKey"]).split(" ");
  const route = `arn:aws:execute-api:${PLACE.region}:${PLACE.account}:${arns.text(Properties["ApiId"])}/$default/${method}${path}`;
  const caller = { service: "apigateway.amazonaws.com" };
  return [callBy(caller, "lambda:InvokeFunction", arns.text(uri), from(route))];
};

/** CloudWatch Logs' guide, "Encrypt log data in CloudWatch Logs". */
const LOGS_USE = [
  "kms:Encrypt",
  "kms:Decrypt",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
  "kms:GenerateDataKey",
  "kms:DescribeKey",
];

const logGroupCalls: Of = ({ logicalId, Properties }, { arns }) => {
  const key = keyOf(Properties, arns);
  if (key === undefined) return [];
  const group = arns.arnOf(logicalId).replace(/:\*$/, "");
  const caller = { service: `logs.${PLACE.region}.amazonaws.com` };
  const conditions = { "kms:EncryptionContext:aws:logs:arn": group };
  return LOGS_USE.map((action) => callBy(caller, action, key, conditions));
};

/** CodeDeploy's guide, "Create a service role for CodeDeploy": what it asks of Lambda and of CloudWatch. */
const releaseCalls: Of = ({ logicalId, Properties }, { stack, arns }) => {
  const role = roleIdOf(arns.text(Properties["ServiceRoleArn"]));
  const as = (action: string, resource: string) => callBy({ role }, action, resource);
  const aliases = stack
    .ofType("AWS::Lambda::Alias")
    .filter(({ UpdatePolicy: policy }) => JSON.stringify(policy ?? "").includes(logicalId));
  return [
    taking(role, "codedeploy.amazonaws.com", from(arns.arnOf(logicalId))),
    as("cloudwatch:DescribeAlarms", "*"),
    ...aliases.flatMap((alias) => {
      const live = arns.arnOf(alias.logicalId);
      const functionArn = live.split(":").slice(0, -1).join(":");
      return [
        as("lambda:GetAlias", functionArn),
        as("lambda:UpdateAlias", functionArn),
        as("lambda:GetProvisionedConcurrencyConfig", live),
      ];
    }),
  ];
};

const slackCalls: Of = ({ Properties }, { arns }) => {
  const name = arns.text(Properties["ConfigurationName"]);
  const channel = `arn:aws:chatbot::${PLACE.account}:chat-configuration/slack-channel/${name}`;
  return [
    taking(roleIdOf(arns.text(Properties["IamRoleArn"])), "chatbot.amazonaws.com", from(channel)),
  ];
};

/** Whoever deploys has rights over the account's keys, which a key's policy can take away for good. */
const keyCalls: Of = ({ logicalId }, { arns }) => [
  callBy(
    { person: "Deployment", policy: anything("kms:*") },
    "kms:PutKeyPolicy",
    arns.arnOf(logicalId),
  ),
];

/** What is done for a resource, by its type. */
const CALLS: Readonly<Record<string, Of>> = {
  "AWS::Lambda::Function": functionCalls,
  "AWS::Lambda::EventSourceMapping": mappingCalls,
  "AWS::Lambda::EventInvokeConfig": failureCalls,
  "AWS::Events::Rule": ruleCalls,
  "AWS::Events::EventBus": busCalls,
  "AWS::Scheduler::Schedule": scheduleCalls,
  "AWS::CloudWatch::Alarm": alarmCalls,
  "AWS::CloudWatch::CompositeAlarm": alarmCalls,
  "AWS::ApiGatewayV2::Route": routeCalls,
  "AWS::Logs::LogGroup": logGroupCalls,
  "AWS::CodeDeploy::DeploymentGroup": releaseCalls,
  "AWS::Chatbot::SlackChannelConfiguration": slackCalls,
  "AWS::KMS::Key": keyCalls,
};

/**
 * What AWS's services do for the stack, by how the template wires it and not by what its policies say: take roles,
 * deliver, poll, start, tell, log. Each with what the service says of itself in the request.
 */
export function platformCalls(deployed: DeployedPolicies): readonly IamCall[] {
  return deployed.stack.resources.flatMap(
    (resource) => CALLS[resource.Type]?.(resource, deployed) ?? [],
  );
}

/** The policy of somebody who may do this with every resource of the account. */
export function anything(action: string) {
  return {
    Version: "2012-10-17" as const,
    Statement: [{ Effect: "Allow" as const, Action: [action], Resource: ["*"] }],
  };
}

function taking(role: string, service: string, conditions: IamCall["conditions"]): IamCall {
  const resource = `arn:aws:iam::${PLACE.account}:role/${role}`;
  return callBy({ service }, "sts:AssumeRole", resource, conditions);
}

function sending(caller: Caller, queueArn: string, conditions?: IamCall["conditions"]): IamCall {
  return callBy(caller, "sqs:SendMessage", queueArn, conditions);
}

function from(arn: string): Readonly<Record<string, string>> {
  return { "aws:SourceArn": arn, "aws:SourceAccount": PLACE.account };
}

function roleIdOf(roleArn: string): string {
  return roleArn.split("role/").at(-1) ?? roleArn;
}

/** The role that a function of the template runs under, by any name of the function. */
export function roleOfFunction(
  name: unknown,
  { stack, arns }: Pick<DeployedPolicies, "stack" | "arns">,
): string {
  const id = arns.text(name).split(":").at(-1);
  const found = stack.ofType("AWS::Lambda::Function").find(({ logicalId }) => logicalId === id);
  if (found === undefined) throw new Error(`The template has no function ${String(id)}.`);
  return roleIdOf(arns.text(found.Properties["Role"]));
}
