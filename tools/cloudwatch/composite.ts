import * as v from "valibot";
import { listOf, objectsIn, referredId } from "../template/synthesise.ts";
import type { Synthesised, TemplateResource } from "../template/synthesise.ts";
import { alarmIdOf } from "./alarms.ts";
import { parsed, partOf } from "./expression.ts";
import type { Node } from "./expression.ts";

/** One alarm over other alarms. */
export type CompositeAlarm = ReturnType<typeof compositeAlarmsOf>[number];

type Rule = (isRinging: (logicalId: string) => boolean) => boolean;

const CompositeSchema = v.object({
  AlarmName: v.string(),
  AlarmRule: v.unknown(),
  ActionsSuppressor: v.optional(v.unknown()),
  ActionsSuppressorWaitPeriod: v.optional(v.number(), 0),
  ActionsSuppressorExtensionPeriod: v.optional(v.number(), 0),
});

/** The alarms over alarms of a template. */
export function compositeAlarmsOf(stack: Synthesised) {
  return stack.ofType("AWS::CloudWatch::CompositeAlarm").map((resource: TemplateResource) => {
    const alarm = v.parse(CompositeSchema, resource.Properties);
    return {
      id: alarmIdOf(stack, alarm.AlarmName),
      logicalId: resource.logicalId,
      rule: ruleOf(parsed(ruleText(alarm.AlarmRule))),
      /** The logical id of the alarm that holds back its actions. */
      suppressor: referredId(alarm.ActionsSuppressor) ?? null,
      suppressorWaitMinutes: alarm.ActionsSuppressorWaitPeriod / 60,
      suppressorExtensionMinutes: alarm.ActionsSuppressorExtensionPeriod / 60,
    };
  });
}

/** The rule as text, with logical ids in place of ARNs. */
function ruleText(rule: unknown): string {
  if (typeof rule === "string") return rule;
  const [outer] = objectsIn(rule);
  const [, parts] = listOf(outer?.["Fn::Join"]);
  return listOf(parts)
    .map((part) => (typeof part === "string" ? part : (referredId(part) ?? "")))
    .join("");
}

/** Understands `ALARM("…")`, `NOT`, `AND`, `OR` and parentheses. */
function ruleOf(node: Node): Rule {
  if (node.type === "UnaryExpression" && node.operator === "NOT") {
    const inner = ruleOf(partOf(node.argument));
    return (isRinging) => !inner(isRinging);
  }
  if (node.type === "BinaryExpression") {
    const [left, right] = [ruleOf(partOf(node.left)), ruleOf(partOf(node.right))];
    if (node.operator === "AND") return (isRinging) => left(isRinging) && right(isRinging);
    if (node.operator === "OR") return (isRinging) => left(isRinging) || right(isRinging);
  }
  if (node.type === "CallExpression" && node.callee["name"] === "ALARM") {
    const logicalId = node.arguments[0]?.["value"];
    if (typeof logicalId === "string") return (isRinging) => isRinging(logicalId);
  }
  throw new Error(`The rule of an alarm is not understood at ${JSON.stringify(node)}.`);
}
