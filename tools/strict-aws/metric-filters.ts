import * as v from "valibot";

import { isRecord, listOf } from "../template/synthesise.ts";
import type { Synthesised } from "../template/synthesise.ts";

/** A data point that CloudWatch Logs makes of a line. */
export interface FilteredMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric filter of a template. */
export interface MetricFilter {
  /** The logical id of its log group. */
  readonly logGroup: string;
  /** What it makes of a line; null: nothing. */
  readonly read: (line: string) => FilteredMetric | null;
}

const TransformationSchema = v.strictObject({
  MetricNamespace: v.string(),
  MetricName: v.string(),
  MetricValue: v.string(),
  Unit: v.string(),
  // CloudWatch Logs takes three.
  Dimensions: v.pipe(
    v.array(v.strictObject({ Key: v.string(), Value: v.string() })),
    v.maxLength(3),
  ),
});

/**
 * The metric filters of a template.
 *
 * @throws Error at a filter that says more than ours do: what this does not understand is not tested.
 */
export function metricFiltersOf(template: Pick<Synthesised, "ofType">): readonly MetricFilter[] {
  return template.ofType("AWS::Logs::MetricFilter").map(({ Properties }) => {
    const matches = parsePattern(String(Properties["FilterPattern"]));
    const [transformation] = listOf(Properties["MetricTransformations"]);
    const made = v.parse(TransformationSchema, transformation);
    const group = Properties["LogGroupName"];
    return {
      logGroup: isRecord(group) ? String(group["Ref"]) : String(group),
      read(line) {
        const json = objectIn(line);
        if (json === null || !matches(json)) return null;
        const value = made.MetricValue.startsWith("$.")
          ? memberOf(json, made.MetricValue)
          : Number(made.MetricValue);
        const dimensions = made.Dimensions.map(({ Key, Value }) => [Key, memberOf(json, Value)]);
        // Without one of its dimensions, or without a number, a line makes no metric.
        const isWhole = dimensions.every(([, text]) => typeof text === "string");
        if (typeof value !== "number" || !isWhole) return null;
        return {
          namespace: made.MetricNamespace,
          name: made.MetricName,
          unit: made.Unit,
          dimensions: Object.fromEntries(dimensions),
          value,
        };
      },
    };
  });
}

type Json = Readonly<Record<string, unknown>>;
type Matches = (json: Json) => boolean;

const NUMBERS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  "=": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  ">": (one, other) => one > other,
  ">=": (one, other) => one >= other,
  "<": (one, other) => one < other,
  "<=": (one, other) => one <= other,
};

const TOKEN = /\s*(&&|\|\||[()]|!=|>=|<=|[=<>]|"[^"]*"|\$(?:\.\w+)+|-?\d+(?:\.\d+)?)/y;

/**
 * Understands of the patterns of CloudWatch Logs (its guide, "Filter pattern syntax") those that we use: comparisons of members
 * with texts, in which `*` stands for anything, and with numbers; AND, OR and brackets. A member that is not there
 * matches no comparison.
 *
 * @throws Error at anything else.
 */
export function parsePattern(pattern: string): Matches {
  const inner = /^\{(.*)\}$/s.exec(pattern.trim())?.[1];
  if (inner === undefined) throw new Error(`${pattern} is no pattern for JSON.`);
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; inner.slice(at).trim() !== ""; at = TOKEN.lastIndex) {
    const [, token] = TOKEN.exec(inner) ?? [];
    if (token === undefined) throw new Error(`${pattern}: ${inner.slice(at)} is not understood.`);
    tokens.push(token);
  }
  const matches = anyOf();
  if (tokens.length > 0) throw new Error(`${pattern}: ${tokens.join(" ")} is too much.`);
  return matches;

  function anyOf(): Matches {
    const parts = [allOf()];
    while (tokens[0] === "||") {
      tokens.shift();
      parts.push(allOf());
    }
    return (json) => parts.some((one) => one(json));
  }

  function allOf(): Matches {
    const parts = [one()];
    while (tokens[0] === "&&") {
      tokens.shift();
      parts.push(one());
    }
    return (json) => parts.every((part) => part(json));
  }

  function one(): Matches {
    const [member = "", operator = "", wanted = ""] = tokens;
    if (member === "(") {
      tokens.shift();
      const inside = anyOf();
      if (tokens.shift() !== ")") throw new Error(`${pattern}: a bracket stays open.`);
      return inside;
    }
    const compare = NUMBERS[operator];
    if (!member.startsWith("$.") || compare === undefined) {
      throw new Error(`${pattern}: ${tokens.join(" ")} is no comparison.`);
    }
    tokens.splice(0, 3);
    if (!wanted.startsWith('"')) {
      return (json) => {
        const value = memberOf(json, member);
        return typeof value === "number" && compare(value, Number(wanted));
      };
    }
    if (operator !== "=" && operator !== "!=") {
      throw new Error(`${pattern}: ${operator} does not compare texts.`);
    }
    const parts = wanted
      .slice(1, -1)
      .split("*")
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
    const like = new RegExp(`^${parts.join(".*")}$`, "s");
    return (json) => {
      const value = memberOf(json, member);
      return typeof value === "string" && like.test(value) === (operator === "=");
    };
  }
}

function memberOf(json: Json, selector: string): unknown {
  return selector
    .slice(2)
    .split(".")
    .reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), json);
}

function objectIn(line: string): Json | null {
  try {
    const json: unknown = JSON.parse(line);
    return isRecord(json) ? json : null;
  } catch {
    return null;
  }
}
