import { Stack } from "aws-cdk-lib";
import { ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Conditions } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import {
  CHECK_ATTRIBUTES,
  DISCARDS,
  HOLD_ATTRIBUTES,
  METADATA_ATTRIBUTES,
  PAYLOAD_PREFIXES,
  RETENTION_ATTRIBUTES,
  RETENTION_READ_ATTRIBUTES,
  STATEMENTS,
  TABLE,
  TEST_ALARMS,
} from "../../lambdas/settings/names.ts";
import { REPLAY_SOURCE } from "../../lambdas/settings/routes.ts";
import { PEOPLES_POLICIES } from "../people.ts";
import type { Policy } from "../people.ts";
import { rulePrefixOf } from "../config/rule-names.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import type { ApplicationStore } from "./application-store.ts";
import type { DailyStatement } from "./daily-statement.ts";
import type { EventQueue } from "./event-queue.ts";
import type { EventRoutes } from "./event-routes.ts";
import type { FillableSecret } from "./fillable-secret.ts";
import type { NodeFunction } from "./node-function.ts";
import { pinLogicalId } from "./stateful.ts";
import { ruleArnOf } from "./target-delivery.ts";

/*
 * IAM takes 6,144 characters of a managed policy, and an account would refuse a longer one in the middle of a deployment. Above
 * these numbers a pattern stands for the names, which also fits those of a stage whose name goes on with a hyphen.
 */
const MOST_QUEUES_NAMED = 32;
const MOST_ROUTES_NAMED = 2;

export interface PeopleProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  readonly routes: EventRoutes;
  readonly alerts: AlertTopics;
  readonly poller: NodeFunction;
  readonly statement: DailyStatement;
  /** All of them, the poller too. */
  readonly functions: readonly NodeFunction[];
  readonly webhookSecret: FillableSecret;
  readonly alloyApiSecret: FillableSecret;
}

/**
 * What people may do, as managed policies that permission sets of IAM Identity Center name (docs/decisions/0050). It is
 * made last: the auditor reads the length of every queue of the stack.
 */
