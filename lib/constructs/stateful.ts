import { CfnResource, RemovalPolicy } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import type { StageConfiguration } from "../config/stage-configuration.ts";

const WHOLE_PIPELINE = "alloy-journey-webhooks:whole-pipeline";

/** Says whether everything below is the whole pipeline in a stack of its own, or a part of it in a stack of others. */
export function markWholePipeline(scope: IConstruct, isWhole: boolean): void {
  scope.node.setContext(WHOLE_PIPELINE, isWhole);
}

/** Whether a construct is in a stack that is the whole pipeline. */
export function isInWholePipeline(construct: IConstruct): boolean {
  return construct.node.tryGetContext(WHOLE_PIPELINE) === true;
}

const LEAN = "alloy-journey-webhooks:lean";

/** Says of a stage's constructs how much stands when nothing comes. */
export function markFootprint(scope: IConstruct, { footprint }: StageConfiguration): void {
  scope.node.setContext(LEAN, footprint === "lean");
}

/** Whether a construct is of a stage that has only what pages. */
export function isLean(construct: IConstruct): boolean {
  return construct.node.tryGetContext(LEAN) === true;
}

/**
 * Fixes the logical id of something that holds data, or that others hold the address of. CloudFormation takes another
 * logical id for another resource, and would replace what is there: no move of code may ever do that. In a stack of
 * others the id stays CDK's own, by the path: two of them may stand there.
 */
export function pinLogicalId(construct: IConstruct, logicalId: string): void {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) {
    throw new Error(`${construct.node.path} is no resource, so it cannot be ${logicalId}.`);
  }
  if (isInWholePipeline(construct)) resource.overrideLogicalId(logicalId);
}

/**
 * What CloudFormation does with things that hold data when they leave the stack. `retain` does not keep what a failed
 * creation has made: it is empty, and would be in the way of the next attempt (CloudFormation's guide, "DeletionPolicy").
 */
export function removalPolicyOf({ removal }: StageConfiguration): RemovalPolicy {
  switch (removal) {
    case "retain":
      return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    case "destroy":
      return RemovalPolicy.DESTROY;
  }
}

/** By these the preflight finds what an earlier stack of the stage has left (tools/deploy). */
export function tagsOf({ stage }: StageConfiguration): Readonly<Record<string, string>> {
  return { application: "alloy-journey-webhooks", stage };
}
