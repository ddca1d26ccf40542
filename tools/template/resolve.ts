import { isRecord, listOf } from "./synthesise.ts";

/** What CloudFormation knows of the place of a deployment; any will do for a picture or a rule. */
const PSEUDO_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ["AWS::Region", "us-east-1"],
  ["AWS::Partition", "aws"],
  ["AWS::AccountId", "123456789012"],
  ["AWS::URLSuffix", "amazonaws.com"],
]);

/**
 * The text that CloudFormation would make of a value, with a resource's logical id wherever the
 * deployed one would have its name or ARN.
 *
 * @throws Error at an intrinsic function that this does not understand.
 */
export function resolveText(value: unknown): string {
  if (typeof value === "string") return value;
  if (isRecord(value)) {
    if (typeof value["Ref"] === "string") {
      return PSEUDO_PARAMETERS.get(value["Ref"]) ?? value["Ref"];
    }
    if ("Fn::GetAtt" in value) return String(listOf(value["Fn::GetAtt"])[0]);
    if ("Fn::Join" in value) {
      const [separator, parts] = listOf(value["Fn::Join"]);
      return resolveList(parts).join(String(separator));
    }
  }
  throw new Error(
    `${JSON.stringify(value)} is no text that can be resolved: only Ref, Fn::GetAtt, Fn::Join and Fn::Split are understood here.`,
  );
}

function resolveList(value: unknown): readonly string[] {
  if (isRecord(value) && "Fn::Split" in value) {
    const [separator, text] = listOf(value["Fn::Split"]);
    return resolveText(text).split(String(separator));
  }
  return listOf(value).map(resolveText);
}
