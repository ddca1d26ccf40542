import { CfnCondition, CfnResource, Fn } from "aws-cdk-lib";
import type { Stack } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Leaves out what an emulator cannot hold, by a condition that never holds: the template still says what it is.
 *
 * @param kinds - CloudFormation types (`AWS::CloudWatch::CompositeAlarm`), or a type and a property
 *   that makes the difference (`AWS::CloudWatch::Alarm/Metrics`: alarms on metric math alone).
 */
export function omitResources(stack: Stack, kinds: readonly string[]): void {
  if (kinds.length === 0) return;
  const never = new CfnCondition(stack, "Never", { expression: Fn.conditionEquals("no", "yes") });
  for (const construct of stack.node.findAll()) {
    if (CfnResource.isCfnResource(construct) && kinds.some((kind) => isOfKind(construct, kind))) {
      construct.cfnOptions.condition = never;
    }
  }
}

/** Whether what a construct is about is left out. */
export function isOmitted({ node }: IConstruct): boolean {
  const { defaultChild } = node;
  return CfnResource.isCfnResource(defaultChild) && defaultChild.cfnOptions.condition !== undefined;
}

function isOfKind(resource: CfnResource, kind: string): boolean {
  const [type, property] = kind.split("/");
  if (resource.cfnResourceType !== type) return false;
  if (property === undefined) return true;
  const name = `${property.charAt(0).toLowerCase()}${property.slice(1)}`;
  return Reflect.get(resource, name) !== undefined;
}
