import { SecretValue } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface FillableSecretProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly logicalId: string;
  readonly description: string;
  /** What it holds until a person fills it: the right shape, and nothing that authenticates. */
  readonly empty: string;
}

/**
 * A secret that a person fills after the deployment. CloudFormation writes a secret's value when the
 * value **in the template** changes, and that one never does: a redeploy leaves alone what was put in.
 */
export class FillableSecret extends Secret {
  constructor(scope: Construct, id: string, props: FillableSecretProps) {
    super(scope, id, {
      description: props.description,
      // Not a secret: it is empty.
      secretStringValue: SecretValue.unsafePlainText(props.empty),
      ...(props.key !== undefined && { encryptionKey: props.key }),
      removalPolicy: removalPolicyOf(props.stage),
    });
    pinLogicalId(this, props.logicalId);
  }
}
