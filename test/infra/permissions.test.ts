import { describe, expect, it } from "vitest";
import {
  idsOf,
  isRecord,
  listOf,
  objectsIn,
  referredId,
  synthesise,
} from "../../tools/template/synthesise.ts";
import { sandbox, VARIANTS } from "../../tools/template/variants.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";

const WITHOUT_RESOURCE: readonly string[] = [
  "cloudwatch:GetMetricData",
  "cloudwatch:DescribeAlarms",
];

interface Statement {
  readonly policy: string;
  readonly actions: readonly string[];
  readonly resources: readonly unknown[];
}

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = synthesise(stage);
  const statements = identityStatements(stack);

  it("no action has a wildcard", () => {
    const actions = statements.flatMap((statement) => statement.actions);

    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
    expect(actions).toContain("sqs:SendMessage");
  });

  it("no resource has a wildcard, but the objects under a prefix of our own bucket, and metrics and alarms, which have none", () => {
    const resources = statements
      .filter(({ actions }) => !actions.every((action) => WITHOUT_RESOURCE.includes(action)))
      .flatMap((statement) => statement.resources);

    const wild = new Set(
      resources.map((resource) => JSON.stringify(resource)).filter((text) => text.includes("*")),
    );

    expect([...wild].toSorted()).toEqual([
      '{"Fn::Join":["",[{"Fn::GetAtt":["PayloadBucket","Arn"]},"/polls/*"]]}',
      '{"Fn::Join":["",[{"Fn::GetAtt":["PayloadBucket","Arn"]},"/webhooks/*"]]}',
      '{"Fn::Join":["",[{"Fn::GetAtt":["StatementBucket","Arn"]},"/statements/*"]]}',
    ]);
  });

  it("no function may go through a whole table, so that no cost grows with what is stored", () => {
    const wholeTable = /^dynamodb:(Scan|PartiQLSelect|ExportTableToPointInTime)$/;

    const tableActions = statements
      .flatMap(({ actions }) => actions)
      .filter((action) => action.startsWith("dynamodb:"));

    expect(tableActions.filter((action) => wholeTable.test(action))).toEqual([]);
    expect(tableActions).toContain("dynamodb:Query");
  });

  it("no role has a policy that AWS manages", () => {
    const managed = stack
      .ofType("AWS::IAM::Role")
      .filter(({ Properties }) => "ManagedPolicyArns" in Properties);

    expect(idsOf(managed)).toEqual([]);
  });

  it("every role is taken by a service of AWS alone", () => {
    for (const { Properties } of stack.ofType("AWS::IAM::Role")) {
      const principals = objectsIn(Properties["AssumeRolePolicyDocument"]).flatMap((one) =>
        listOf(one["Principal"]),
      );

      expect(
        principals.map((principal) => (isRecord(principal) ? Object.keys(principal) : [])),
      ).toEqual([["Service"]]);
    }
  });
});

describe("may do what it does and nothing else", () => {
  const stack = synthesise(sandbox);

  it("ingest", () => {
    expect(permissionsOf(stack, "Ingest")).toEqual({
      EventQueue: ["sqs:SendMessage"],
      PayloadBucket: ["s3:PutObject"],
      WebhookSecret: ["secretsmanager:GetSecretValue"],
    });
  });

  it("the consumer", () => {
    expect(permissionsOf(stack, "Consumer")).toEqual({
      // It reads for a healed event (Query) and for a correction (GetItem) alone.
      ApplicationTable: [
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ],
      DeadLetterQueue: ["sqs:SendMessage"],
      EventBus: ["events:PutEvents"],
      EventQueue: [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
      ],
      IdempotencyTable: ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      // Under each prefix; and to be told that a body is gone, not that it is forbidden.
      PayloadBucket: ["s3:GetObject", "s3:GetObject", "s3:ListBucket"],
    });
  });

  it("the poller", () => {
    expect(permissionsOf(stack, "PollerRole")).toEqual({
      // There is no narrower right to read a metric.
      '"*"': ["cloudwatch:GetMetricData"],
      AlloyApiSecret: ["secretsmanager:GetSecretValue"],
      // Of the table itself and of its indexes for due applications and for those in gap.
      ApplicationTable: [
        "dynamodb:Query",
        "dynamodb:Query",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ],
      EventBus: ["events:PutEvents"],
      EventQueue: ["sqs:GetQueueAttributes", "sqs:SendMessage"],
      PayloadBucket: ["s3:PutObject"],
      ScheduleDeadLetterQueue: ["sqs:SendMessage"],
    });
  });

  it("the daily statement", () => {
    expect(permissionsOf(stack, "StatementRole")).toEqual({
      // Of the table and of its index of due applications.
      ApplicationTable: ["dynamodb:Query", "dynamodb:Query"],
      IdempotencyTable: ["dynamodb:BatchGetItem"],
      ScheduleDeadLetterQueue: ["sqs:SendMessage"],
      StatementBucket: ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
      StatementKey: ["kms:Sign"],
    });
  });

  it("the schedule", () => {
    const functions = idsOf(stack.ofType("AWS::Lambda::Function"));
    const poller = functions.find((id) => id.includes("Poller")) ?? "the poller";

    expect(permissionsOf(stack, "ScheduleRole")).toEqual({
      [poller]: ["lambda:InvokeFunction"],
      ScheduleDeadLetterQueue: ["sqs:SendMessage"],
    });
  });
});

function identityStatements(stack: Synthesised): readonly Statement[] {
  return stack.ofType("AWS::IAM::Policy").flatMap(({ logicalId, Properties }) =>
    objectsIn(Properties["PolicyDocument"])
      .filter((one) => one["Effect"] === "Allow")
      .map((one) => ({
        policy: logicalId,
        actions: listOf(one["Action"]).map(String),
        resources: listOf(one["Resource"]),
      })),
  );
}

/** What the role whose name contains `name` may do, by resource; writing its own log left out. */
function permissionsOf(stack: Synthesised, name: string): Record<string, readonly string[]> {
  const statements = identityStatements(stack).filter(({ policy }) => policy.includes(name));
  const pairs = statements.flatMap(({ actions, resources }) =>
    resources.flatMap((resource) =>
      actions
        .filter((action) => !action.startsWith("logs:"))
        .map((action) => ({ id: idIn(resource), action })),
    ),
  );
  return Object.fromEntries(
    [...Map.groupBy(pairs, ({ id }) => id)].map(([id, group]) => [
      id,
      group.map(({ action }) => action).toSorted(),
    ]),
  );
}

/** The logical id in an ARN, also in one that names a part (`table/index/due`, `bucket/*`). */
function idIn(resource: unknown): string {
  const ids = objectsIn(resource)
    .map(referredId)
    .filter((id) => id !== undefined);
  return ids[0] ?? JSON.stringify(resource);
}
