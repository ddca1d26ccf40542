import { describe, expect, it } from "vitest";
import { INCIDENT_ALARMS } from "../../lib/alarms/alert-topics.ts";
import type { Channel } from "../../lib/config/stage-configuration.ts";
import { listOf, referredId } from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import { sandbox } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const PAGERDUTY = "https://events.pagerduty.com/integration/key/enqueue";
const OPSGENIE = "https://api.opsgenie.com/v1/json/cloudwatch?apiKey=key";
const IN_A_SECRET = "{{resolve:secretsmanager:on-call:SecretString:url}}";

/** A stage that tells these. */
function telling(page: readonly Channel[], ticket: readonly Channel[] = []): Synthesised {
  return templateOf({ ...sandbox, alarms: { ...sandbox.alarms, channels: { page, ticket } } });
}

const MANY = telling([
  { https: PAGERDUTY },
  { https: OPSGENIE },
  { https: IN_A_SECRET },
  { slack: { workspaceId: "T0123456789", channelId: "C0123456789" } },
]);

function subscriptionsOf(stack: Synthesised) {
  return stack.ofType("AWS::SNS::Subscription").map(({ Properties }) => ({
    topic: referredId(Properties["TopicArn"]),
    protocol: Properties["Protocol"],
    endpoint: Properties["Endpoint"],
  }));
}

describe("the channels of alarms", () => {
  it("are none until a stage names some, and then those of its topic alone", () => {
    expect(subscriptionsOf(telling([]))).toEqual([]);
    expect(
      subscriptionsOf(telling([{ https: PAGERDUTY }], [{ email: "team@example.com" }])),
    ).toEqual([
      { topic: "PageTopic", protocol: "https", endpoint: PAGERDUTY },
      { topic: "TicketTopic", protocol: "email", endpoint: "team@example.com" },
    ]);
  });

  it("are as many as the stage names, also of one kind", () => {
    expect(subscriptionsOf(MANY).map(({ endpoint }) => endpoint)).toEqual([
      PAGERDUTY,
      OPSGENIE,
      IN_A_SECRET,
    ]);
  });

  it("page once for one incident: what integration-unhealthy is over is left to it, and told as a ticket", () => {
    const stack = telling([{ https: PAGERDUTY }], [{ email: "team@example.com" }]);
    const [page, ticket] = stack.ofType("AWS::SNS::Subscription");

    expect(page?.Properties["FilterPolicyScope"]).toBe("MessageBody");
    expect(page?.Properties["FilterPolicy"]).toMatchObject({
      AlarmName: [
        { "anything-but": INCIDENT_ALARMS.map((id) => `AlloyJourneyWebhooks-sandbox-${id}`) },
      ],
    });
    expect(ticket?.Properties["FilterPolicy"]).not.toHaveProperty("AlarmName");
  });

  it("do not hear that a new alarm is OK: a new stack would send one for each", () => {
    const stack = telling([{ https: PAGERDUTY }], [{ email: "team@example.com" }]);

    for (const { Properties } of stack.ofType("AWS::SNS::Subscription")) {
      expect(Properties["FilterPolicyScope"]).toBe("MessageBody");
      expect(Properties["FilterPolicy"]).toMatchObject({
        $or: [{ NewStateValue: ["ALARM"] }, { OldStateValue: ["ALARM"] }],
      });
    }
  });

  it("reach a Slack channel through Amazon Q, by a role that may do nothing", () => {
    const [slack, ...others] = MANY.ofType("AWS::Chatbot::SlackChannelConfiguration");
    const role = MANY.resources.find(
      ({ logicalId }) => logicalId === referredId(slack?.Properties["IamRoleArn"]),
    );
    const policies = MANY.ofType("AWS::IAM::Policy").flatMap(({ Properties }) =>
      listOf(Properties["Roles"]).map(referredId),
    );

    expect(others).toEqual([]);
    expect(slack?.Properties).toMatchObject({
      SlackWorkspaceId: "T0123456789",
      SlackChannelId: "C0123456789",
    });
    expect(listOf(slack?.Properties["SnsTopicArns"]).map(referredId)).toEqual(["PageTopic"]);
    expect(role?.Properties["AssumeRolePolicyDocument"]).toMatchObject({
      Statement: [{ Principal: { Service: "chatbot.amazonaws.com" } }],
    });
    expect(role?.Properties["ManagedPolicyArns"]).toBeUndefined();
    expect(role?.Properties["Policies"]).toBeUndefined();
    expect(policies).not.toContain(role?.logicalId);
  });
});
