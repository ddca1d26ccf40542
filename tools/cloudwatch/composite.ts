import * as v from "valibot";
import { listOf, objectsIn, referredId } from "../template/synthesise.ts";
import type { Synthesised, TemplateResource } from "../template/synthesise.ts";
import { alarmIdOf } from "./alarms.ts";

/** One alarm over other alarms. */
export interface CompositeAlarm {
  readonly id: string;
  readonly logicalId: string;
  readonly rule: (isRinging: (logicalId: string) => boolean) => boolean;
  /** The logical id of the alarm that holds back its actions. */
  readonly suppressor: string | null;
  readonly suppressorWaitMinutes: number;
  readonly suppressorExtensionMinutes: number;
}

const CompositeSchema = v.object({
  AlarmName: v.string(),
  AlarmRule: v.unknown(),
  ActionsSuppressor: v.optional(v.unknown()),
  ActionsSuppressorWaitPeriod: v.optional(v.number(), 0),
  ActionsSuppressorExtensionPeriod: v.optional(v.number(), 0),
});

/** The alarms over alarms of a template. */
export function compositeAlarmsOf(stack: Synthesised): readonly CompositeAlarm[] {
  return stack.ofType("AWS::CloudWatch::CompositeAlarm").map((resource: TemplateResource) => {
    const alarm = v.parse(CompositeSchema, resource.Properties);
    return {
      id: alarmIdOf(stack, alarm.AlarmName),
      logicalId: resource.logicalId,
      rule: parseRule(ruleText(alarm.AlarmRule)),
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
function parseRule(text: string): CompositeAlarm["rule"] {
  const tokens = text.match(/ALARM\("[^"]+"\)|AND|OR|NOT|\(|\)/g) ?? [];
  let position = 0;
  const peek = () => tokens[position];
  const take = () => tokens[position++] ?? "";

  function any(): CompositeAlarm["rule"] {
    let left = all();
    while (peek() === "OR") {
      take();
      const [a, b] = [left, all()];
      left = (isRinging) => a(isRinging) || b(isRinging);
    }
    return left;
  }
  function all(): CompositeAlarm["rule"] {
    let left = one();
    while (peek() === "AND") {
      take();
      const [a, b] = [left, one()];
      left = (isRinging) => a(isRinging) && b(isRinging);
    }
    return left;
  }
  function one(): CompositeAlarm["rule"] {
    const token = take();
    if (token === "NOT") {
      const inner = one();
      return (isRinging) => !inner(isRinging);
    }
    if (token === "(") {
      const inner = any();
      take();
      return inner;
    }
    const [, logicalId] = /^ALARM\("([^"]+)"\)$/.exec(token) ?? [];
    if (logicalId === undefined) throw new Error(`The rule ${text} is not understood at ${token}.`);
    return (isRinging) => isRinging(logicalId);
  }

  const rule = any();
  if (position < tokens.length) throw new Error(`The rule ${text} goes on after its end.`);
  return rule;
}
