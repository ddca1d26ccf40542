import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as v from "valibot";
import { PipelineStack } from "../../lib/pipeline-stack.ts";
import { validate } from "../../lib/stage-configuration.ts";
import type { RouteConfiguration, StageConfiguration } from "../../lib/stage-configuration.ts";
import { stageFrom } from "../../lib/stages.ts";

const ResourceSchema = v.looseObject({
  Type: v.string(),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
  DeletionPolicy: v.optional(v.string()),
  UpdateReplacePolicy: v.optional(v.string()),
});

const TemplateSchema = v.looseObject({
  Resources: v.record(v.string(), ResourceSchema),
  Outputs: v.record(v.string(), v.looseObject({ Value: v.unknown() })),
});

const CdkJsonSchema = v.object({ context: v.record(v.string(), v.unknown()) });

/** A resource of the template, with its logical id. */
export interface TemplateResource extends v.InferOutput<typeof ResourceSchema> {
  readonly logicalId: string;
}

/** A synthesised stack, to state rules over. */
export interface Synthesised {
  readonly stage: StageConfiguration;
  readonly resources: readonly TemplateResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** All resources of a type. */
  ofType(type: string): readonly TemplateResource[];
}

/** Makes the template that the CDK CLI would make, without bundling the functions. */
export function synthesise(stage: StageConfiguration, omit: readonly string[] = []): Synthesised {
  const cdkJson = v.parse(CdkJsonSchema, JSON.parse(readFileSync("cdk.json", "utf8")));
  const app = new App({ context: { ...cdkJson.context, "aws:cdk:bundling-stacks": [] } });
  const stack = new PipelineStack(app, { stage: validate(stage), omit });
  const template = v.parse(TemplateSchema, Template.fromStack(stack).toJSON());
  const resources = Object.entries(template.Resources).map(([logicalId, resource]) => ({
    ...resource,
    logicalId,
  }));
  return {
    stage,
    resources,
    outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, Value]),
    ),
    ofType: (type) => resources.filter((resource) => resource.Type === type),
  };
}

export const sandbox = stageFrom({ stage: "sandbox" });
export const production = stageFrom({ stage: "production" });
export const local = stageFrom({
  stage: "local",
  alloyBaseUrl: "http://127.0.0.1:4000/v1",
  timeScale: "600",
});

/** Every choice that a stage can make, so that a rule over all of them is a rule over everything. */
export const VARIANTS: readonly (readonly [string, StageConfiguration])[] = [
  ["sandbox", sandbox],
  ["production", production],
  ["local", local],
  ["a stage with a key of its own", { ...production, encryption: "customer-managed" }],
  [
    "a stage with a name of its own and tokens",
    {
      ...sandbox,
      domain: {
        name: "webhooks.example.com",
        certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/0",
      },
      auth: { jwt: { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] } },
    },
  ],
  [
    "a stage with other teams' targets and channels",
    {
      ...sandbox,
      concurrency: "shared",
      routes: {
        ...sandbox.routes,
        approved: to("arn:aws:sqs:us-east-1:123456789012:accounts"),
        denied: to("arn:aws:sns:us-east-1:123456789012:letters"),
        "manual-review": to("arn:aws:lambda:us-east-1:123456789012:function:cases"),
        "needs-action": to("arn:aws:events:us-east-1:123456789012:event-bus/default"),
        errored: to("arn:aws:states:us-east-1:123456789012:stateMachine:errors"),
        expired: to("arn:aws:kinesis:us-east-1:123456789012:stream/expired"),
        completed: to("arn:aws:firehose:us-east-1:123456789012:deliverystream/completed"),
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
    },
  ],
];

function to(targetArn: string): RouteConfiguration {
  return { publish: true, publishLate: true, queue: false, targetArn };
}

/** Every object inside a value, itself included. */
export function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (!isRecord(value)) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value that may stand alone or in a list, as a list. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The logical id that an ARN, URL or name in a template refers to. */
export function referredId(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  if (typeof value["Ref"] === "string") return value["Ref"];
  const [id] = listOf(value["Fn::GetAtt"]);
  return typeof id === "string" ? id : undefined;
}

export function idsOf(resources: readonly TemplateResource[]): readonly string[] {
  return resources.map(({ logicalId }) => logicalId);
}
