import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { metricAlarmsOf } from "../../tools/cloudwatch/alarms.ts";
import { compositeAlarmsOf } from "../../tools/cloudwatch/composite.ts";
import { listOf, referredId, synthesise } from "../../tools/template/synthesise.ts";
import type { StackTemplate, Synthesised } from "../../tools/template/synthesise.ts";

const templates = new WeakMap<StageConfiguration, Synthesised>();

/** The template of a stage, made once for all test files of a worker: to make it takes a second. */
export function templateOf(stage: StageConfiguration): Synthesised {
  const template = templates.get(stage) ?? synthesise(stage);
  templates.set(stage, template);
  return template;
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
