import { readFileSync } from "node:fs";
import * as v from "valibot";
import { GUARDED } from "../deploy/harm.ts";
import { readTemplate } from "../template/template.ts";
import type { StackTemplate, TemplateResource } from "../template/template.ts";

/** Of the templates of the last release: what holds data, and what others hold the address of. */
const RecordedSchema = v.object({
  /** The release, or the day of the commit. */
  of: v.string(),
  variants: v.array(v.string()),
  /** Each resource once, with the variants that have it so. */
  resources: v.array(v.looseObject({ logicalId: v.string(), in: v.array(v.number()) })),
});

export const FILE = new URL("../../test/fixtures/templates/last-release.json", import.meta.url);

/** What is recorded of a variant; undefined where the last release did not have it. */
export function recordedTemplate(variant: string): StackTemplate | undefined {
  const { variants, resources } = v.parse(RecordedSchema, JSON.parse(readFileSync(FILE, "utf8")));
  const index = variants.indexOf(variant);
  if (index < 0) return undefined;
  const own = resources.filter((resource) => resource.in.includes(index));
  return readTemplate({
    Resources: Object.fromEntries(own.map((resource) => [resource.logicalId, resource])),
    Outputs: {},
  });
}

/** The file's text for these templates, by the name of their variant. */
export function record(of: string, templates: ReadonlyMap<string, StackTemplate>): string {
  const variants = [...templates.keys()];
  const lines = new Map<string, number[]>();
  for (const [index, name] of variants.entries()) {
    for (const resource of templates.get(name)?.resources ?? []) {
      if (!(resource.Type in GUARDED)) continue;
      const line = JSON.stringify(essence(resource));
      lines.set(line, [...(lines.get(line) ?? []), index]);
    }
  }
  const resources = [...lines].map(
    ([line, indices]) => `    ${line.slice(0, -1)},"in":${JSON.stringify(indices)}}`,
  );
  return `{\n  "of": ${JSON.stringify(of)},\n  "variants": ${JSON.stringify(variants)},\n  "resources": [\n${resources.join(",\n")}\n  ]\n}\n`;
}

/** The whole template of the stage `local`, as a release deployed it into the emulator. */
const WholeSchema = v.object({
  of: v.string(),
  template: v.object({
    Resources: v.record(v.string(), v.looseObject({ Type: v.string() })),
    Outputs: v.record(v.string(), v.unknown()),
  }),
});

export const WHOLE_FILE = new URL("last-release-local.json", FILE);

export function wholeTemplate(): v.InferOutput<typeof WholeSchema> {
  return v.parse(WholeSchema, JSON.parse(readFileSync(WHOLE_FILE, "utf8")));
}

/** The file's text for that template. What CDK asks about its own bootstrap is left out. */
export function recordWhole(of: string, template: unknown): string {
  const linesOf = (section: object) =>
    Object.entries(section)
      .map(([id, value]) => `      ${JSON.stringify(id)}: ${JSON.stringify(value)}`)
      .join(",\n");
  const { Resources, Outputs } = v.parse(WholeSchema.entries.template, template);
  return `{\n  "of": ${JSON.stringify(of)},\n  "template": {\n    "Resources": {\n${linesOf(Resources)}\n    },\n    "Outputs": {\n${linesOf(Outputs)}\n    }\n  }\n}\n`;
}

/** Without what a release may change: tags, names for people, policies, times. */
function essence({ logicalId, Type, DeletionPolicy, Properties }: TemplateResource) {
  const kept = [...(GUARDED[Type] ?? []), ...SWITCHED].filter((name) => name in Properties);
  return {
    logicalId,
    Type,
    ...(DeletionPolicy !== undefined && { DeletionPolicy }),
    Properties: Object.fromEntries(kept.map((name) => [name, Properties[name]])),
  };
}

/** Properties by which something is on or off. */
const SWITCHED = [
  "Replicas",
  "KmsMasterKeyId",
  "KmsKeyId",
  "KmsKeyIdentifier",
  "BucketEncryption",
  "DisableExecuteApiEndpoint",
  "Enabled",
  "State",
];
