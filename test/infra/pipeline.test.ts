import { describe, expect, it } from "vitest";
import { THROTTLE } from "../../lambdas/settings/limits.ts";
import { EVENT_SOURCE, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import {
  consumerSettings,
  ingestSettings,
  pollerSettings,
} from "../../lib/config/function-settings.ts";
import { listOf, objectsIn } from "../../tools/template/template.ts";
import {
  local,
  production,
  sandbox,
  withDecisions,
  withInvestigations,
  withOtherTeams,
  withOwnName,
} from "../../tools/template/variants.ts";
import type { StackTemplate } from "../../tools/template/template.ts";
import { metricFiltersOf } from "../../tools/strict-aws/metric-filters.ts";
import { accessLogFormatOf, accessLogLine } from "../support/access-log.ts";
import { A_DOMAIN, TOKENS } from "../support/stages.ts";
import { templateOf, theOnly, valuesOf } from "../support/template.ts";

describe("the way in", () => {
  const stack = templateOf(sandbox);

  it("is one route, with payload format 2.0, and nothing else", () => {
    expect(theOnly(stack, "AWS::ApiGatewayV2::Route")).toMatchObject({
      RouteKey: "POST /webhooks/alloy",
      AuthorizationType: "NONE",
    });
    expect(theOnly(stack, "AWS::ApiGatewayV2::Integration")["PayloadFormatVersion"]).toBe("2.0");
  });

  it("is throttled", () => {
    expect(theOnly(stack, "AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]).toEqual({
      ThrottlingBurstLimit: THROTTLE.burst,
      ThrottlingRateLimit: THROTTLE.requestsPerSecond,
    });
  });

  it("logs who called, how it ended and how long it took; no credential, no body", () => {
    const format = accessLogFormatOf(stack);

    expect(format).toBe(
      "$context.requestId $context.identity.sourceIp $context.status $context.responseLatency " +
        '$context.integrationStatus sandbox "$context.identity.userAgent" $context.integrationErrorMessage',
    );
    // It has an authorizer only where API Gateway checks tokens.
    const withTokens = accessLogFormatOf(templateOf(withOwnName));
    expect(withTokens).toContain('Agent" "$context.authorizer.error" $context.integrationError');
    expect(format).not.toMatch(/authorization|header|body/i);
  });

  it("gives a route that a single Journey publishes its rule, its queue and its alarm", () => {
    const stage = {
      ...production,
      journeyRoutes: {
        "J-1": {
          outcomes: { "Approved with Conditions ": "approved" },
          routes: { progressed: { publish: true } },
        },
      },
    } as const;

    expect(templateOf(production).outputs).not.toHaveProperty("ProgressedQueueUrl");
    expect(templateOf(stage).outputs).toHaveProperty("ProgressedQueueUrl");
    expect(consumerSettings(stage).journeyRoutes).toEqual({
      "J-1": {
        outcomes: { "approved with conditions": "approved" },
        routes: { progressed: { publish: true } },
      },
    });
  });

  it("lets API Gateway check tokens, when the stage says so", () => {
    const withTokens = templateOf(withOwnName);

    expect(theOnly(withTokens, "AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]).toEqual({
      Audience: ["alloy"],
      Issuer: "https://login.example.com",
    });
    expect(theOnly(withTokens, "AWS::ApiGatewayV2::Route")).toMatchObject({
      AuthorizationType: "JWT",
      AuthorizationScopes: ["send"],
    });
    expect(ingestSettings(withTokens.stage).auth).toEqual(TOKENS);
  });

  it("counts what API Gateway refuses by itself, when it checks tokens, where ingest counts the rest", () => {
    const withTokens = templateOf(withOwnName);

    const filters = withTokens.ofType("AWS::Logs::MetricFilter");
    expect(filters.map(({ Properties }) => Properties)).toContainEqual({
      FilterPattern:
        '[requestId, sourceIp, status = "401" || status = "403", responseLatency, integrationStatus = "-", stage, ...]',
      LogGroupName: { Ref: expect.stringContaining("AccessLog") },
      MetricTransformations: [
        {
          Dimensions: [{ Key: "Stage", Value: "$stage" }],
          MetricName: "CredentialsRejected",
          MetricNamespace: "AlloyJourneyWebhooks",
          MetricValue: "1",
          Unit: "Count",
        },
      ],
    });
    const counted = (values: Readonly<Record<string, string>>) =>
      metricFiltersOf(withTokens)
        .flatMap(({ read }) => read(accessLogLine(withTokens, values)) ?? [])
        .map(({ name }) => name);
    const refused = { status: "401", "authorizer.error": "The token is expired" };
    expect(counted(refused)).toContain("CredentialsRejected");
    // Ingest answered, and counts it.
    expect(counted({ ...refused, integrationStatus: "200" })).not.toContain("CredentialsRejected");
    const watched = withTokens
      .ofType("AWS::CloudWatch::Alarm")
      .filter(({ Properties }) => Properties["MetricName"] === "CredentialsRejected");
    expect(watched.map(({ Properties }) => Properties["Dimensions"])).toEqual([
      [{ Name: "Stage", Value: sandbox.stage }],
    ]);
    const without = valuesOf(stack, "AWS::Logs::MetricFilter", "MetricTransformations");
    expect(JSON.stringify(without)).not.toContain("CredentialsRejected");
  });

  it("has one address, when it has a name of its own and the other is closed", () => {
    const named = templateOf({ ...production, domain: { ...A_DOMAIN, executeApi: "closed" } });

    expect(theOnly(named, "AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"]).toBe(true);
    expect(named.ofType("AWS::ApiGatewayV2::ApiMapping")).toHaveLength(1);
  });
});

describe("the queue", () => {
  const stack = templateOf(sandbox);

  it("keeps an event for 14 days, hides it six times the consumer's limit, gives up after six", () => {
    const queue = stack.resources.find(({ logicalId }) => logicalId === "EventQueue");

    expect(queue?.Properties).toMatchObject({
      MessageRetentionPeriod: 14 * 24 * 3600,
      VisibilityTimeout: 180,
      RedrivePolicy: { maxReceiveCount: 6 },
    });
    expect(queue?.Properties).not.toHaveProperty("FifoQueue");
  });

  it("hands out batches of ten, takes back single events, and never more batches than may run", () => {
    expect(theOnly(stack, "AWS::Lambda::EventSourceMapping")).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    expect(reservedFor(stack, "Consumer")).toBe(10);
  });
});

describe("the routes", () => {
  it("are one rule each, on our events under the route's title", () => {
    const { decision } = withDecisions;
    const stack = templateOf({ ...withInvestigations, decision });

    const patterns = stack
      .ofType("AWS::Events::Rule")
      .filter(({ Properties }) => "EventBusName" in Properties)
      .map(({ Properties }) => Properties["EventPattern"]);

    for (const title of Object.values(ROUTE_TITLES)) {
      expect(patterns).toContainEqual({ source: [EVENT_SOURCE], "detail-type": [title] });
    }
    expect(patterns).toHaveLength(Object.keys(ROUTE_TITLES).length + 1);
  });

  const submissionRuleOf = (stack: StackTemplate) =>
    stack.ofType("AWS::Events::Rule").find(({ logicalId }) => /Submission/.test(logicalId))
      ?.Properties;

  it("bring a submission of anyone but us into the queue as an envelope, without code", () => {
    const rule = submissionRuleOf(templateOf(sandbox));

    expect(rule?.["EventPattern"]).toEqual({
      source: [{ "anything-but": [EVENT_SOURCE] }],
      "detail-type": ["Journey Application Submitted"],
    });
    expect(rule?.["Targets"]).toMatchObject([
      {
        Arn: { "Fn::GetAtt": ["EventQueue", "Arn"] },
        InputTransformer: {
          InputPathsMap: { id: "$.id", time: "$.time", detail: "$.detail" },
          InputTemplate:
            '{"v":1,"kind":"submission","receiptId":<id>,"receivedAt":<time>,"submission":<detail>}',
        },
      },
    ]);
  });

  it("bring submissions of the named sources alone, where the stage names some", () => {
    const stack = templateOf(withOwnName);

    expect(submissionRuleOf(stack)?.["EventPattern"]).toEqual({
      source: ["bank.onboarding", "bank.imports"],
      "detail-type": ["Journey Application Submitted"],
    });
  });

  it.each([
    ["Approved", "arn:aws:sqs:us-east-1:123456789012:accounts", undefined],
    ["Denied", "arn:aws:sns:us-east-1:123456789012:letters", undefined],
    ["NeedsAction", "arn:aws:events:us-east-1:123456789012:event-bus/default", "events:PutEvents"],
    [
      "Superseded",
      "arn:aws:events:us-east-1:123456789012:api-destination/reruns/0",
      "events:InvokeApiDestination",
    ],
    [
      "Errored",
      "arn:aws:states:us-east-1:123456789012:stateMachine:errors",
      "states:StartExecution",
    ],
    ["Expired", "arn:aws:kinesis:us-east-1:123456789012:stream/expired", "kinesis:PutRecord"],
    [
      "Completed",
      "arn:aws:firehose:us-east-1:123456789012:deliverystream/completed",
      "firehose:PutRecord",
    ],
  ])("reach, %s, another team's %s", (route, targetArn, action) => {
    const stack = templateOf(withOtherTeams);

    const [target] = targetsOf(stack, `Routes${route}`);
    const policy = stack
      .ofType("AWS::IAM::Policy")
      .find(({ logicalId }) => logicalId.includes(`${route}TargetRole`));
    expect(target).toMatchObject({
      Arn: targetArn,
      DeadLetterConfig: { Arn: { "Fn::GetAtt": [`${route}DeadLetterQueue`, "Arn"] } },
    });
    const statements = objectsIn(policy?.Properties["PolicyDocument"]).filter(
      ({ Effect: effect }) => effect === "Allow",
    );
    expect(statements).toEqual(
      action === undefined ? [] : [{ Action: action, Effect: "Allow", Resource: targetArn }],
    );
  });

  it("may start another team's function", () => {
    const targetArn = "arn:aws:lambda:us-east-1:123456789012:function:cases";
    const approved = { ...sandbox.routes.approved, targetArn };

    const stack = templateOf({ ...sandbox, routes: { ...sandbox.routes, approved } });

    const called = valuesOf(stack, "AWS::Lambda::Permission", "FunctionName");
    expect(called.filter((arn) => arn === targetArn)).toHaveLength(1);
    expect(targetsOf(stack, "RoutesApproved")).toHaveLength(2);
  });
});

describe("the poller", () => {
  it("runs every five minutes, alone, and is not started late", () => {
    const stack = templateOf(sandbox);

    expect(stack.ofType("AWS::Scheduler::Schedule")[0]?.Properties).toMatchObject({
      ScheduleExpression: "rate(5 minutes)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 2 } },
    });
    expect(reservedFor(stack, "Poller")).toBe(1);
  });

  it("runs every minute on this machine, with its intervals divided by the time scale", () => {
    const [rate] = valuesOf(templateOf(local), "AWS::Scheduler::Schedule", "ScheduleExpression");

    expect(rate).toBe("rate(1 minute)");
    expect(pollerSettings(local)).toMatchObject({
      alloyBaseUrl: "http://127.0.0.1:4000/v1",
      polling: { firstCheckMs: (10 * 60_000) / 600, capMs: (24 * 3_600_000) / 600 },
      // Not below what the emulator itself takes.
      gaps: { graceMs: 5_000, thresholdMs: 5_000 },
    });
  });

  it("reserves nothing in an account that is too small for it", () => {
    const stack = templateOf({ ...sandbox, concurrency: "shared" });

    for (const { Properties } of stack.ofType("AWS::Lambda::Function")) {
      expect(Properties).not.toHaveProperty("ReservedConcurrentExecutions");
    }
  });
});

it("the settings of the consumer come from the stage", () => {
  const settings = consumerSettings({
    ...sandbox,
    journeys: ["J-1"],
    retention: { ...sandbox.retention, eventsMs: 7 },
    routes: { ...sandbox.routes, denied: { ...sandbox.routes.denied, publish: false } },
  });

  expect(settings).toMatchObject({
    environment: "sandbox",
    journeys: ["J-1"],
    ignoredEventTypes: ["visited_node"],
    eventRetentionMs: 7,
    routes: {
      approved: { publish: true, publishLate: false },
      denied: { publish: false, publishLate: false },
      unrecognised: { publish: true, publishLate: true },
    },
  });
});

it("what an emulator cannot hold is left out by its type, or by a property of it", () => {
  const stack = templateOf(local, {
    omit: ["AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Alarm/Metrics"],
  });
  const deployed = (type: string) =>
    stack.ofType(type).filter(({ Condition }) => Condition !== "Never");

  const alarms = deployed("AWS::CloudWatch::Alarm");

  expect(stack.ofType("AWS::CloudWatch::CompositeAlarm")).not.toEqual([]);
  expect(deployed("AWS::CloudWatch::CompositeAlarm")).toEqual([]);
  expect(alarms.filter(({ Properties }) => "Metrics" in Properties)).toEqual([]);
  expect(alarms.filter(({ Properties }) => "MetricName" in Properties)).not.toEqual([]);
});

function reservedFor(stack: StackTemplate, name: string): unknown {
  return stack.ofType("AWS::Lambda::Function").find(({ logicalId }) => logicalId.includes(name))
    ?.Properties["ReservedConcurrentExecutions"];
}

function targetsOf(stack: StackTemplate, name: string): readonly unknown[] {
  return stack
    .ofType("AWS::Events::Rule")
    .filter(({ logicalId }) => logicalId.startsWith(name))
    .flatMap(({ Properties }) => listOf(Properties["Targets"]));
}
