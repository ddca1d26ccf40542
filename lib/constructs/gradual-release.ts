import { Stack } from "aws-cdk-lib";
import { CfnApplication, CfnDeploymentGroup } from "aws-cdk-lib/aws-codedeploy";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnAlias, Function } from "aws-cdk-lib/aws-lambda";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { INGEST_ROLLBACK_ALARMS } from "../config/rollback.ts";
import type { Rollout } from "../config/rollback.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import type { NodeFunction } from "./node-function.ts";
import { pinLogicalId } from "./stateful.ts";

export interface GradualReleaseProps {
  readonly function: NodeFunction;
}

/** The alias by which a function is called, so that a new build takes over by parts. */
export class GradualRelease extends Construct {
  /** The function under its alias: what calls it calls this. */
  readonly live: IFunction;
  readonly #alias: CfnAlias;
  readonly #function: NodeFunction;

  constructor(scope: Construct, id: string, props: GradualReleaseProps) {
    super(scope, id);
    this.#function = props.function;
    const { functionName, currentVersion } = props.function.function;
    this.#alias = new CfnAlias(this, "Alias", {
      functionName,
      functionVersion: currentVersion.version,
      name: ALIAS,
    });
    // Lambda refuses a second alias of the same name, which a replacement begins with.
    pinLogicalId(this.#alias, "IngestAlias");
    this.live = Function.fromFunctionAttributes(this, "Live", {
      functionArn: this.#alias.ref,
      sameEnvironment: true,
    });
  }

  /** Lets CodeDeploy shift the requests, and shift them back when an alarm rings. The alarms are made before. */
  rollBackBy(alerts: AlertTopics, rollout: Exclude<Rollout, "all-at-once">): void {
    // Named, so that the role can name the group before it is there.
    const applicationName = `${Stack.of(this).stackName}-${this.#function.name}`;
    const role = this.#makeRole(applicationName);
    const application = new CfnApplication(this, "Application", {
      applicationName,
      computePlatform: "Lambda",
    });
    const group = new CfnDeploymentGroup(this, "Group", {
      applicationName: application.ref,
      serviceRoleArn: role.roleArn,
      deploymentConfigName: PACES[rollout],
      deploymentStyle: {
        deploymentOption: "WITH_TRAFFIC_CONTROL",
        deploymentType: "BLUE_GREEN",
      },
      alarmConfiguration: {
        enabled: true,
        alarms: INGEST_ROLLBACK_ALARMS.map((id) => ({ name: alerts.alarm(id).alarmName })),
      },
      autoRollbackConfiguration: {
        enabled: true,
        events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
      },
    });
    this.#alias.cfnOptions.updatePolicy = {
      codeDeployLambdaAliasUpdate: {
        applicationName: application.ref,
        deploymentGroupName: group.ref,
      },
    };
    this.#alias.node.addDependency(group, role);
  }

  /** What AWSCodeDeployRoleForLambdaLimited allows, for this function alone, and without what only hooks need. */
  #makeRole(applicationName: string): Role {
    const { account, partition, region } = Stack.of(this);
    const { functionArn } = this.#function.function;
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("codedeploy.amazonaws.com", {
        conditions: {
          StringEquals: { "aws:SourceAccount": account },
          ArnLike: {
            "aws:SourceArn": `arn:${partition}:codedeploy:${region}:${account}:deploymentgroup:${applicationName}/*`,
          },
        },
      }),
      description: "Shifts requests to a new build of ingest, and back",
    });
    const allow = (actions: readonly string[], ...resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions: [...actions], resources }));
    allow(["lambda:GetAlias", "lambda:UpdateAlias"], functionArn);
    allow(["lambda:GetProvisionedConcurrencyConfig"], `${functionArn}:${ALIAS}`);
    // CloudWatch returns alarms by their names only to who may describe all of them.
    allow(["cloudwatch:DescribeAlarms"], "*");
    return role;
  }
}

const ALIAS = "live";

/** Each lasts longer than `ingest-failing` takes to ring. */
const PACES = {
  canary: "CodeDeployDefault.LambdaCanary10Percent15Minutes",
  linear: "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes",
} as const;
