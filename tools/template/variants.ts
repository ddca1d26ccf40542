import type {
  RouteConfiguration,
  StageConfiguration,
} from "../../lib/config/stage-configuration.ts";
import { localStage, EXAMPLE_PRODUCTION, SANDBOX } from "../../lib/config/default-stages.ts";

export const sandbox = SANDBOX;
export const production = EXAMPLE_PRODUCTION;
export const local = localStage({
  alloyBaseUrl: "http://127.0.0.1:4000/v1",
  timeScale: "600",
});

/** A stage with the worked rules, and the team that one of them tells. */
export const withWorkedRules: StageConfiguration = {
  ...sandbox,
  notifications: local.notifications,
  alarms: local.alarms,
};

/** A stage of an account that has Alloy's Investigations. */
export const withInvestigations: StageConfiguration = { ...sandbox, investigations: "on" };

/** A stage that publishes the whole decision. */
export const withDecisions: StageConfiguration = {
  ...sandbox,
  decision: {
    outcomeReasons: true,
    tags: true,
    outputAttributes: ["credit_limit"],
    dashboardUrl: "https://dashboard.example.com/applications/{applicationToken}",
  },
};

/** A stage whose events are under a key of the bank's own. */
export const withOwnKey: StageConfiguration = { ...production, encryption: "customer-managed" };

/** A sandbox that has only what pages. */
export const lean: StageConfiguration = { ...sandbox, footprint: "lean" };

const SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:core-banking-AbCdEf";

/** A stage of which one route has a target of each kind, and another one nothing but the right to be paused. */
export const withTargets: StageConfiguration = {
  ...production,
  encryption: "customer-managed",
  routes: {
    ...production.routes,
    approved: {
      ...production.routes.approved,
      targetArn: "arn:aws:lambda:us-east-1:123456789012:function:cards",
      targets: [
        { name: "accounts", arn: "arn:aws:sqs:us-east-1:123456789012:accounts" },
        { name: "ledger", arn: "arn:aws:sqs:us-east-1:123456789012:ledger.fifo" },
        { name: "letters", arn: "arn:aws:sns:us-east-1:123456789012:letters" },
        { name: "welcome", arn: "arn:aws:lambda:us-east-1:123456789012:function:welcome" },
        { name: "onboard", arn: "arn:aws:states:us-east-1:123456789012:stateMachine:onboard" },
        { name: "analytics", arn: "arn:aws:kinesis:us-east-1:123456789012:stream/analytics" },
        { name: "lake", arn: "arn:aws:firehose:us-east-1:123456789012:deliverystream/lake" },
        { name: "group", arn: "arn:aws:events:eu-west-1:210987654321:event-bus/group" },
        {
          name: "crm",
          arn: "arn:aws:events:us-east-1:123456789012:api-destination/crm/0a1b2c3d",
        },
        {
          name: "core-banking",
          http: { url: "https://core.example.com/events", auth: { basic: { secret: SECRET } } },
        },
        {
          name: "cards",
          http: {
            url: "https://cards.example.com/events",
            method: "PUT",
            auth: { apiKey: { header: "x-api-key", secret: SECRET } },
            perSecond: 20,
          },
        },
        {
          name: "partner",
          http: {
            url: "https://partner.example.com/alloy",
            auth: {
              oauth: {
                tokenUrl: "https://login.example.com/token",
                scope: "events",
                secret: SECRET,
              },
            },
          },
        },
      ],
    },
    "needs-action": { ...production.routes["needs-action"], targets: [] },
    other: {
      ...production.routes.other,
      targets: [
        { name: "archive", arn: "arn:aws:sqs:us-east-1:123456789012:other.fifo" },
        { name: "stream", arn: "arn:aws:kinesis:us-east-1:123456789012:stream/other" },
      ],
    },
  },
};

/** A stage with a name of its own, Alloy's OAuth 2.0 mode, and submissions of named sources alone. */
export const withOwnName: StageConfiguration = {
  ...sandbox,
  domain: {
    name: "webhooks.example.com",
    certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/0",
  },
  auth: { jwt: { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] } },
  submissions: { sources: ["bank.onboarding", "bank.imports"] },
};

/** A stage of which every route goes to a target of another kind, and has no queue. */
export const withOtherTeams: StageConfiguration = {
  ...sandbox,
  journeys: ["J-VCQoADBJxeHtmdAvFqoS", "J-b9XnKzQ4tWmR2sYpLcEd"],
  concurrency: "shared",
  rollout: "linear",
  schemaRegistry: true,
  archive: { retentionDays: 30 },
  routes: {
    ...sandbox.routes,
    approved: to("arn:aws:sqs:us-east-1:123456789012:accounts"),
    denied: to("arn:aws:sns:us-east-1:123456789012:letters"),
    "manual-review": to("arn:aws:lambda:us-east-1:123456789012:function:cases"),
    "needs-action": to("arn:aws:events:us-east-1:123456789012:event-bus/default"),
    errored: to("arn:aws:states:us-east-1:123456789012:stateMachine:errors"),
    expired: to("arn:aws:kinesis:us-east-1:123456789012:stream/expired"),
    completed: to("arn:aws:firehose:us-east-1:123456789012:deliverystream/completed"),
    superseded: to("arn:aws:events:us-east-1:123456789012:api-destination/reruns/0"),
    progressed: { publish: false, publishLate: false, queue: true, targetArn: null },
  },
  alarms: {
    ...sandbox.alarms,
    channels: {
      page: [{ https: "https://events.pagerduty.com/integration/0/enqueue" }],
      ticket: [
        { email: "oncall@example.com" },
        { slack: { workspaceId: "T0123456789", channelId: "C0123456789" } },
      ],
    },
  },
};

/** Every choice that a stage can make, so that a rule over all of them is a rule over everything. */
export const VARIANTS: readonly (readonly [string, StageConfiguration])[] = [
  ["sandbox", sandbox],
  ["production", production],
  ["local", local],
  ["a lean stage", lean],
  ["a stage with rules", withWorkedRules],
  ["a stage with Investigations", withInvestigations],
  ["a stage that publishes decisions", withDecisions],
  ["a stage with a key of its own", withOwnKey],
  ["a stage with targets of every kind", withTargets],
  ["a stage with a name of its own and tokens", withOwnName],
  ["a stage with other teams' targets and channels, and Journeys of its own", withOtherTeams],
];

function to(targetArn: string): RouteConfiguration {
  return { publish: true, publishLate: true, queue: false, targetArn };
}
