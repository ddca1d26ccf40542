import { rmSync } from "node:fs";
import { App, Stage } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as v from "valibot";
import type { AnnouncedAlarm } from "../../lib/alarms/alert-topics.ts";
import { ourContext } from "../../lib/feature-flags.ts";
import { AlloyJourneyWebhooks } from "../../lib/pipeline-stack.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";

const ResourceSchema = v.looseObject({
  Type: v.string(),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
  DeletionPolicy: v.optional(v.string()),
  UpdateReplacePolicy: v.optional(v.string()),
});

const TemplateSchema = v.looseObject({
  Resources: v.record(v.string(), ResourceSchema),
  Outputs: v.optional(v.record(v.string(), v.looseObject({ Value: v.unknown() })), {}),
});

/** A resource of the template, with its logical id. */
export interface TemplateResource extends v.InferOutput<typeof ResourceSchema> {
  readonly logicalId: string;
}

/** A template, to state rules over. */
export interface StackTemplate {
  readonly resources: readonly TemplateResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** All resources of a type. */
  ofType(type: string): readonly TemplateResource[];
}

/** A template that was made from a stage's configuration. */
export interface Synthesised extends StackTemplate {
  readonly stage: StageConfiguration;
  /** Whether CloudFormation refuses to delete the stack. */
  readonly isTerminationProtected: boolean;
  readonly alarms: readonly AnnouncedAlarm[];
}

/**
 * Makes the template that the CDK CLI would make.
 *
 * @param assembly - the folder for the bundled functions, each under `asset.<hash>`. @default - they are not bundled
 * @param isFirstDeployment - into an account where the stack is not yet.
 */
export function synthesise(
  stage: StageConfiguration,
  omit: readonly string[] = [],
  assembly?: string,
  isFirstDeployment = false,
): Synthesised {
  const stack = stackOf(stage, { omit, assembly, isFirstDeployment });
  const template = Template.fromStack(stack).toJSON();
  // CDK leaves a folder of its own choice behind.
  if (assembly === undefined) rmSync(Stage.of(stack)?.outdir ?? "", { recursive: true });
  return {
    stage,
    isTerminationProtected: stack.terminationProtection ?? false,
    // Without the constructs that they are made of.
    alarms: stack.alarms.map(({ id, severity, fact, impact, because, runbook }) => ({
      id,
      severity,
      fact,
      impact,
      because,
      runbook,
    })),
    ...readTemplate(template),
  };
}

/** The stack as the CDK CLI would make it, before its template; see {@link synthesise}. */
export function stackOf(
  stage: StageConfiguration,
  {
    omit = [],
    assembly,
    isFirstDeployment = false,
  }: {
    readonly omit?: readonly string[];
    readonly assembly?: string | undefined;
    readonly isFirstDeployment?: boolean;
  } = {},
): AlloyJourneyWebhooks {
  const bundled = assembly === undefined ? [] : ["**"];
  const app = new App({
    context: {
      ...ourContext(),
      "aws:cdk:bundling-stacks": bundled,
      // What the CDK CLI shows beside an error, and no template has.
      "aws:cdk:disable-stack-trace": true,
      "aws:cdk:disable-creation-stack-traces": true,
      "aws:cdk:disable-logicalId-metadata": true,
    },
    treeMetadata: false,
    // It takes seconds, and every deployment and `npm run synth` does it.
    builtinCloudFormationValidation: false,
    ...(assembly !== undefined && { outdir: assembly }),
  });
  return new AlloyJourneyWebhooks(app, `AlloyJourneyWebhooks-${stage.stage}`, {
    ...stage,
    omit,
    isFirstDeployment,
  });
}

/** @throws Error when it is no template of CloudFormation. */
export function readTemplate(json: unknown): StackTemplate {
  const template = v.parse(TemplateSchema, json);
  const resources = Object.entries(template.Resources).map(([logicalId, resource]) => ({
    ...resource,
    logicalId,
  }));
  return {
    resources,
    outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, Value]),
    ),
    ofType: (type) => resources.filter((resource) => resource.Type === type),
  };
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
