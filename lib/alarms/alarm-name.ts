import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** The name of an alarm in CloudWatch. */
export function alarmNameOf(scope: Construct, id: string): string {
  return `${Stack.of(scope).stackName}-${id}`;
}
