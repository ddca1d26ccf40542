import { describe, expect, it } from "vitest";
import { idsOf, isRecord, listOf, objectsIn } from "../../tools/template/template.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";

/**
 * Rules over every policy, for people to read. That each role may do what its function does and nothing else is held
 * by iam.test.ts, which asks IAM about every call, and by the rights that each adapter declares.
 */

const WITHOUT_RESOURCE: readonly string[] = [
  "cloudwatch:GetMetricData",
  "cloudwatch:DescribeAlarms",
];

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);
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
      '{"Fn::Join":["",[{"Fn::GetAtt":["PayloadBucket","Arn"]},"/held/*"]]}',
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

function identityStatements(stack: Synthesised) {
  return stack.ofType("AWS::IAM::Policy").flatMap(({ Properties }) =>
    objectsIn(Properties["PolicyDocument"])
      .filter((one) => one["Effect"] === "Allow")
      .map((one) => ({
        actions: listOf(one["Action"]).map(String),
        resources: listOf(one["Resource"]),
      })),
  );
}
