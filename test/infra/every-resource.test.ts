import { describe, expect, it } from "vitest";
import { pascalCase } from "../../lib/pascal-case.ts";
import { idsOf, isRecord, listOf, objectsIn, referredId } from "../../tools/template/template.ts";
import {
  sandbox,
  VARIANTS,
  withDecisions,
  withInvestigations,
  withOwnKey,
  withTargets,
} from "../../tools/template/variants.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import type { TemplateResource } from "../../tools/template/template.ts";
import { templateOf } from "../support/template.ts";

/** What holds data: it is never replaced by accident, and what becomes of it is said. */
const STATEFUL = [
  "AWS::DynamoDB::GlobalTable",
  "AWS::S3::Bucket",
  "AWS::SQS::Queue",
  "AWS::SNS::Topic",
  "AWS::SecretsManager::Secret",
  "AWS::KMS::Key",
];

const ROUTES_ASKED_FOR = [
  "InvestigationCreated",
  "InvestigationPromoted",
  "InvestigationClosed",
  "Decided",
];

const ROUTES = [
  "Approved",
  "Denied",
  "ManualReview",
  "NeedsAction",
  "Errored",
  "Expired",
  "Completed",
  "Superseded",
  "Progressed",
  "Unrecognised",
  "Other",
  ...ROUTES_ASKED_FOR,
];

/** The logical ids of what holds data. Changing one here destroys that data at the next deployment. */
const PINNED = [
  "AlloyApiSecret",
  "ApplicationTable",
  "BusDeadLetterQueue",
  "DeadLetterQueue",
  "EncryptionKey",
  "EventBus",
  "EventQueue",
  "HeldEventQueue",
  "IdempotencyTable",
  "PageTopic",
  "PayloadBucket",
  "ScheduleDeadLetterQueue",
  "StatementBucket",
  "StatementKey",
  "SubmissionDeadLetterQueue",
  "TicketTopic",
  "WebhookSecret",
  ...ROUTES.flatMap((route) => [`${route}Queue`, `${route}DeadLetterQueue`]),
];

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);

  it("every queue has a dead-letter queue or is one, or keeps what people alone read", () => {
    const queues = stack.ofType("AWS::SQS::Queue");
    const deadLetters = deadLetterIds(stack);

    const lone = queues.filter(
      ({ logicalId, Properties }) =>
        !("RedrivePolicy" in Properties) && !deadLetters.has(logicalId),
    );

    const held = Object.values(stage.routes).some(({ targets }) => targets !== undefined);
    expect(idsOf(lone)).toEqual(held ? ["HeldEventQueue"] : []);
    expect(deadLetters.size).toBeGreaterThan(0);
  });

  it("every rule and every schedule has a dead-letter queue and a retry policy", () => {
    const rules = stack.ofType("AWS::Events::Rule");
    const schedules = stack.ofType("AWS::Scheduler::Schedule");

    const targets = [
      ...rules.flatMap(({ Properties }) => listOf(Properties["Targets"])),
      ...schedules.map(({ Properties }) => Properties["Target"]),
    ];

    for (const target of targets) {
      expect(target).toHaveProperty("DeadLetterConfig.Arn");
      expect(target).toHaveProperty("RetryPolicy");
    }
    // All but the one that only counts deployments, of which a lean stage makes nothing.
    expect(rules.filter(({ Properties }) => !("Targets" in Properties))).toHaveLength(
      stage.footprint === "lean" ? 0 : 1,
    );
  });

  it("every queue, topic and bucket refuses what does not come over TLS", () => {
    const policies = ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"];
    const guarded = new Set(
      policies.flatMap((type) =>
        stack.ofType(type).filter(refusesPlainText).flatMap(resourcesOfPolicy),
      ),
    );

    const all = ["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"].flatMap((type) =>
      idsOf(stack.ofType(type)),
    );

    expect(all.filter((id) => !guarded.has(id))).toEqual([]);
  });

  it("every queue, topic and bucket is encrypted, and with the stage's key every table too", () => {
    const queues = stack.ofType("AWS::SQS::Queue").filter(({ Properties }) => {
      const { SqsManagedSseEnabled: managed, KmsMasterKeyId: key } = Properties;
      return managed !== true && key === undefined;
    });
    const topics = without(stack, "AWS::SNS::Topic", "KmsMasterKeyId");
    const buckets = without(stack, "AWS::S3::Bucket", "BucketEncryption");
    const tables = without(stack, "AWS::DynamoDB::GlobalTable", "SSESpecification");

    // What an alarm of a lean stage says names nobody (docs/decisions/0068).
    const bare = stage.footprint === "lean" ? ["PageTopic", "TicketTopic"] : [];
    expect([...idsOf(queues), ...topics, ...buckets]).toEqual(bare);
    // DynamoDB encrypts in any case; the template speaks of it when the key is ours.
    expect(tables).toHaveLength(stage.encryption === "customer-managed" ? 0 : 2);
  });

  it("an event that the stage's key cannot encrypt or decrypt is kept, under another key", () => {
    const [bus] = stack.ofType("AWS::Events::EventBus");
    const own = bus?.Properties["KmsKeyIdentifier"] !== undefined;
    const config = bus?.Properties["DeadLetterConfig"];
    const queue = stack.resources.find(
      ({ logicalId }) => logicalId === (isRecord(config) ? referredId(config["Arn"]) : undefined),
    );

    expect(own).toBe(stage.encryption === "customer-managed");
    expect(queue?.Type).toBe(own ? "AWS::SQS::Queue" : undefined);
    expect(queue?.Properties["KmsMasterKeyId"]).toBeUndefined();
  });

  it("every bucket is closed to the public, and forgets", () => {
    for (const { Properties } of stack.ofType("AWS::S3::Bucket")) {
      expect(Properties["PublicAccessBlockConfiguration"]).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(JSON.stringify(Properties["LifecycleConfiguration"])).toContain("ExpirationInDays");
    }
  });

  it("every table can be restored to any point in time", () => {
    for (const { Properties } of stack.ofType("AWS::DynamoDB::GlobalTable")) {
      expect(Properties["Replicas"]).toEqual([
        expect.objectContaining({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          DeletionProtectionEnabled: stage.removal === "retain",
        }),
      ]);
    }
  });

  it("a second region moves no data: every table is a global one with a replica here alone", () => {
    expect(stack.ofType("AWS::DynamoDB::Table")).toEqual([]);
    const replicas = stack
      .ofType("AWS::DynamoDB::GlobalTable")
      .map(({ Properties }) => listOf(Properties["Replicas"]).filter(isRecord));

    expect(replicas).toHaveLength(2);
    for (const [here, ...others] of replicas) {
      expect(here?.["Region"]).toEqual({ Ref: "AWS::Region" });
      expect(others).toEqual([]);
      // CloudFormation gives a replica none of the stack's tags, by which the preflight finds leftovers.
      expect(here?.["Tags"]).toEqual([
        { Key: "application", Value: "alloy-journey-webhooks" },
        { Key: "stage", Value: stage.stage },
      ]);
    }
  });

  it("every log group forgets after a while", () => {
    expect(without(stack, "AWS::Logs::LogGroup", "RetentionInDays")).toEqual([]);
  });

  it("every function runs on the pinned Node, on Graviton, and writes JSON with its metrics to a group of ours", () => {
    const groups = idsOf(stack.ofType("AWS::Logs::LogGroup"));

    for (const { Properties } of stack.ofType("AWS::Lambda::Function")) {
      const { LoggingConfig: logging } = Properties;
      expect(Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        // The metrics are lines of the log, and count as INFO: above it all of them would be gone.
        LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "INFO", SystemLogLevel: "WARN" },
      });
      expect(groups).toContain(isRecord(logging) ? referredId(logging["LogGroup"]) : undefined);
    }
  });

  it("every stateful resource says what becomes of it, and its logical id is pinned", () => {
    const stateful = STATEFUL.flatMap((type) => stack.ofType(type));
    const expected =
      stage.removal === "retain" ? ["RetainExceptOnCreate", "Retain"] : ["Delete", "Delete"];

    for (const { DeletionPolicy, UpdateReplacePolicy } of stateful) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(expected);
    }
    const teams = Object.keys(stage.alarms.teams).map((team) => `${pascalCase(team)}TeamTopic`);
    expect(idsOf(stateful).filter((id) => ![...PINNED, ...teams].includes(id))).toEqual([]);
  });
});

