import {
  CHECK_ATTRIBUTES,
  DISCARDS,
  HOLD_ATTRIBUTES,
  METADATA_ATTRIBUTES,
  PAYLOAD_PREFIXES,
  RETENTION_READ_ATTRIBUTES,
  STATEMENTS,
  TABLE,
  TEST_ALARMS,
} from "../../../lambdas/settings/names.ts";
import { REPLAY_SOURCE } from "../../../lambdas/settings/routes.ts";
import { PEOPLE, PEOPLES_POLICIES, POLICIES, POLICIES_OF } from "../../../lib/people.ts";
import type { Person, Policy } from "../../../lib/people.ts";
import { isRecord } from "../../template/template.ts";
import { PLACE } from "../../template/resolve.ts";
import type { Caller, IamCall } from "./call.ts";
import type { DeployedPolicies } from "./policies.ts";
import { alarmArn, stackArn } from "./requests.ts";

type Question = Pick<IamCall, "action" | "resource"> & Partial<Pick<IamCall, "conditions">>;

/** A person in a role, as the permission set makes the caller. */
export function callerAs(person: Person): Caller {
  return { holds: POLICIES_OF[person].map((policy) => PEOPLES_POLICIES[policy]) };
}

/** What each role of people is for; nothing where the stage has no such policies. */
export function neededOfPeople(deployed: DeployedPolicies): readonly IamCall[] {
  if (!hasPeople(deployed)) return [];
  const uses = usesOf(deployed);
  return PEOPLE.flatMap((person) =>
    POLICIES_OF[person].flatMap((policy) => uses[policy].map((use) => asked(person, use))),
  );
}

/** What a role is not for: everything that another role is for, and reading or writing more of the table. */
export function forbiddenToPeople(deployed: DeployedPolicies): readonly IamCall[] {
  if (!hasPeople(deployed)) return [];
  const uses = usesOf(deployed);
  const key = deployed.stack
    .ofType("AWS::KMS::Key")
    .map(({ logicalId }) => deployed.arns.arnOf(logicalId));
  const own = (person: Person) =>
    new Set(POLICIES_OF[person].flatMap((one) => uses[one].map(keyOfUse)));
  const others = PEOPLE.flatMap((person) => {
    const mine = own(person);
    return POLICIES.flatMap((other) => uses[other])
      .filter((use) => !mine.has(keyOfUse(use)))
      .map((use) => asked(person, use));
  });
  const table = deployed.arns.arnOf("ApplicationTable");
  const metadata = { "dynamodb:Select": "SPECIFIC_ATTRIBUTES" };
  const reads = [
    { ...metadata, "dynamodb:Attributes": ["pk", "body"] },
    { ...metadata, "dynamodb:Attributes": ["pk", "externalId"] },
    { "dynamodb:Select": "ALL_ATTRIBUTES", "dynamodb:Attributes": ["pk"] },
  ];
  const writes = [
    { "dynamodb:Attributes": ["pk", "sk", "outcome"] },
    { "dynamodb:Attributes": ["pk", "sk", "dueAt"], "dynamodb:ReturnValues": "ALL_OLD" },
    {
      "dynamodb:Attributes": ["pk", "sk", TABLE.expiryAttribute],
      "dynamodb:ReturnValues": "ALL_OLD",
    },
  ];
  const everybody = (action: string, resource: string, conditions: IamCall["conditions"]) =>
    PEOPLE.map((person) => asked(person, { action, resource, conditions }));
  return [
    ...others,
    ...reads.flatMap((conditions) => [
      ...everybody("dynamodb:Scan", table, conditions).filter(isNot("privacy")),
      ...everybody("dynamodb:Query", table, conditions).filter(isNot("break-glass", "privacy")),
    ]),
    ...everybody("dynamodb:Scan", table, { ...metadata, "dynamodb:Attributes": ["pk"] }).filter(
      isNot("operator", "break-glass", "privacy"),
    ),
    ...writes.flatMap((conditions) => everybody("dynamodb:UpdateItem", table, conditions)),
    ...["dynamodb:GetItem", "dynamodb:DeleteItem"].flatMap((action) =>
      everybody(action, table, {}),
    ),
    ...everybody("dynamodb:PutItem", table, {}).filter(isNot("privacy")),
    ...everybody("s3:ListBucket", deployed.arns.arnOf("PayloadBucket"), { "s3:prefix": "other/1" }),
    // Not by a service: with the key itself.
    ...key.flatMap((one) =>
      ["kms:Decrypt", "kms:GenerateDataKey"].flatMap((action) => everybody(action, one, {})),
    ),
    // A person announces no submission, and no event of ours.
    ...[["onboarding"], ["onboarding", REPLAY_SOURCE], []].flatMap((sources) =>
      everybody("events:PutEvents", deployed.arns.arnOf("EventBus"), {
        "events:source": sources,
        "events:detail-type": ["approved/queue"],
      }),
    ),
    ...["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"].flatMap((action) =>
      everybody(action, deployed.arns.arnOf("AlloyApiSecret"), {}),
    ),
    ...everybody("secretsmanager:DeleteSecret", deployed.arns.arnOf("WebhookSecret"), {}),
  ];
}

