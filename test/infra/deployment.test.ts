import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { refuseOtherPartitions } from "../../lib/config/partition.ts";
import { isFirstFrom } from "../../lib/config/first-deployment.ts";
import { idsOf, isRecord, listOf } from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import { production, sandbox, VARIANTS } from "../../tools/template/variants.ts";
import { A_DOMAIN } from "../support/stages.ts";
import { templateOf, theOnly } from "../support/template.ts";

/** What the first deployment, a change of code and a move to a name of one's own may not break. */

describe.each(VARIANTS)("a first deployment of %s", (_name, stage) => {
  const first = templateOf(stage, { isFirstDeployment: true });
  const next = templateOf(stage);

  it("that fails leaves nothing behind which the next attempt meets", () => {
    const kept = first.resources.filter(
      ({ DeletionPolicy: policy }) => policy === "Retain" || policy === "Snapshot",
    );

    expect(kept).toEqual([]);
  });

  it("can be undone: neither the stack nor a table refuses to be deleted", () => {
    expect(first.isTerminationProtected).toBe(false);
    expect(protectedTables(first)).toEqual([]);
  });

  it("is protected by the next one, which changes nothing else", () => {
    const retains = stage.removal === "retain";

    expect(next.isTerminationProtected).toBe(retains);
    expect(protectedTables(next)).toHaveLength(retains ? 2 : 0);
    expect(withoutProtection(first)).toEqual(withoutProtection(next));
  });
});

it("the command line says that a deployment is the first, or nothing", () => {
  expect(isFirstFrom("true")).toBe(true);
  expect(isFirstFrom(undefined)).toBe(false);
  expect(() => isFirstFrom("yes")).toThrow(
    'The context firstDeployment is "yes", but it must be true, or not there.',
  );
});

it("in an account too small to reserve from, a backlog takes two of ten at most, and leaves ingest the rest", () => {
  const shared = templateOf({ ...sandbox, concurrency: "shared" });

  expect(theOnly(shared, "AWS::Lambda::EventSourceMapping")["ScalingConfig"]).toEqual({
    MaximumConcurrency: 2,
  });
});

describe("a name of one's own", () => {
  it.each([
    ["leaves API Gateway's own open, before DNS and Alloy know the new one", {}, false],
    ["leaves it open when the stage says so", { executeApi: "open" }, false],
    ["closes it when the stage says so", { executeApi: "closed" }, true],
  ] as const)("%s", (_, change, isClosed) => {
    const stack = templateOf({ ...production, domain: { ...A_DOMAIN, ...change } });

    const { DisableExecuteApiEndpoint: closed = false } = theOnly(stack, "AWS::ApiGatewayV2::Api");
    expect(closed).toBe(isClosed);
  });

  it("comes with the target of its DNS record; without one there is no such output", () => {
    const { outputs } = templateOf({ ...production, domain: A_DOMAIN });

    expect(outputs["WebhookDnsTarget"]).toEqual({
      "Fn::GetAtt": ["IntakeDomainC9AFCCDF", "RegionalDomainName"],
    });
    expect(templateOf(production).outputs).not.toHaveProperty("WebhookDnsTarget");
  });
});

describe.each(VARIANTS)("the URL that Alloy holds, in %s", (_name, stage) => {
  it("hangs on resources whose ids no move of code changes", () => {
    const stack = templateOf(stage);

    expect(idsOfUrl(stack)).toEqual({
      "AWS::ApiGatewayV2::Api": ["IntakeApi6BE964B1"],
      "AWS::ApiGatewayV2::Integration": ["IntakeApiPOSTwebhooksalloyIntegrationA7966789"],
      "AWS::ApiGatewayV2::Route": ["IntakeApiPOSTwebhooksalloy92A221A8"],
      "AWS::ApiGatewayV2::Stage": ["IntakeStage3563B37F"],
      "AWS::ApiGatewayV2::DomainName": stage.domain === null ? [] : ["IntakeDomainC9AFCCDF"],
      "AWS::ApiGatewayV2::ApiMapping":
        stage.domain === null
          ? []
          : ["IntakeStageAlloyJourneyWebhookssandboxIntakeDomainundefined8E53DDC2"],
      "AWS::Lambda::EventSourceMapping": ["ProcessingSourceA968FB9E"],
    });
  });
});

describe("a region of another partition", () => {
  it.each([
    "cn-north-1",
    "us-gov-west-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
  ])("%s is refused, where the functions would not find their endpoints", (region) => {
    expect(() => refuseOtherPartitions(region)).toThrow(
      `The region ${region} is not in the partition aws, and only there the functions find the endpoints that they call; choose another one with AWS_REGION.`,
    );
  });

  it.each([
    "us-east-1",
    "eu-central-1",
    "ap-southeast-2",
    "il-central-1",
    "mx-central-1",
    undefined,
  ])("%s is not one", (region) => {
    expect(() => refuseOtherPartitions(region)).not.toThrow();
  });
});

it("a deployment that gives more rights asks the person who deploys", () => {
  expect(JSON.parse(readFileSync("cdk.json", "utf8"))).toMatchObject({
    requireApproval: "broadening",
  });
});

function protectedTables(stack: Synthesised): readonly unknown[] {
  return stack
    .ofType("AWS::DynamoDB::GlobalTable")
    .filter(({ Properties }) =>
      JSON.stringify(Properties).includes('"DeletionProtectionEnabled":true'),
    );
}

function withoutProtection({ resources }: Synthesised): unknown {
  return resources.map((one) => ({
    ...one,
    // What is not bundled has another asset each time, and with it another version.
    logicalId: withoutHash(one.logicalId),
    Properties: {
      ...one.Properties,
      Code: undefined,
      FunctionVersion: undefined,
      Replicas: listOf(one.Properties["Replicas"])
        .filter(isRecord)
        .map((replica) => ({ ...replica, DeletionProtectionEnabled: undefined })),
    },
  }));
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/(?<=CurrentVersion).+$/, "");
}

function idsOfUrl(stack: Synthesised): Readonly<Record<string, readonly string[]>> {
  const types = [
    ...["Api", "Integration", "Route", "Stage", "DomainName", "ApiMapping"].map(
      (type) => `AWS::ApiGatewayV2::${type}`,
    ),
    "AWS::Lambda::EventSourceMapping",
  ];
  return Object.fromEntries(types.map((type) => [type, idsOf(stack.ofType(type))]));
}