export class People extends Construct {
  readonly #props: PeopleProps;

  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    this.#props = props;
    if (props.stage.people === "none") return;
    this.#make("auditor", "Reads what is known, without bodies", this.#auditor());
    this.#make(
      "operator",
      "Reads logs, moves dead letters, checks, polls; with the auditor's",
      this.#operator(),
    );
    this.#make("break-glass", "Reads bodies, replays; with the auditor's", this.#breakGlass());
    this.#make("privacy", "Exports, holds and forgets; with the auditor's", this.#privacy());
    this.#make(
      "credentials",
      "Rotates the credentials of the webhook; with the auditor's",
      this.#credentials(),
    );
    this.#make("deployer", "Deploys through the CDK's roles, and looks before", this.#deployer());
    this.#make(
      "redrive",
      "Reads, moves and discards dead letters; with the operator's",
      this.#redrive(),
    );
  }

  #make(person: Policy, description: string, statements: readonly PolicyStatement[]): void {
    const { stackName, region } = Stack.of(this);
    const policy = new ManagedPolicy(this, PEOPLES_POLICIES[person], {
      // A permission set names it; IAM's names are of the account, and a stage may be in two regions.
      managedPolicyName: `${stackName}-${region}-${person}`,
      description,
      statements: [...statements],
    });
    pinLogicalId(policy, PEOPLES_POLICIES[person]);
  }

  /** `status`, `gaps`, `show` and `statement`. */
  #auditor(): readonly PolicyStatement[] {
    const { store, statement } = this.#props;
    const table = store.applications.tableArn;
    const queues = Stack.of(this)
      .node.findAll()
      .filter((one) => one instanceof Queue);
    return [
      allow(
        ["cloudformation:DescribeStacks", "cloudformation:ListStackResources"],
        this.#stackArn(),
      ),
      // Neither knows a resource to read many of.
      allow(["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"], "*"),
      allow(
        ["sqs:GetQueueAttributes"],
        ...(queues.length > MOST_QUEUES_NAMED
          ? [this.#queuesNamed("*")]
          : queues.map(({ queueArn }) => queueArn)),
      ),
      allow(
        ["dynamodb:Query"],
        ...[TABLE.gapIndex, TABLE.externalIndex].map((index) => `${table}/index/${index}`),
      ),
      allowWhen(onlyReading(METADATA_ATTRIBUTES), ["dynamodb:Query"], table),
      // Hashes of event ids, and when the bus took each.
      allow(["dynamodb:BatchGetItem"], store.idempotency.tableArn),
      allow(
        ["s3:GetObject"],
        statement.bucket.arnForObjects(`${STATEMENTS.prefix}*`),
        statement.bucket.arnForObjects(`${DISCARDS.prefix}*`),
      ),
      allow(["s3:ListBucket"], statement.bucket.bucketArn),
      allow(["kms:GetPublicKey"], statement.signingKey.keyArn),
      // In one statement: IAM takes 6,144 characters a policy.
      ...this.#use(["kms:Decrypt"], "dynamodb", "s3"),
    ];
  }

  /** `logs`, `check`, `console`, `poll`, `dead-letters`, `redrive` and `verify`. */
  #operator(): readonly PolicyStatement[] {
    const { store, queue, poller, functions } = this.#props;
    return [
      allowWhen(
        onlyWriting(CHECK_ATTRIBUTES),
        ["dynamodb:UpdateItem"],
        store.applications.tableArn,
      ),
      // `find`: the whole table, without bodies.
      allowWhen(onlyReading(METADATA_ATTRIBUTES), ["dynamodb:Scan"], store.applications.tableArn),
      allow(["logs:FilterLogEvents"], ...functions.map(({ logGroup }) => logGroup.logGroupArn)),
      allow(
        ["lambda:GetFunctionConfiguration"],
        ...functions.map((one) => one.function.functionArn),
      ),
      allow(["lambda:InvokeFunction"], poller.function.functionArn),
      // Keys alone: tokens, and when each is to be checked.
      allow(["dynamodb:Query"], `${store.applications.tableArn}/index/${TABLE.dueIndex}`),
      // SQS moves under the rights of whoever starts the move; the right to receive is in the other policy.
      allow(["sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks"], queue.deadLetters.queueArn),
      allow(["sqs:SendMessage"], queue.events.queueArn),
      ...this.#use(["kms:Decrypt", "kms:GenerateDataKey"], "sqs"),
      ...this.#verifying(),
      ...this.#pausing(),
      ...this.#replaying(),
      ...this.#replayingArchive(),
    ];
  }

  /** `route pause`, `route resume` and `redrive --target`, where a route has a list of targets. */
  #pausing(): readonly PolicyStatement[] {
    const { held, targetDeadLetters } = this.#props.routes;
    if (held === undefined) return [];
    const { stackName } = Stack.of(this);
    const routes = [...targetDeadLetters.keys()];
    return [
      allow(
        ["events:DescribeRule", "events:EnableRule", "events:DisableRule"],
        ...(routes.length > MOST_ROUTES_NAMED
          ? [ruleArnOf(this, `${stackName}-*`)]
          : routes.map((route) => ruleArnOf(this, `${rulePrefixOf(stackName, route)}*`))),
      ),
    ];
  }

  /** `dead-letters`, `redrive`, `discard`, and the held events of `route resume`. */
  #redrive(): readonly PolicyStatement[] {
    const { routes, statement } = this.#props;
    const letters = Stack.of(this)
      .node.findAll()
      .filter((one) => one instanceof Queue)
      .filter((one) => /DeadLetters/.test(one.node.path));
    const held = routes.held === undefined ? [] : [routes.held.queue];
    const own = [...routes.queues.values()];
    return [
      allow(
        ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"],
        ...[...letters, ...held].map(({ queueArn }) => queueArn),
      ),
      // Back to its reader; the queue's own policy says which people may.
      ...(own.length === 0
        ? []
        : [allow(["sqs:SendMessage"], ...own.map(({ queueArn }) => queueArn))]),
      allow(["s3:PutObject"], statement.bucket.arnForObjects(`${DISCARDS.prefix}*`)),
      ...this.#use(["kms:GenerateDataKey"], "s3"),
    ];
  }

  /** The stack's queues by the beginning of the names that CloudFormation gives them. */
  #queuesNamed(rest: string): string {
    const { account, partition, region, stackName } = Stack.of(this);
    return `arn:${partition}:sqs:${region}:${account}:${stackName}-${rest}`;
  }

  /** What is delivered again comes under a source of its own, and under no other. */
  #replaying(): readonly PolicyStatement[] {
    const { bus, held } = this.#props.routes;
    if (held === undefined) return [];
    return [
      allowWhen(
        {
          "ForAllValues:StringEquals": { "events:source": [REPLAY_SOURCE] },
          // Without any value, "for all" would hold.
          Null: { "events:source": "false" },
        },
        ["events:PutEvents"],
        bus.eventBusArn,
      ),
    ];
  }

  /** What was published goes again to the rules that somebody chooses; no body is read for that. */
  #replayingArchive(): readonly PolicyStatement[] {
    if (this.#props.stage.archive === undefined) return [];
    const { account, partition, region, stackName } = Stack.of(this);
    const arnOf = (resource: string) => `arn:${partition}:events:${region}:${account}:${resource}`;
    return [
      allow(["events:StartReplay"], arnOf(`archive/${stackName}`)),
      allow(["events:DescribeReplay", "events:CancelReplay"], arnOf(`replay/${stackName}-*`)),
    ];
  }

  /** What `verify` reads of the account, and the two alarms that it rings. */
  #verifying(): readonly PolicyStatement[] {
    const { store } = this.#props;
    const stack = Stack.of(this);
    const { account, partition, region, stackName } = stack;
    const every = stack.node.findAll();
    const topics = every.filter((one) => one instanceof Topic).map(({ topicArn }) => topicArn);
    const buckets = every.filter((one) => one instanceof Bucket).map(({ bucketArn }) => bucketArn);
    const tables = [store.applications.tableArn, store.idempotency.tableArn];
    const alarms = Object.values(TEST_ALARMS).map(
      (id) => `arn:${partition}:cloudwatch:${region}:${account}:alarm:${stackName}-${id}`,
    );
    return [
      // Its records are ids of events.
      allow(["dynamodb:GetItem"], store.idempotency.tableArn),
      allow(
        [
          "dynamodb:DescribeTable",
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:DescribeTimeToLive",
        ],
        ...tables,
      ),
      allow(["s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"], ...buckets),
      allow(["sns:ListSubscriptionsByTopic", "sns:GetTopicAttributes"], ...topics),
      // It knows no resource to read many of.
      allow(["logs:DescribeLogGroups"], "*"),
      allow(["cloudwatch:SetAlarmState", "cloudwatch:DescribeAlarmHistory"], ...alarms),
    ];
  }

  /** `show --bodies`, `replay`, `retention` and `adopt`. */
  #breakGlass(): readonly PolicyStatement[] {
    const { store, queue, poller } = this.#props;
    const table = store.applications.tableArn;
    return [
      allow(["dynamodb:Query", "dynamodb:BatchGetItem"], table),
      allowWhen(onlyReading(RETENTION_READ_ATTRIBUTES), ["dynamodb:Scan"], table),
      // `replay` of a time or a route.
      allowWhen(onlyReading(METADATA_ATTRIBUTES), ["dynamodb:Scan"], table),
      allowWhen(onlyWriting(RETENTION_ATTRIBUTES), ["dynamodb:UpdateItem"], table),
      allow(["lambda:InvokeFunction"], poller.function.functionArn),
      allow(["sqs:SendMessage"], queue.events.queueArn),
      ...this.#use(["kms:Decrypt", "kms:GenerateDataKey"], "sqs"),
      ...this.#replaying(),
    ];
  }

  /** `export`, `hold` and `forget`; the key that signs an export is of no stack, and has a policy of its own. */
  #privacy(): readonly PolicyStatement[] {
    const { store, queue, functions } = this.#props;
    const table = store.applications.tableArn;
    const prefixes = Object.values(PAYLOAD_PREFIXES).map((prefix) => `${prefix}*`);
    return [
      allow(
        ["dynamodb:Query", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:BatchWriteItem"],
        table,
      ),
      allowWhen(onlyWriting(HOLD_ATTRIBUTES), ["dynamodb:UpdateItem"], table),
      // A body under a legal hold is put where none ends, and back at its release.
      allow(
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        ...prefixes.map((prefix) => store.payloads.arnForObjects(prefix)),
      ),
      // Without it S3 answers 403 for a key that is gone.
      allowWhen(
        { StringLike: { "s3:prefix": prefixes } },
        ["s3:ListBucket"],
        store.payloads.bucketArn,
      ),
      allow(
        ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"],
        queue.deadLetters.queueArn,
      ),
      // It knows no resource to read many of.
      allow(["logs:DescribeLogGroups"], "*"),
      allow(
        ["lambda:GetFunctionConfiguration"],
        ...functions.map((one) => one.function.functionArn),
      ),
      ...this.#use(["kms:Decrypt"], "sqs"),
      ...this.#use(["kms:GenerateDataKey"], "s3"),
    ];
  }

  /** `rotate`: whoever may add a credential can send what looks like Alloy's. */
  #credentials(): readonly PolicyStatement[] {
    return [
      allow(
        [
          "secretsmanager:GetSecretValue",
          "secretsmanager:ListSecretVersionIds",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecretVersionStage",
        ],
        this.#props.webhookSecret.secretArn,
      ),
      ...this.#use(["kms:Decrypt", "kms:GenerateDataKey"], "secretsmanager"),
    ];
  }

  /** `npm run deploy`: the CDK's own roles, and what the preflight reads before them (tools/deploy). */
  #deployer(): readonly PolicyStatement[] {
    const { alerts, functions, webhookSecret, alloyApiSecret } = this.#props;
    const stack = Stack.of(this);
    const { account, partition, region } = stack;
    const cdk = `cdk-${stack.synthesizer.bootstrapQualifier ?? "hnb659fds"}`;
    return [
      allow(
        ["sts:AssumeRole"],
        ...["deploy", "file-publishing", "lookup"].map(
          (role) =>
            `arn:${partition}:iam::${account}:role/${cdk}-${role}-role-${account}-${region}`,
        ),
      ),
      allow(
        ["ssm:GetParameter"],
        `arn:${partition}:ssm:${region}:${account}:parameter/${cdk.replace("cdk-", "cdk-bootstrap/")}/version`,
      ),
      // The last: to set the alarms that take a deployment back.
      allow(
        [
          "cloudformation:DescribeStacks",
          "cloudformation:GetTemplate",
          "cloudformation:ListStackResources",
          "cloudformation:UpdateStack",
        ],
        this.#stackArn(),
      ),
      // None of these knows a resource of ours.
      allow(
        [
          "cloudformation:DescribeType",
          "cloudwatch:DescribeAlarms",
          "lambda:GetAccountSettings",
          "tag:GetResources",
        ],
        "*",
      ),
      // Whether a route is paused. It knows no resource to read many of.
      ...(this.#props.routes.held === undefined ? [] : [allow(["events:ListRules"], "*")]),
      allow(["lambda:GetFunctionConcurrency"], ...functions.map((one) => one.function.functionArn)),
      allow(["sns:ListSubscriptionsByTopic"], alerts.page.topicArn, alerts.ticket.topicArn),
      allow(["secretsmanager:DescribeSecret"], webhookSecret.secretArn, alloyApiSecret.secretArn),
    ];
  }

  /** With CloudFormation's id behind it, which a policy of the stack cannot know for a call by name. */
  #stackArn(): string {
    const { account, partition, region, stackName } = Stack.of(this);
    return `arn:${partition}:cloudformation:${region}:${account}:stack/${stackName}/*`;
  }

  /** What services do with a key of ours on behalf of their caller; nothing where AWS has the key. */
  #use(
    actions: readonly string[],
    ...services: readonly ("dynamodb" | "s3" | "secretsmanager" | "sqs")[]
  ): readonly PolicyStatement[] {
    const { key } = this.#props;
    if (key === undefined) return [];
    const { region, urlSuffix } = Stack.of(this);
    const [first = "", ...others] = services.map((name) => `${name}.${region}.${urlSuffix}`);
    const via = others.length === 0 ? first : [first, ...others];
    return [allowWhen({ StringEquals: { "kms:ViaService": via } }, actions, key.keyArn)];
  }
}

/** A Query or a Scan that names what it wants, and nothing but these (DynamoDB's guide, "Using IAM policy conditions"). */
function onlyReading(attributes: readonly string[]): Conditions {
  return {
    "ForAllValues:StringEquals": { "dynamodb:Attributes": attributes },
    StringEquals: { "dynamodb:Select": "SPECIFIC_ATTRIBUTES" },
  };
}

/** A write that touches these alone, and returns nothing of the item. */
function onlyWriting(attributes: readonly string[]): Conditions {
  return {
    "ForAllValues:StringEquals": { "dynamodb:Attributes": attributes },
    StringEqualsIfExists: { "dynamodb:ReturnValues": "NONE" },
  };
}

function allow(actions: readonly string[], ...resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ actions: [...actions], resources: [...resources] });
}

function allowWhen(
  conditions: Conditions,
  actions: readonly string[],
  ...resources: readonly string[]
): PolicyStatement {
  return new PolicyStatement({ actions: [...actions], resources: [...resources], conditions });
}
