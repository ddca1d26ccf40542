import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Stack } from "aws-cdk-lib";
import type { IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { ConfigurationError } from "../stage-configuration.ts";
import type { AlertTopics, Severity } from "./alert-topics.ts";
import type { ConsoleLink } from "./console-links.ts";

const runbooks = fileURLToPath(new URL("../../docs/runbooks", import.meta.url));

/** CloudWatch's limit of a description, in characters. */
const LONGEST_DESCRIPTION = 1_024;

export interface RunbookAlarmProps {
  readonly alerts: AlertTopics;
  readonly severity: Severity;
  /** What is true now, as a sentence. */
  readonly fact: string;
  /** What breaks, and for whom, as a sentence. */
  readonly impact: string;
  /** Where to look first. */
  readonly links: readonly ConsoleLink[];
  readonly metric: IMetric;
  readonly threshold: number;
  /** @default - at least the threshold */
  readonly comparison?: ComparisonOperator;
  /** Data points looked at. @default 1 */
  readonly of?: number;
  /** Data points among them that must breach. @default - all of them */
  readonly datapoints?: number;
  /** `silence` breaches when the metric itself must never stop. @default "fine" */
  readonly missingData?: "fine" | "silence";
}

/**
 * The only way to make an alarm. Its construct id is the alarm's id and the runbook's file name;
 * without the page there is no alarm.
 */
export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id);
    requireRunbook(id);
    const of = props.of ?? 1;
    this.alarm = new Alarm(this, "Alarm", {
      alarmName: `${Stack.of(this).stackName}-${id}`,
      alarmDescription: describe(id, props),
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator: props.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: of,
      datapointsToAlarm: props.datapoints ?? of,
      treatMissingData:
        props.missingData === "silence"
          ? TreatMissingData.BREACHING
          : TreatMissingData.NOT_BREACHING,
    });
    const action = props.alerts.actionFor(props.severity);
    this.alarm.addAlarmAction(action);
    // The all-clear closes the page where the alarm opened it.
    this.alarm.addOkAction(action);
  }
}

function requireRunbook(id: string): void {
  if (!existsSync(`${runbooks}/${id}.md`)) {
    throw new ConfigurationError(
      `The alarm ${id} has no runbook: write docs/runbooks/${id}.md, so that whoever is paged knows what to do.`,
    );
  }
}

function describe(id: string, { alerts, fact, impact, links }: RunbookAlarmProps): string {
  if (impact.trim() === "") {
    throw new ConfigurationError(
      `The alarm ${id} does not say its impact: what breaks, and for whom?`,
    );
  }
  const lines = [
    fact,
    `Impact: ${impact}`,
    `Runbook: ${alerts.runbooksUrl}/${id}.md`,
    ...links.map(({ title, url }) => `${title}: ${url}`),
  ];
  const description = lines.join("\n\n");
  if (description.length > LONGEST_DESCRIPTION) {
    throw new ConfigurationError(
      `The description of alarm ${id} has ${description.length} characters, CloudWatch takes ${LONGEST_DESCRIPTION}: shorten its fact, impact or links.`,
    );
  }
  return description;
}
