import type { Stack } from "aws-cdk-lib";
import { CfnResource } from "aws-cdk-lib";

/**
 * Leaves out what an emulator cannot hold.
 *
 * @param kinds - CloudFormation types (`AWS::CloudWatch::CompositeAlarm`), or a type and a property
 *   that makes the difference (`AWS::CloudWatch::Alarm/Metrics`: alarms on metric math alone).
 */
export function omitResources(stack: Stack, kinds: readonly string[]): void {
  for (const construct of stack.node.findAll()) {
    if (CfnResource.isCfnResource(construct) && kinds.some((kind) => isOfKind(construct, kind))) {
      construct.node.scope?.node.tryRemoveChild(construct.node.id);
    }
  }
}

function isOfKind(resource: CfnResource, kind: string): boolean {
  const [type, property] = kind.split("/");
  if (resource.cfnResourceType !== type) return false;
  if (property === undefined) return true;
  const name = `${property.charAt(0).toLowerCase()}${property.slice(1)}`;
  return Reflect.get(resource, name) !== undefined;
}
