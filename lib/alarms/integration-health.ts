import { Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  AlarmRule,
  AlarmState,
  CompositeAlarm,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { IAlarm, IAlarmRule } from "aws-cdk-lib/aws-cloudwatch";
import { Rule } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import { isLean } from "../constructs/stateful.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { INCIDENT_ALARMS } from "./alert-topics.ts";
import { dashboardLink } from "./console-links.ts";
import { RunbookCompositeAlarm } from "./runbook-alarm.ts";
import { alarmNameOf } from "./alarm-name.ts";

/** Alarms that page also during a deployment: people wait for a decision, or nobody would notice. */
const NEVER_SUPPRESSED = [
  "delivery-gap",
  "webhooks-silent",
  "webhooks-repaired-often",
  "poller-silent",
  // A deployment may be what set the wrong address.
  "applications-unknown",
];

/** A deployment takes two or three minutes; what still rings after this is not its doing. */
const DEPLOYMENT_MINUTES = 10;

export interface IntegrationHealthProps {
  readonly alerts: AlertTopics;
}

/** One page for one incident, whatever rings; and none for what a deployment itself does. */
export class IntegrationHealth extends Construct {
  /** Alarms that notify nobody. They suppress `integration-unhealthy`. */
  readonly suppressors: readonly IAlarm[];

  constructor(scope: Construct, id: string, { alerts }: IntegrationHealthProps) {
    super(scope, id);
    const inAlarm = (alarms: readonly string[]) =>
      alarms.map((alarm) => AlarmRule.fromAlarm(alerts.alarm(alarm), AlarmState.ALARM));

    // A sandbox may page during a deployment: nobody deploys it but who is at work on it.
    this.suppressors = isLean(this) ? [] : this.#makeSuppressors(inAlarm(NEVER_SUPPRESSED));
    const suppressor = this.suppressors.at(-1);

    new RunbookCompositeAlarm(this, "integration-unhealthy", {
      alerts,
      severity: "page",
      fact: `At least one of ${INCIDENT_ALARMS.join(", ")} rings.`,
      impact: "Alloy's decisions reach the teams behind the bus late or not at all.",
      because: "one incident is one page, whichever of them rings first.",
      links: [dashboardLink(this)],
      rule: AlarmRule.anyOf(...inAlarm(INCIDENT_ALARMS)),
      ...(suppressor !== undefined && { suppressor }),
      // CloudFormation's word of the deployment is a metric a minute or two later.
      suppressorWait: Duration.minutes(2),
    });
  }

  /** The alarm about a deployment, and the one that suppresses by it. */
  #makeSuppressors(neverSuppressed: readonly IAlarmRule[]): readonly IAlarm[] {
    const deploymentRunning = this.#deploymentRunning();
    const suppressor = new CompositeAlarm(this, "Suppressor", {
      compositeAlarmName: alarmNameOf(this, "deployment-excuses"),
      alarmDescription:
        "Notifies nobody. It suppresses integration-unhealthy during a deployment, unless people wait for a decision.",
      alarmRule: AlarmRule.allOf(
        AlarmRule.fromAlarm(deploymentRunning, AlarmState.ALARM),
        AlarmRule.not(AlarmRule.anyOf(...neverSuppressed)),
      ),
    });
    return [deploymentRunning, suppressor];
  }

  /** CloudFormation announces each change of the stack; CloudWatch counts what the rule has matched. */
  #deploymentRunning(): IAlarm {
    const { stackName, stackId } = Stack.of(this);
    const ruleName = `${stackName}-deployment`;
    // Without a target, since being counted is all that it is for.
    new Rule(this, "DeploymentStarted", {
      ruleName,
      description: "Counts the deployments of this stack",
      eventPattern: {
        source: ["aws.cloudformation"],
        detailType: ["CloudFormation Stack Status Change"],
        detail: {
          "stack-id": [stackId],
          "status-details": { status: ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"] },
        },
      },
    });
    return new Alarm(this, "DeploymentRunning", {
      alarmName: alarmNameOf(this, "deployment-running"),
      alarmDescription: "Notifies nobody. It says that a deployment began a while ago.",
      metric: new Metric({
        namespace: "AWS/Events",
        metricName: "TriggeredRules",
        dimensionsMap: { RuleName: ruleName },
        statistic: "Sum",
        period: Duration.minutes(1),
      }),
      threshold: 1,
      evaluationPeriods: DEPLOYMENT_MINUTES,
      datapointsToAlarm: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
