import {
  CloudFormationClient,
  DescribeStacksCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from "@aws-sdk/client-cloudformation";
import { SDK_LIMITS } from "../../lambdas/adapters/sdk-limits.ts";
import { STACK_ROLLBACK_ALARMS, WATCHED_MINUTES } from "../../lib/config/rollback.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { reasonOf } from "./account.ts";

/** An hour is more than any update takes with nothing in it. */
const LONGEST_WAIT_SECONDS = 3_600;

/** Names of the alarms that take a deployment of the stage back; none where a deployment goes live at once. */
export function rollbackAlarmsOf({ stage, rollout }: StageConfiguration): readonly string[] {
  if (rollout === "all-at-once") return [];
  return STACK_ROLLBACK_ALARMS.map((id) => `AlloyJourneyWebhooks-${stage}-${id}`);
}

/** Their ARNs, by which CloudFormation knows them. */
export function triggersOf(
  stage: StageConfiguration,
  { account, region }: { readonly account: string; readonly region: string },
): readonly string[] {
  return rollbackAlarmsOf(stage).map(
    (name) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
  );
}

export function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}

/**
 * Tells CloudFormation which alarms take a deployment back. The CDK CLI cannot (aws/aws-cdk#5170); but CloudFormation
 * keeps the triggers of a stack, and applies them to every later update (its API, RollbackConfiguration). So an update
 * that changes nothing else sets them once.
 *
 * @param options.isAwaited - the update that clears them has to end before the one that must not be taken back.
 * @returns null, or why it could not be done.
 */
export async function setRollbackTriggers(
  stackName: string,
  triggers: readonly string[],
  options: { readonly region: string; readonly isAwaited: boolean },
): Promise<string | null> {
  const client = new CloudFormationClient({ ...SDK_LIMITS, region: options.region });
  try {
    const { Stacks: [stack] = [] } = await client.send(
      new DescribeStacksCommand({ StackName: stackName }),
    );
    await client.send(
      new UpdateStackCommand({
        StackName: stackName,
        UsePreviousTemplate: true,
        Parameters: (stack?.Parameters ?? []).map(({ ParameterKey }) => ({
          ParameterKey,
          UsePreviousValue: true,
        })),
        Capabilities: ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        RollbackConfiguration: {
          RollbackTriggers: triggers.map((Arn) => ({ Arn, Type: "AWS::CloudWatch::Alarm" })),
          MonitoringTimeInMinutes: triggers.length === 0 ? 0 : WATCHED_MINUTES,
        },
      }),
    );
    if (options.isAwaited) {
      await waitUntilStackUpdateComplete(
        { client, maxWaitTime: LONGEST_WAIT_SECONDS },
        { StackName: stackName },
      );
    }
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}
