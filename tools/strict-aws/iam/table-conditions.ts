import * as v from "valibot";

import type { IamCall } from "./call.ts";

const text = v.optional(v.string(), "");
const record = v.optional(v.record(v.string(), v.unknown()), {});

const InputSchema = v.object({
  Key: record,
  Item: record,
  Select: v.optional(v.string()),
  IndexName: v.optional(v.string()),
  ReturnValues: v.optional(v.string()),
  ExpressionAttributeNames: v.optional(v.record(v.string(), v.string()), {}),
  KeyConditionExpression: text,
  FilterExpression: text,
  ProjectionExpression: text,
  UpdateExpression: text,
  ConditionExpression: text,
});

/** Words of expressions that are no attributes; functions are known by their bracket. */
const KEYWORDS = /^(?:SET|REMOVE|ADD|DELETE|AND|OR|NOT|BETWEEN|IN)$/i;

/**
 * The condition keys that DynamoDB fills from a call (its guide, "Using IAM policy conditions for fine-grained access
 * control"): the top-level attributes that any of its parameters names, what it selects, and what it returns.
 */
export function tableConditions(operation: string, input: unknown): IamCall["conditions"] {
  const { Key, Item, Select, IndexName, ReturnValues, ExpressionAttributeNames, ...expressions } =
    v.parse(InputSchema, input);
  const named = Object.values(expressions).flatMap((expression) =>
    namesIn(expression).map((name) => ExpressionAttributeNames[name] ?? name),
  );
  const usual = IndexName === undefined ? "ALL_ATTRIBUTES" : "ALL_PROJECTED_ATTRIBUTES";
  const isRead = operation === "Query" || operation === "Scan";
  const select = expressions.ProjectionExpression === "" ? usual : "SPECIFIC_ATTRIBUTES";
  return {
    "dynamodb:Attributes": [
      ...new Set([...Object.keys(Key), ...Object.keys(Item), ...named]),
    ].toSorted(),
    ...(isRead && { "dynamodb:Select": Select ?? select }),
    ...(ReturnValues !== undefined && { "dynamodb:ReturnValues": ReturnValues }),
  };
}

/** The attributes of an expression, without what is inside of them: of `a.b[0]` it is `a`. */
function namesIn(expression: string): readonly string[] {
  return [...expression.matchAll(/(?<![.:#\w])#?\w+(?!\w|\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !KEYWORDS.test(name) && !/^\d/.test(name));
}