describe("what holds data", () => {
  const stack = templateOf(sandbox);

  it("keeps its logical id", () => {
    const variants = [withInvestigations, withDecisions, withOwnKey, withTargets];
    const stages = variants.map((stage) => templateOf(stage));
    const ids = stages.flatMap(({ resources }) => idsOf(resources));

    expect(PINNED.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("keeps the value that the template gives a secret, or CloudFormation would overwrite it", () => {
    const secrets = stack.ofType("AWS::SecretsManager::Secret");

    const values = secrets.map(({ logicalId, Properties }) => [
      logicalId,
      Properties["SecretString"],
    ]);

    expect(Object.fromEntries(values)).toEqual({
      WebhookSecret: '{"basic":[],"hmac":[]}',
      AlloyApiSecret: '{"token":"","secret":""}',
    });
  });
});

function without(stack: Synthesised, type: string, property: string): readonly string[] {
  return idsOf(stack.ofType(type).filter(({ Properties }) => !(property in Properties)));
}

/** The queues that something sends its failures to. */
function deadLetterIds(stack: Synthesised): ReadonlySet<string> {
  const ids = stack.resources
    .flatMap(({ Properties }) => objectsIn(Properties))
    .flatMap(({ deadLetterTargetArn, DeadLetterConfig: config }) => [
      referredId(deadLetterTargetArn),
      isRecord(config) ? referredId(config["Arn"]) : undefined,
    ]);
  return new Set(ids.filter((id) => id !== undefined));
}

function refusesPlainText({ Properties }: TemplateResource): boolean {
  return objectsIn(Properties["PolicyDocument"]).some(
    ({ Effect: effect, Condition: condition, Principal: principal }) =>
      effect === "Deny" &&
      JSON.stringify(condition) === '{"Bool":{"aws:SecureTransport":"false"}}' &&
      ['"*"', '{"AWS":"*"}'].includes(JSON.stringify(principal)),
  );
}

function resourcesOfPolicy({ Properties }: TemplateResource): readonly string[] {
  const { Queues: queues, Topics: topics, Bucket: bucket } = Properties;
  return [queues, topics, bucket]
    .flatMap(listOf)
    .map(referredId)
    .filter((id) => id !== undefined);
}
