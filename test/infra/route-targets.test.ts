import { describe, expect, it } from "vitest";
import { REPLAY_SOURCE, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { ruleNameFor } from "../../lib/config/rule-names.ts";
import type { RouteTarget } from "../../lib/config/route-targets.ts";
import { isRecord, listOf, objectsIn } from "../../tools/template/template.ts";
import type { StackTemplate, TemplateResource } from "../../tools/template/template.ts";
import { sandbox, withTargets } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const stack = templateOf(withTargets);
const RULES = "AlloyJourneyWebhooks-production-approved";

function ruleOf(name: string, { resources }: StackTemplate = stack): TemplateResource {
  const found = resources.find(
    ({ Type, Properties }) => Type === "AWS::Events::Rule" && Properties["Name"] === name,
  );
  if (found === undefined) throw new Error(`There is no rule ${name}.`);
  return found;
}

function targetsOf(name: string, template: StackTemplate = stack) {
  return listOf(ruleOf(name, template).Properties["Targets"]).filter(isRecord);
}

function withThese(targets: readonly RouteTarget[]): StackTemplate {
  const approved = { ...sandbox.routes.approved, targets };
  return templateOf({ ...sandbox, routes: { ...sandbox.routes, approved } });
}

describe("each target of a route", () => {
  const names = (withTargets.routes.approved.targets ?? []).map(({ name }) => name);

  it.each(names)("%s has a rule of its own, which takes what the route publishes", (name) => {
    const { Properties } = ruleOf(`${RULES}-${name}`);

    expect(Properties).toMatchObject({
      State: "ENABLED",
      EventPattern: { source: ["alloy.journeys"], "detail-type": [ROUTE_TITLES.approved] },
    });
    expect(targetsOf(`${RULES}-${name}`)).toMatchObject([
      {
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: { "Fn::GetAtt": ["ApprovedDeadLetterQueue", "Arn"] } },
      },
    ]);
  });

  it.each(names)("%s gets a replay to it alone, in the form of an event", (name) => {
    const [live] = targetsOf(`${RULES}-${name}`);
    const { Properties } = ruleOf(`${RULES}-${name}-replay`);
    const [replay] = targetsOf(`${RULES}-${name}-replay`);

    expect(Properties["EventPattern"]).toEqual({
      source: [REPLAY_SOURCE],
      "detail-type": [`approved/${name}`],
    });
    expect(replay?.["Arn"]).toEqual(live?.["Arn"]);
    expect(replay?.["RoleArn"]).toEqual(live?.["RoleArn"]);
    // Another bus takes an event as it is.
    expect(replay?.["InputPath"]).toBe(name === "group" ? undefined : "$.detail");
  });

  it("keeps the order of each application in a FIFO queue and in a stream, also in a replay", () => {
    expect(targetsOf(`${RULES}-ledger`)).toMatchObject([
      { SqsParameters: { MessageGroupId: "$.detail.applicationToken" } },
    ]);
    expect(targetsOf(`${RULES}-ledger-replay`)).toMatchObject([
      { SqsParameters: { MessageGroupId: "$.detail.detail.applicationToken" } },
    ]);
    expect(targetsOf(`${RULES}-analytics`)).toMatchObject([
      { KinesisParameters: { PartitionKeyPath: "$.detail.applicationToken" } },
    ]);
    expect(targetsOf(`${RULES}-accounts`)[0]).not.toHaveProperty("SqsParameters");
  });

  it("groups by the event where an event may name no application, or nothing would be delivered", () => {
    const rule = "AlloyJourneyWebhooks-production-other";

    expect(targetsOf(`${rule}-archive`)).toMatchObject([
      { SqsParameters: { MessageGroupId: "$.detail.eventId" } },
    ]);
    expect(targetsOf(`${rule}-stream`)).toMatchObject([
      { KinesisParameters: { PartitionKeyPath: "$.detail.eventId" } },
    ]);
  });

  it("may be one of many: no rule has more targets than EventBridge takes", () => {
    const many = withThese(
      Array.from({ length: 23 }, (_, index) => ({
        name: `target-${index}x`,
        arn: `arn:aws:sqs:us-east-1:123456789012:queue-${index}`,
      })),
    );

    const counts = many
      .ofType("AWS::Events::Rule")
      .map(({ Properties }) => listOf(Properties["Targets"]).length);

    expect(Math.max(...counts)).toBe(1);
    expect(
      objectsIn(many.resources).filter(({ Arn }) => /:queue-\d+$/.test(String(Arn))),
    ).toHaveLength(2 * 23);
  });

  it("leaves the route's queue and its targetArn as they are", () => {
    const { targets: _, ...approved } = withTargets.routes.approved;
    const before = templateOf({ ...withTargets, routes: { ...withTargets.routes, approved } });

    expect(targetsOf(RULES)).toEqual(targetsOf(RULES, before));
    expect(stack.outputs["ApprovedQueueUrl"]).toEqual(before.outputs["ApprovedQueueUrl"]);
  });
});

