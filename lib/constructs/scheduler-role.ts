import { Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";

import type { SecureQueue } from "./event-queue.ts";

export interface SchedulerRoleProps {
  readonly description: string;
  /** What the schedule invokes. */
  readonly function: IFunction;
  /** Where Scheduler puts what it could not start. */
  readonly deadLetters: SecureQueue;
  /** Encrypts that queue; undefined: AWS's own key does. */
  readonly key: IKey | undefined;
}

/** The role by which a schedule of this stack's group, and of no other account, invokes one function. */
export function makeSchedulerRole(
  scope: Construct,
  id: string,
  { description, function: target, deadLetters, key }: SchedulerRoleProps,
): Role {
  const { account, partition, region, stackName } = Stack.of(scope);
  const role = new Role(scope, id, {
    // Scheduler names the group, not the schedule (its guide, "Confused deputy prevention").
    assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
      conditions: {
        StringEquals: {
          "aws:SourceAccount": account,
          "aws:SourceArn": `arn:${partition}:scheduler:${region}:${account}:schedule-group/${stackName}`,
        },
      },
    }),
    description,
  });
  const allow = (action: string, resource: string) =>
    role.addToPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
  allow("lambda:InvokeFunction", target.functionArn);
  deadLetters.allowSender(role);
  if (key !== undefined) {
    allow("kms:Decrypt", key.keyArn);
    allow("kms:GenerateDataKey", key.keyArn);
  }
  return role;
}
