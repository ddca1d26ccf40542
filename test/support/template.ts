import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { metricAlarmsOf } from "../../tools/cloudwatch/alarms.ts";
import { compositeAlarmsOf } from "../../tools/cloudwatch/composite.ts";
import { synthesise } from "../../tools/template/synthesise.ts";
import { listOf, referredId } from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import type { StackTemplate } from "../../tools/template/template.ts";

/** By what they are made of. */
const templates = new Map<string, Synthesised>();

interface Variation {
  readonly omit?: readonly string[];
  readonly isFirstDeployment?: boolean;
}

/**
 * The template of a stage, made once for all test files of all workers of a run: to make it takes a third of a second. Nobody
 * can change it.
 */
export function templateOf(stage: StageConfiguration, variation: Variation = {}): Synthesised {
  const madeOf = JSON.stringify([stage, variation]);
  const template = templates.get(madeOf) ?? { ...made(madeOf, stage, variation), stage };
  templates.set(madeOf, template);
  return template;
}

type Kept = Omit<Synthesised, "stage" | "ofType">;

/** Reads what another worker of the run has made, or makes it. */
function made(
  madeOf: string,
  stage: StageConfiguration,
  variation: Variation,
): Omit<Synthesised, "stage"> {
  const kept = frozen(keptOf(madeOf, stage, variation));
  return { ...kept, ofType: (type) => kept.resources.filter(({ Type }) => Type === type) };
}

function keptOf(
  madeOf: string,
  stage: StageConfiguration,
  { omit = [], isFirstDeployment = false }: Variation,
): Kept {
  const make = () => {
    const template = synthesise(stage, omit, undefined, isFirstDeployment);
    const { resources, outputs, alarms, isTerminationProtected } = template;
    return { resources, outputs, alarms, isTerminationProtected };
  };
  // Set by vitest.config.ts; the simulation's command has no other workers.
  const folder = process.env["TEMPLATES_OF_RUN"];
  if (folder === undefined) return make();
  const name = createHash("sha256").update(madeOf).digest("hex").slice(0, 32);
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) {
    const own = `${file}.${process.pid}`;
    writeFileSync(own, JSON.stringify(make()));
    renameSync(own, file);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

/** What each resource of a type has as a property. */
export function valuesOf(stack: StackTemplate, type: string, property: string): readonly unknown[] {
  return stack.ofType(type).map(({ Properties }) => Properties[property]);
}

/** What the only resource of a type is made of. @throws Error when there is none, or more than one. */
export function theOnly(stack: StackTemplate, type: string): Readonly<Record<string, unknown>> {
  const [only, ...others] = stack.ofType(type);
  if (only === undefined || others.length > 0) throw new Error(`There is not one ${type}.`);
  return only.Properties;
}

/** Alarms on metrics and over other alarms, to be evaluated. */
export function alarmsOf(stack: Synthesised) {
  return { metric: metricAlarmsOf(stack), composite: compositeAlarmsOf(stack) };
}

/** The topics that an alarm notifies, by their logical ids. */
export function topicsOf(stack: StackTemplate, alarmId: string): readonly unknown[] {
  const alarm = stack
    .ofType("AWS::CloudWatch::Alarm")
    .find(({ Properties }) => String(Properties["AlarmName"]).endsWith(`-${alarmId}`));
  return listOf(alarm?.Properties["AlarmActions"]).map(referredId);
}