describe("an HTTP target", () => {
  const connectionOf = (name: string) =>
    stack
      .ofType("AWS::Events::Connection")
      .find(({ Properties }) => Properties["Name"] === `${RULES}-${name}`)?.Properties;
  const from = (field: string) =>
    `{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:core-banking-AbCdEf:SecretString:${field}::}}`;

  it.each([
    [
      "core-banking",
      "BASIC",
      { BasicAuthParameters: { Username: from("username"), Password: from("password") } },
    ],
    [
      "cards",
      "API_KEY",
      { ApiKeyAuthParameters: { ApiKeyName: "x-api-key", ApiKeyValue: from("apiKey") } },
    ],
    [
      "partner",
      "OAUTH_CLIENT_CREDENTIALS",
      {
        OAuthParameters: {
          AuthorizationEndpoint: "https://login.example.com/token",
          ClientParameters: { ClientID: from("clientId"), ClientSecret: from("clientSecret") },
          HttpMethod: "POST",
        },
      },
    ],
  ])("%s authenticates by %s, and its credential is in no template", (name, type, parameters) => {
    expect(connectionOf(name)).toMatchObject({
      AuthorizationType: type,
      AuthParameters: parameters,
    });
  });

  it("has its method and its rate", () => {
    const destinations = stack
      .ofType("AWS::Events::ApiDestination")
      .map(
        ({ Properties }) =>
          [
            Properties["InvocationEndpoint"],
            Properties["HttpMethod"],
            Properties["InvocationRateLimitPerSecond"],
          ] as const,
      );

    expect(destinations).toEqual([
      ["https://core.example.com/events", "POST", 300],
      ["https://cards.example.com/events", "PUT", 20],
      ["https://partner.example.com/alloy", "POST", 300],
    ]);
  });
});

describe("a route with a list of targets", () => {
  it.each(["approved", "needs-action"])("%s has a rule that holds, off until a pause", (route) => {
    const name = `AlloyJourneyWebhooks-production-${route}`;
    const hold = ruleOf(`${name}-hold`);

    expect(hold.Properties["State"]).toBe("DISABLED");
    expect(hold.Properties["EventPattern"]).toEqual(ruleOf(name).Properties["EventPattern"]);
    expect(targetsOf(`${name}-hold`)).toMatchObject([
      { Arn: { "Fn::GetAtt": ["HeldEventQueue", "Arn"] } },
    ]);
  });

  it("has its rules written before the one that holds, so that no deployment turns off both", () => {
    const { DependsOn } = ruleOf(`${RULES}-hold`);
    const live = (withTargets.routes.approved.targets ?? []).map(
      ({ name }) => ruleOf(`${RULES}-${name}`).logicalId,
    );

    expect(listOf(DependsOn)).toEqual(expect.arrayContaining([ruleOf(RULES).logicalId, ...live]));
  });

  it("is the only one whose rules differ", () => {
    const names = stack
      .ofType("AWS::Events::Rule")
      .map(({ Properties }) => String(Properties["Name"]));

    expect(names.filter((name) => name.includes("-denied"))).toEqual([
      "AlloyJourneyWebhooks-production-denied",
    ]);
  });
});

describe("the name of a rule", () => {
  it("is as long as EventBridge takes, and differs, whatever the names of route and target are", () => {
    const stackName = "AlloyJourneyWebhooks-a-stage-of-20-letter";
    const target = "a-target-of-the-longest-name-a";

    const names = ["", "b"].flatMap((end) =>
      [target.slice(0, -1) + end, target].map((name) =>
        ruleNameFor(stackName, "investigation-promoted", name, "replay"),
      ),
    );

    expect(Math.max(...names.map(({ length }) => length))).toBe(64);
    expect(new Set(names).size).toBe(3);
    expect(ruleNameFor("AlloyJourneyWebhooks-live", "approved", "ledger")).toBe(
      "AlloyJourneyWebhooks-live-approved-ledger",
    );
  });
});