function hasPeople({ stack }: DeployedPolicies): boolean {
  return stack.ofType("AWS::IAM::ManagedPolicy").length > 0;
}

/** Leaves out what these roles may do. */
function isNot(...people: readonly Person[]) {
  const policies: readonly string[] = people.map((person) => PEOPLES_POLICIES[person]);
  return ({ caller }: IamCall) =>
    !("holds" in caller) || !caller.holds.some((held) => policies.includes(held));
}

/** What the policy of each role is used for. */
function usesOf({ stack, arns }: DeployedPolicies): Readonly<Record<Policy, readonly Question[]>> {
  const table = arns.arnOf("ApplicationTable");
  const whole = {
    resource: table,
    conditions: { "dynamodb:Attributes": ["pk"], "dynamodb:Select": "ALL_ATTRIBUTES" },
  };
  const payloads = arns.arnOf("PayloadBucket");
  const [deadLetters, events] = [arns.arnOf("DeadLetterQueue"), arns.arnOf("EventQueue")];
  const ofAll = (type: string, ...actions: readonly string[]) =>
    stack
      .ofType(type)
      .flatMap(({ logicalId }) =>
        actions.map((action) => ({ action, resource: arns.arnOf(logicalId) })),
      );
  const ofOne = (resource: string, ...actions: readonly string[]) =>
    actions.map((action) => ({ action, resource }));
  const attributes = (action: string, names: readonly string[]) => ({
    action,
    resource: table,
    conditions: {
      "dynamodb:Attributes": names,
      ...(action !== "dynamodb:UpdateItem" && { "dynamodb:Select": "SPECIFIC_ATTRIBUTES" }),
    },
  });
  const functions = ["Ingest", "Consumer", "Poller", "Statement"].map((name) =>
    arns.text(stack.outputs[`${name}FunctionName`]),
  );
  const [, , poller = ""] = functions;
  const stackName = arns.text(stack.outputs["DashboardName"]);
  const { account, region } = PLACE;
  const targets = usesOfTargets({ stack, arns });
  const queueIds = stack.ofType("AWS::SQS::Queue").map(({ logicalId }) => logicalId);
  return {
    auditor: [
      ...ofOne(
        stackArn(stackName),
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
      ),
      ...ofOne("*", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"),
      ...ofAll("AWS::SQS::Queue", "sqs:GetQueueAttributes"),
      ...[TABLE.gapIndex, TABLE.externalIndex].flatMap((index) =>
        ofOne(`${table}/index/${index}`, "dynamodb:Query"),
      ),
      attributes("dynamodb:Query", METADATA_ATTRIBUTES),
      ...ofOne(arns.arnOf("IdempotencyTable"), "dynamodb:BatchGetItem"),
      ...[STATEMENTS, DISCARDS].flatMap(({ prefix }) =>
        ofOne(`${arns.arnOf("StatementBucket")}/${prefix}1`, "s3:GetObject"),
      ),
      ...ofOne(arns.arnOf("StatementBucket"), "s3:ListBucket"),
      ...ofOne(arns.arnOf("StatementKey"), "kms:GetPublicKey"),
    ],
    operator: [
      ...targets.pausing,
      ...targets.replaying,
      ...usesOfArchive(stack, stackName),
      ...functions.flatMap((name) => ofOne(arns.arnOf(name), "lambda:GetFunctionConfiguration")),
      ...logGroupsOf(functions, stack, arns).flatMap((group) =>
        ofOne(group, "logs:FilterLogEvents"),
      ),
      attributes("dynamodb:UpdateItem", CHECK_ATTRIBUTES),
      ...ofOne(`${table}/index/${TABLE.dueIndex}`, "dynamodb:Query"),
      attributes("dynamodb:Scan", METADATA_ATTRIBUTES),
      ...ofOne(arns.arnOf(poller), "lambda:InvokeFunction"),
      ...ofOne(deadLetters, "sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks"),
      ...ofOne(events, "sqs:SendMessage"),
      ...ofOne(arns.arnOf("IdempotencyTable"), "dynamodb:GetItem"),
      ...ofAll(
        "AWS::DynamoDB::GlobalTable",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTimeToLive",
      ),
      ...ofAll("AWS::S3::Bucket", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"),
      ...ofAll("AWS::SNS::Topic", "sns:ListSubscriptionsByTopic", "sns:GetTopicAttributes"),
      ...ofOne("*", "logs:DescribeLogGroups"),
      ...Object.values(TEST_ALARMS).flatMap((id) =>
        ofOne(
          alarmArn(`${stackName}-${id}`),
          "cloudwatch:SetAlarmState",
          "cloudwatch:DescribeAlarmHistory",
        ),
      ),
    ],
    "break-glass": [
      ...targets.replaying,
      { action: "dynamodb:Query", ...whole },
      attributes("dynamodb:Scan", METADATA_ATTRIBUTES),
      attributes("dynamodb:Scan", RETENTION_READ_ATTRIBUTES),
      attributes("dynamodb:UpdateItem", ["pk", "sk", TABLE.expiryAttribute]),
      ...ofOne(table, "dynamodb:BatchGetItem"),
      ...ofOne(arns.arnOf(poller), "lambda:InvokeFunction"),
      ...ofOne(events, "sqs:SendMessage"),
    ],
    privacy: [
      ...["dynamodb:Query", "dynamodb:Scan"].map((action) => ({ action, ...whole })),
      // What an operator does with a part of them.
      attributes("dynamodb:Scan", METADATA_ATTRIBUTES),
      ...ofOne(table, "dynamodb:PutItem", "dynamodb:BatchWriteItem"),
      attributes("dynamodb:UpdateItem", HOLD_ATTRIBUTES),
      // What break-glass does with a part of them.
      attributes("dynamodb:Scan", RETENTION_READ_ATTRIBUTES),
      attributes("dynamodb:UpdateItem", ["pk", "sk", TABLE.expiryAttribute]),
      ...Object.values(PAYLOAD_PREFIXES).flatMap((prefix) =>
        ofOne(`${payloads}/${prefix}1`, "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
      ),
      { action: "s3:ListBucket", resource: payloads, conditions: { "s3:prefix": "webhooks/1" } },
      ...ofOne(
        deadLetters,
        "sqs:ReceiveMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
      ),
      ...ofOne("*", "logs:DescribeLogGroups"),
      ...functions.flatMap((name) => ofOne(arns.arnOf(name), "lambda:GetFunctionConfiguration")),
    ],
    redrive: [
      ...queueIds
        .filter((id) => id.endsWith("DeadLetterQueue") || id === "HeldEventQueue")
        .flatMap((id) =>
          ofOne(
            arns.arnOf(id),
            "sqs:ReceiveMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
          ),
        ),
      ...queueIds
        .filter((id) => !/DeadLetterQueue$|^EventQueue$|^HeldEventQueue$/.test(id))
        .flatMap((id) => ofOne(arns.arnOf(id), "sqs:SendMessage")),
      ...ofOne(`${arns.arnOf("StatementBucket")}/${DISCARDS.prefix}1`, "s3:PutObject"),
    ],
    credentials: ofOne(
      arns.arnOf("WebhookSecret"),
      "secretsmanager:GetSecretValue",
      "secretsmanager:ListSecretVersionIds",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ),
    deployer: [
      ...["deploy", "file-publishing", "lookup"].flatMap((role) =>
        ofOne(
          `arn:aws:iam::${account}:role/cdk-hnb659fds-${role}-role-${account}-${region}`,
          "sts:AssumeRole",
        ),
      ),
      ...ofOne(
        `arn:aws:ssm:${region}:${account}:parameter/cdk-bootstrap/hnb659fds/version`,
        "ssm:GetParameter",
      ),
      ...ofOne(
        stackArn(stackName),
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
        "cloudformation:UpdateStack",
      ),
      ...ofOne(
        "*",
        "cloudformation:DescribeType",
        "cloudwatch:DescribeAlarms",
        "lambda:GetAccountSettings",
        "tag:GetResources",
      ),
      ...targets.looking,
      ...functions.flatMap((name) => ofOne(arns.arnOf(name), "lambda:GetFunctionConcurrency")),
      ...["PageTopic", "TicketTopic"].flatMap((id) =>
        ofOne(arns.arnOf(id), "sns:ListSubscriptionsByTopic"),
      ),
      ...ofAll("AWS::SecretsManager::Secret", "secretsmanager:DescribeSecret"),
    ],
  };
}

/** What is done for routes with a list of targets; nothing where no route has one. */
function usesOfTargets({ stack, arns }: Pick<DeployedPolicies, "stack" | "arns">) {
  const rules = stack
    .ofType("AWS::Events::Rule")
    .map(({ logicalId }) => ({ logicalId, arn: arns.arnOf(logicalId) }));
  const routes = rules.flatMap(({ logicalId, arn }) =>
    logicalId.endsWith("HoldRule")
      ? [{ id: logicalId.replace(/HoldRule$/, ""), prefix: arn.replace(/hold$/, "") }]
      : [],
  );
  if (routes.length === 0) return { pausing: [], replaying: [], looking: [] };
  const pausing: readonly Question[] = rules
    .filter(({ arn }) => routes.some(({ prefix }) => `${arn}-`.startsWith(prefix)))
    .flatMap(({ arn }) =>
      ["DescribeRule", "EnableRule", "DisableRule"].map((name) => ({
        action: `events:${name}`,
        resource: arn,
      })),
    );
  const conditions = {
    "events:source": [REPLAY_SOURCE],
    "events:detail-type": ["approved/queue"],
  };
  const replaying: readonly Question[] = [
    { action: "events:PutEvents", resource: arns.arnOf("EventBus"), conditions },
  ];
  const looking: readonly Question[] = [{ action: "events:ListRules", resource: "*" }];
  return { pausing, replaying, looking };
}

/** How what the bus published goes to chosen rules again; nothing where it has no archive. */
function usesOfArchive(stack: DeployedPolicies["stack"], stackName: string): readonly Question[] {
  if (stack.ofType("AWS::Events::Archive").length === 0) return [];
  const { account, region } = PLACE;
  const arnOf = (resource: string) => `arn:aws:events:${region}:${account}:${resource}`;
  return [
    { action: "events:StartReplay", resource: arnOf(`archive/${stackName}`) },
    ...["DescribeReplay", "CancelReplay"].map((name) => ({
      action: `events:${name}`,
      resource: arnOf(`replay/${stackName}-1`),
    })),
  ];
}

/** The log groups of these functions, by the functions' logical ids. */
function logGroupsOf(
  functions: readonly string[],
  { resources }: DeployedPolicies["stack"],
  arns: DeployedPolicies["arns"],
): readonly string[] {
  return resources
    .filter(({ logicalId }) => functions.includes(logicalId))
    .map(({ Properties }) => Properties["LoggingConfig"])
    .map((logging) =>
      isRecord(logging) ? arns.arnOf(arns.text(logging["LogGroup"])) : "without a log group",
    );
}

function asked(person: Person, { conditions = {}, ...question }: Question): IamCall {
  return { caller: callerAs(person), ...question, conditions };
}

function keyOfUse({ action, resource, conditions = {} }: Question): string {
  return JSON.stringify([action, resource, conditions]);
}
