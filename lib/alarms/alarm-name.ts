import { Names, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { isInWholePipeline } from "../constructs/stateful.ts";

/**
 * The name of an alarm in CloudWatch. In a stack of others it is made of the alarm's path: two intakes may stand there.
 *
 * @param scope - the alarm itself, where only a part of the pipeline is.
 */
export function alarmNameOf(scope: Construct, id: string): string {
  return isInWholePipeline(scope)
    ? `${Stack.of(scope).stackName}-${id}`
    : Names.uniqueResourceName(scope, { maxLength: 255, separator: "-" });
}
