import { afterAll, describe, expect, it } from "vitest";
import { INGEST_ROLLBACK_ALARMS, STACK_ROLLBACK_ALARMS } from "../../lib/config/rollback.ts";
import { harmDone } from "../../tools/deploy/harm.ts";
import { recordedTemplate } from "../../tools/release/recorded.ts";
import {
  idsOf,
  isRecord,
  listOf,
  readTemplate,
  referredId,
} from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import type { StackTemplate } from "../../tools/template/template.ts";
import { production, sandbox, VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

/** What a deployment over the last release may not do, and how a bad build goes back by itself. */

const report: string[] = [];

afterAll(() => {
  for (const line of report) console.info(line);
});

/** A variant that the last release did not have is compared from the next release on. */
const RECORDED = VARIANTS.flatMap(([name, stage]) => {
  const deployed = recordedTemplate(name);
  return deployed === undefined ? [] : [{ name, stage, deployed }];
});

describe.each(RECORDED)(
  "a deployment of $name over the last release",
  ({ name, stage, deployed }) => {
    it("deletes, replaces and switches off nothing that holds data, and the URL stays", () => {
      const harms = harmDone(deployed, templateOf(stage));

      const guarded = deployed.resources.length;
      report.push(
        `${name}: guarded since the last release: ${guarded}, deleted, replaced or off: ${harms.length}`,
      );
      expect(harms.map(({ says }) => says)).toEqual([]);
      expect(guarded).toBeGreaterThan(20);
    });
  },
);

it("the last release has sandbox and production", () => {
  expect(RECORDED.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["sandbox", "production"]),
  );
});

describe("the comparison with the last release", () => {
  const deployed = templateOf(production);
  const says = (next: StackTemplate) => harmDone(deployed, next).map((one) => one.says);

  it.each(idsOf(deployed.resources.filter(({ Type }) => /Table$|Queue$|Bucket$|Key$/.test(Type))))(
    "names %s when its logical id changes",
    (id) => {
      expect(says(changed(deployed, `"${id}"`, `"${id}2"`))).toContainEqual(
        expect.stringMatching(new RegExp(`^${id} \\(AWS::.+\\) would be deleted: `)),
      );
    },
  );

  it("names the API and its route, by which Alloy's URL hangs, when their ids change", () => {
    for (const id of ["IntakeApi6BE964B1", "IntakeApiPOSTwebhooksalloy92A221A8"]) {
      expect(says(changed(deployed, `"${id}"`, `"${id}2"`))).toContainEqual(
        expect.stringContaining(`${id} (AWS::ApiGatewayV2::`),
      );
    }
  });

  it.each([
    [
      "a table's key",
      '"AttributeName":"pk","KeyType"',
      '"AttributeName":"p","KeyType"',
      "its KeySchema changes",
    ],
    [
      "a table's type",
      "DynamoDB::GlobalTable",
      "DynamoDB::Table",
      "CloudFormation refuses to change a type",
    ],
    [
      "the bus's name",
      '"Name":"AlloyJourneyWebhooks-production"',
      '"Name":"Other"',
      "its Name changes",
    ],
    [
      "deletion protection",
      '"DeletionProtectionEnabled":true',
      '"DeletionProtectionEnabled":false',
      "would lose its deletion protection",
    ],
    [
      "point-in-time recovery",
      '"PointInTimeRecoveryEnabled":true',
      '"PointInTimeRecoveryEnabled":false',
      "would lose its point-in-time recovery",
    ],
    [
      "what survives the stack",
      '"DeletionPolicy":"RetainExceptOnCreate"',
      '"DeletionPolicy":"Delete"',
      "would lose its retention",
    ],
    [
      "the schedule",
      '"ScheduleExpression"',
      '"State":"DISABLED","ScheduleExpression"',
      "(AWS::Scheduler::Schedule) would lose its start",
    ],
    [
      "the consumer's source",
      '"BatchSize"',
      '"Enabled":false,"BatchSize"',
      "(AWS::Lambda::EventSourceMapping) would lose its start",
    ],
    [
      "API Gateway's own name",
      '"ProtocolType"',
      '"DisableExecuteApiEndpoint":true,"ProtocolType"',
      "would lose its execute-api name",
    ],
  ])("says what becomes of %s", (_what, from, to, sentence) => {
    expect(says(changed(deployed, from, to)).join("\n")).toContain(sentence);
  });

  it("says nothing of a template that is the same", () => {
    expect(says(changed(deployed, "nothing", "nothing"))).toEqual([]);
  });
});

