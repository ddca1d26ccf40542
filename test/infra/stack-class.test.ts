import { App, PermissionsBoundary, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { Topic } from "aws-cdk-lib/aws-sns";
import { describe, expect, it } from "vitest";

import {
  AlloyJourneyWebhooks,
  PRODUCTION,
  SANDBOX,
  stageOf,
  WebhookIntake,
} from "../../lib/index.ts";
import type { AlloyJourneyWebhooksProps, StageProps } from "../../lib/index.ts";
import type { StackTemplate } from "../../tools/template/template.ts";
import { readTemplate } from "../../tools/template/template.ts";
import { templateOf } from "../support/template.ts";

const SANDBOX_PROPS = { stage: "sandbox", environment: "sandbox" } as const;

/** An app of others, which has none of our feature flags: without bundles, and without CDK's warnings, which nobody reads here. */
const anApp = () =>
  new App({
    context: { "aws:cdk:bundling-stacks": [] },
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });

function stackOf(props: Partial<AlloyJourneyWebhooksProps> = {}, app = anApp()) {
  return new AlloyJourneyWebhooks(app, "Alloy", { ...SANDBOX_PROPS, ...props });
}

function templateIn(stack: Stack) {
  return readTemplate(Template.fromStack(stack).toJSON());
}

/** What is not bundled has a hash of its path; test/e2e/package.test.ts compares those of bundles. */
function withoutHashes({ resources }: StackTemplate): unknown {
  return JSON.parse(JSON.stringify(resources).replaceAll(/[0-9a-f]{64}\.zip/g, "bundle.zip"));
}

describe("the stack as a class", () => {
  it("makes the template of a clone in an app without our feature flags, under another id", () => {
    const made = templateIn(stackOf());

    expect(withoutHashes(made)).toEqual(withoutHashes(templateOf(SANDBOX)));
  });

  it("has the name by which the commands find it, whatever its id", () => {
    expect(stackOf().stackName).toBe("AlloyJourneyWebhooks-sandbox");
  });

  it("hands on what is CDK's own", () => {
    const app = anApp();
    const stack = stackOf(
      {
        env: { account: "123456789012", region: "eu-west-1" },
        tags: { team: "onboarding" },
        description: "Ours",
        permissionsBoundary: PermissionsBoundary.fromName("boundary"),
      },
      app,
    );
    const roles = templateIn(stack).ofType("AWS::IAM::Role");

    expect(stack.tags.tagValues()).toMatchObject({ team: "onboarding", stage: "sandbox" });
    expect(stack.environment).toBe("aws://123456789012/eu-west-1");
    expect(stack.templateOptions.description).toBe("Ours");
    expect(roles.length).toBeGreaterThan(4);
    for (const { Properties } of roles) {
      expect(JSON.stringify(Properties["PermissionsBoundary"])).toContain("policy/boundary");
    }
  });

  it("runs every function in a network of the caller's, with the rights that Lambda needs there", () => {
    const app = anApp();
    const others = new Stack(app, "Network");
    const vpc = Vpc.fromVpcAttributes(others, "Vpc", {
      vpcId: "vpc-1",
      availabilityZones: ["us-east-1a", "us-east-1b"],
      privateSubnetIds: ["subnet-1", "subnet-2"],
    });
    const group = SecurityGroup.fromSecurityGroupId(others, "Group", "sg-1");
    const template = templateIn(stackOf({ vpc, securityGroups: [group] }, app));

    for (const { Properties } of template.ofType("AWS::Lambda::Function")) {
      expect(Properties).toHaveProperty("VpcConfig.SecurityGroupIds");
    }
    const policies = template.ofType("AWS::IAM::Policy").map((one) => JSON.stringify(one));
    expect(policies.filter((one) => one.includes("ec2:CreateNetworkInterface"))).toHaveLength(4);
  });

  it("gives its parts to whoever needs more than the settings", () => {
    const stack = stackOf();

    expect(stack.store.applications.tableName).toBeDefined();
    expect(stack.ingest.function.function.functionName).toBeDefined();
    expect(stack.queue.events.queueUrl).toBeDefined();
    expect(stack.routes.bus.eventBusName).toBeDefined();
  });

  it("refuses a region of another partition, as the command line does", () => {
    expect(() => stackOf({ env: { region: "cn-north-1" } })).toThrow(/not in the partition aws/);
  });
});

describe("a stage as a caller says it", () => {
  it("is as it is shipped where nothing is said", () => {
    expect(stageOf(SANDBOX_PROPS)).toEqual(SANDBOX);
    expect(
      stageOf({ stage: "production", environment: "live", alarms: { channels: "none" } }),
    ).toEqual({ ...PRODUCTION, alarms: { ...PRODUCTION.alarms, channels: "none" } });
  });

  it("keeps what a group of settings does not name", () => {
    const stage = stageOf({
      ...SANDBOX_PROPS,
      polling: { requestsPerSecond: 6 },
      routes: { progressed: { publish: false } },
      retention: { eventsMs: 86_400_000 },
    });

    expect(stage.polling).toEqual({ ...SANDBOX.polling, requestsPerSecond: 6 });
    expect(stage.routes).toEqual({
      ...SANDBOX.routes,
      progressed: { ...SANDBOX.routes.progressed, publish: false },
    });
    expect(stage.retention.payloadsMs).toBe(SANDBOX.retention.payloadsMs);
  });

  it.each([
    ["a setting that does not exist", { retentions: {} }, /retentions: there is no such setting/],
    [
      "a route that does not exist",
      { routes: { aproved: {} } },
      /routes.aproved: there is no such/,
    ],
    ["a value that cannot be", { polling: { rateMs: 90_000 } }, /polling.rateMs: 90000 was given/],
  ])("refuses %s in a sentence", (_, given, sentence) => {
    // As plain JavaScript may say it.
    const props: StageProps = JSON.parse(JSON.stringify({ ...SANDBOX_PROPS, ...given }));

    expect(() => stageOf(props)).toThrow(sentence);
  });
});

describe("ingest and its queue in a stack of others", () => {
  function appOfOthers(intakes: readonly string[] = ["Alloy"]) {
    const app = anApp();
    const alerts = new Topic(new Stack(app, "Shared"), "Topic");
    const stack = new Stack(app, "Onboarding");
    const made = intakes.map(
      (id) =>
        new WebhookIntake(stack, id, {
          ...SANDBOX_PROPS,
          alarms: { channels: { page: [{ email: "oncall@example.com" }], ticket: [] } },
        }),
    );
    const decisions = new Topic(stack, "Decisions", { displayName: alerts.topicName });
    return { decisions, made, template: templateIn(stack) };
  }

  it("stands beside what is there, under logical ids of its own", () => {
    const { template } = appOfOthers();
    const pinned = new Set(templateOf(SANDBOX).resources.map(({ logicalId }) => logicalId));

    const taken = template.resources.filter(({ logicalId }) => pinned.has(logicalId));

    expect(taken).toEqual([]);
    expect(template.ofType("AWS::SQS::Queue")).toHaveLength(2);
    expect(template.ofType("AWS::ApiGatewayV2::Api")).toHaveLength(1);
    expect(template.ofType("AWS::DynamoDB::GlobalTable")).toEqual([]);
    expect(template.ofType("AWS::Lambda::Function")).toHaveLength(1);
  });

  it("may stand there twice", () => {
    const { template } = appOfOthers(["Sandbox", "Second"]);
    const names = template
      .ofType("AWS::CloudWatch::Alarm")
      .map(({ Properties }) => String(Properties["AlarmName"]));

    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(10);
  });

  it("pages for each alarm by itself, since nothing is over them", () => {
    const { template } = appOfOthers();
    const [page] = template.ofType("AWS::SNS::Subscription");

    expect(JSON.stringify(page?.Properties["FilterPolicy"])).not.toContain("anything-but");
  });

  it("has no alarm about what only a poller counts, and links to no dashboard", () => {
    const alarms = JSON.stringify(appOfOthers().template.ofType("AWS::CloudWatch::Alarm"));

    expect(alarms).toContain("ingest-failing");
    expect(alarms).not.toContain("switch-off-near");
    expect(alarms).not.toContain("Dashboard");
  });
});
