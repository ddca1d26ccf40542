import * as v from "valibot";

/*
 * A template as it is read: what asks no more of it than that does not load CDK, which takes a second.
 */

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