describe.each(VARIANTS)("a new build of ingest in %s", (_name, stage) => {
  const stack = templateOf(stage);
  const isGradual = stage.rollout !== "all-at-once";
  const isLean = stage.footprint === "lean";

  it("takes over by parts, and goes back when an alarm rings, where the stage says so", () => {
    const [group, ...others] = stack.ofType("AWS::CodeDeploy::DeploymentGroup");
    const [integration] = stack.ofType("AWS::ApiGatewayV2::Integration");
    const [alias] = stack.ofType("AWS::Lambda::Alias");

    expect(others).toEqual([]);
    expect(group === undefined).toBe(!isGradual);
    expect(referredId(integration?.Properties["IntegrationUri"])).toBe(
      isGradual ? alias?.logicalId : ingestOf(stack),
    );
    if (group === undefined) return;
    expect(alias).toMatchObject({
      UpdatePolicy: {
        CodeDeployLambdaAliasUpdate: { DeploymentGroupName: { Ref: group.logicalId } },
      },
    });
    expect(group.Properties["DeploymentConfigName"]).toMatch(
      stage.rollout === "canary"
        ? /LambdaCanary10Percent15Minutes$/
        : /LambdaLinear10PercentEvery2Minutes$/,
    );
    expect(group.Properties["AutoRollbackConfiguration"]).toEqual({
      Enabled: true,
      Events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
    });
    expect(alarmsOf(group.Properties["AlarmConfiguration"], stack)).toEqual(
      INGEST_ROLLBACK_ALARMS.map((id) => `AlloyJourneyWebhooks-${stage.stage}-${id}`),
    );
  });

  it("is called only after the right to call it is there, also while the alias comes or goes", () => {
    const [integration] = stack.ofType("AWS::ApiGatewayV2::Integration");
    const [permission] = stack
      .ofType("AWS::Lambda::Permission")
      .filter(({ Properties }) => Properties["Principal"] === "apigateway.amazonaws.com");

    expect(referredId(permission?.Properties["FunctionName"])).toBe(
      referredId(integration?.Properties["IntegrationUri"]),
    );
    expect(listOf(integration?.["DependsOn"])).toEqual([permission?.logicalId]);
  });

  it("waits for the role and the group by which it would go back", () => {
    const needed = stack.resources.filter(
      ({ logicalId, Type }) =>
        logicalId.includes("Release") && /::(?:Role|Policy|DeploymentGroup)$/.test(Type),
    );

    const waitsFor = listOf(stack.ofType("AWS::Lambda::Alias")[0]?.["DependsOn"]);
    expect(idsOf(needed).filter((id) => !waitsFor.includes(id))).toEqual([]);
    expect(needed).toHaveLength(isGradual ? 3 : 0);
  });

  it("every alarm that takes a deployment back is one of the stack, and counts no stranger's requests", () => {
    const alarms = new Map(
      stack
        .ofType("AWS::CloudWatch::Alarm")
        .map(({ Properties }) => [
          String(Properties["AlarmName"]).split(`-${stage.stage}-`)[1],
          JSON.stringify(Properties),
        ]),
    );

    // A lean stage has not all of them: one that would go back by itself may not be lean (`implausible.test.ts`).
    const wanted = STACK_ROLLBACK_ALARMS.filter((id) => !isLean || alarms.has(id));
    for (const id of wanted) {
      expect(alarms.get(id)).not.toMatch(/"(?:CredentialsRejected|AddressesUnlisted|4xx)"/);
    }
    expect(wanted.filter((id) => !alarms.has(id))).toEqual([]);
    // CloudFormation takes five.
    expect(STACK_ROLLBACK_ALARMS.length).toBeLessThanOrEqual(5);
  });
});

it("sandbox goes live at once, production by parts", () => {
  expect([sandbox.rollout, production.rollout]).toEqual(["all-at-once", "canary"]);
});

/** The same template, with another text in the place of one. */
function changed({ resources }: Synthesised, from: string, to: string): StackTemplate {
  const text = JSON.stringify({
    Resources: Object.fromEntries(resources.map(({ logicalId, ...one }) => [logicalId, one])),
    Outputs: {},
  });
  return readTemplate(JSON.parse(text.replaceAll(from, to)));
}

function ingestOf(stack: Synthesised): string | undefined {
  return idsOf(stack.ofType("AWS::Lambda::Function")).find((id) => id.includes("Ingest"));
}

function alarmsOf(configuration: unknown, stack: Synthesised): readonly unknown[] {
  const alarms = isRecord(configuration) ? listOf(configuration["Alarms"]).filter(isRecord) : [];
  return alarms.map(
    ({ Name }) =>
      stack.resources.find(({ logicalId }) => logicalId === referredId(Name))?.Properties[
        "AlarmName"
      ],
  );
}
