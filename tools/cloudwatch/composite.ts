import * as v from "valibot";
import { listOf, objectsIn, referredId } from "../template/template.ts";
import type { TemplateResource } from "../template/template.ts";
import { alarmIdOf } from "./alarms.ts";
import type { AlarmedTemplate } from "./alarms.ts";
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
export function compositeAlarmsOf(stack: AlarmedTemplate) {
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

/**
 * Holds back the actions of alarms over alarms, as CloudWatch does: as long as the suppressor rings, for a while before, in
 * which it may begin to, and for a while after.
 */
export class HeldBackActions {
  /** Alarms whose actions wait, with the minute of their ring. */
  readonly #waiting = new Map<CompositeAlarm, number>();
  /** The last minute at which a suppressor rang. */
  readonly #suppressedUntil = new Map<string, number>();

  /** @returns of these alarms those whose actions are taken now, for a ring of now or of before. */
  due(
    alarms: readonly CompositeAlarm[],
    isRinging: (logicalId: string) => boolean,
    begun: ReadonlySet<CompositeAlarm>,
    minute: number,
  ): readonly CompositeAlarm[] {
    for (const alarm of alarms) {
      if (begun.has(alarm)) this.#waiting.set(alarm, minute);
      if (!isRinging(alarm.logicalId)) this.#waiting.delete(alarm);
      const { suppressor } = alarm;
      if (suppressor !== null && isRinging(suppressor)) {
        this.#suppressedUntil.set(suppressor, minute);
      }
    }
    const due = [...this.#waiting]
      .filter(([alarm, since]) => !this.#isHeldBack(alarm, isRinging, since, minute))
      .map(([alarm]) => alarm);
    for (const alarm of due) this.#waiting.delete(alarm);
    return due;
  }

  #isHeldBack(
    alarm: CompositeAlarm,
    isRinging: (logicalId: string) => boolean,
    since: number,
    minute: number,
  ): boolean {
    const { suppressor, suppressorWaitMinutes, suppressorExtensionMinutes } = alarm;
    if (suppressor === null) return false;
    if (isRinging(suppressor) || minute - since < suppressorWaitMinutes) return true;
    const ended = this.#suppressedUntil.get(suppressor);
    return ended !== undefined && minute - ended <= suppressorExtensionMinutes;
  }
}
