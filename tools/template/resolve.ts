import { isRecord, listOf } from "./template.ts";

/** Where a template is deployed: any place will do, since nothing of it names one. */
export const PLACE = { partition: "aws", region: "us-east-1", account: "123456789012" } as const;

/** What CloudFormation knows of that place. */
export const PSEUDO_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ["AWS::Region", PLACE.region],
  ["AWS::Partition", PLACE.partition],
  ["AWS::AccountId", PLACE.account],
  ["AWS::URLSuffix", "amazonaws.com"],
  ["AWS::NoValue", ""],
]);

/** What the resources of a template have, by their logical ids. */
interface Resources {
  ref(logicalId: string): string;
  attribute(logicalId: string, name: string): string;
}

/**
 * A value with every intrinsic function resolved.
 *
 * @throws Error at a function that is not understood here.
 */
export function resolve(value: unknown, resources: Resources): unknown {
  const inner = (one: unknown) => resolve(one, resources);
  if (Array.isArray(value)) return value.map(inner);
  if (!isRecord(value)) return value;
  const [entry, ...others] = Object.entries(value);
  if (entry !== undefined && others.length === 0) {
    const [name, argument] = entry;
    const [first, second] = listOf(argument);
    if (name === "Ref") {
      return PSEUDO_PARAMETERS.get(String(argument)) ?? resources.ref(String(argument));
    }
    if (name === "Fn::GetAtt") return resources.attribute(String(first), String(second));
    if (name === "Fn::Join") return listOf(inner(second)).join(String(first));
    if (name === "Fn::Split") return String(inner(second)).split(String(first));
    if (name === "Fn::Select") return listOf(inner(second))[Number(first)];
    if (name.startsWith("Fn::")) throw new Error(`${name} is not understood here.`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
}

/**
 * The text that CloudFormation would make of a value, with a resource's logical id wherever the
 * deployed one would have its name or ARN.
 *
 * @throws Error when it comes to no text.
 */
export function resolveText(value: unknown): string {
  const text = resolve(value, { ref: (id) => id, attribute: (id) => id });
  if (typeof text === "string") return text;
  throw new Error(`${JSON.stringify(value)} is no text.`);
}
