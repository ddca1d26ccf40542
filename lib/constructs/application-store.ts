import {
  AttributeType,
  Billing,
  CfnGlobalTable,
  ProjectionType,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { PAYLOAD_PREFIXES, TABLE } from "../../lambdas/settings/names.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import type { NodeFunction } from "./node-function.ts";
import { PayloadBucket } from "./payload-bucket.ts";
import { pinLogicalId, removalPolicyOf, tagsOf } from "./stateful.ts";
import { makeTableAlarms } from "../alarms/table-alarms.ts";

export interface ApplicationStoreProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly alerts: AlertTopics;
  /** Whether DynamoDB refuses to delete the tables. */
  readonly isProtected: boolean;
}

/** What is stored: applications with their events, the idempotency records, bodies too large for SQS. */
export class ApplicationStore extends Construct {
  readonly applications: TableV2;
  readonly idempotency: TableV2;
  readonly payloads: PayloadBucket;

  constructor(scope: Construct, id: string, props: ApplicationStoreProps) {
    super(scope, id);
    const { stage, key, alerts } = props;
    // A global table with one replica costs what a table costs. A table cannot become one in place, so a second
    // region later would mean to move the data (docs/decisions/0041).
    const defaults = {
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: removalPolicyOf(stage),
      deletionProtection: props.isProtected,
      // CloudFormation hands the stack's tags to a table, and not to a replica.
      tags: Object.entries(tagsOf(stage)).map(([tag, value]) => ({ key: tag, value })),
    };

    this.applications = new TableV2(this, "Applications", {
      ...defaults,
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      // Only event items carry it, and only when the stage sets retention.eventsMs.
      timeToLiveAttribute: TABLE.expiryAttribute,
    });
    // Present on applications that are to be checked, so that polling costs what is due.
    this.applications.addGlobalSecondaryIndex({
      indexName: TABLE.dueIndex,
      partitionKey: { name: "duePk", type: AttributeType.STRING },
      sortKey: { name: "dueAt", type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    // Present on applications in gap, so that one query counts and lists them.
    this.applications.addGlobalSecondaryIndex({
      indexName: TABLE.gapIndex,
      partitionKey: { name: "gapPk", type: AttributeType.STRING },
      sortKey: { name: "gapSince", type: AttributeType.NUMBER },
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ["gapStage", "journeyToken"],
    });
    // For the person on call, who knows the customer by the onboarding service's id.
    this.applications.addGlobalSecondaryIndex({
      indexName: TABLE.externalIndex,
      partitionKey: { name: "externalId", type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    pinLogicalId(this.applications, "ApplicationTable");
    encrypt(this.applications, key);

    this.idempotency = new TableV2(this, "Idempotency", {
      ...defaults,
      // Powertools' own layout.
      partitionKey: { name: "id", type: AttributeType.STRING },
      timeToLiveAttribute: "expiration",
    });
    pinLogicalId(this.idempotency, "IdempotencyTable");
    encrypt(this.idempotency, key);
    makeTableAlarms(this, {
      alerts,
      applications: this.applications,
      idempotency: this.idempotency,
    });

    this.payloads = new PayloadBucket(this, "Payloads", { stage, key });
  }

  /** Record an event, merge the state, remember what was done. */
  grantConsume(consumer: NodeFunction): void {
    const writes = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];
    // Reads only where a write cannot tell: `reportsNear` of a healed event, `readState` of a correction.
    consumer.allow(["dynamodb:GetItem", "dynamodb:Query", ...writes], this.applications.tableArn);
    // A record that exists comes back with the refusal of the write.
    consumer.allow(["dynamodb:GetItem", ...writes], this.idempotency.tableArn);
    const prefixes = Object.values(PAYLOAD_PREFIXES);
    consumer.allow(
      ["s3:GetObject"],
      ...prefixes.map((prefix) => this.payloads.arnForObjects(`${prefix}*`)),
    );
    // Without it S3 answers 403 for a key that is gone, where 404 says that no retry can help. S3 takes the
    // missing key for `s3:prefix` (GetObject, "Permissions"; the key by Ceph's measurement, its PR 68577).
    consumer.allowWhen(
      { StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) } },
      ["s3:ListBucket"],
      this.payloads.bucketArn,
    );
  }

  /** Find what is due, compare its events, put down the next check and a body that is too large for SQS. */
  grantPoll(poller: NodeFunction): void {
    poller.allow(
      ["dynamodb:Query"],
      this.applications.tableArn,
      `${this.applications.tableArn}/index/${TABLE.dueIndex}`,
      `${this.applications.tableArn}/index/${TABLE.gapIndex}`,
    );
    poller.allow(["dynamodb:UpdateItem"], this.applications.tableArn);
    poller.allow(["s3:PutObject"], this.payloads.arnForObjects(`${PAYLOAD_PREFIXES.poll}*`));
  }

  /** Find what is not settled, with its events, and what of them took effect. */
  grantState(statement: NodeFunction): void {
    const { tableArn } = this.applications;
    statement.allow(["dynamodb:Query"], tableArn, `${tableArn}/index/${TABLE.dueIndex}`);
    statement.allow(["dynamodb:BatchGetItem"], this.idempotency.tableArn);
  }
}

/**
 * Encrypts a table with a key of ours, or by default with one that DynamoDB owns: AWS's managed one would cost by the
 * request. CDK's own setting wants to know the region, which our template leaves open.
 */
function encrypt(table: TableV2, key: IKey | undefined): void {
  const resource = table.node.defaultChild;
  if (key === undefined || !(resource instanceof CfnGlobalTable)) return;
  resource.addPropertyOverride("SSESpecification", { SSEEnabled: true, SSEType: "KMS" });
  resource.addPropertyOverride("Replicas.0.SSESpecification", { KMSMasterKeyId: key.keyArn });
}
