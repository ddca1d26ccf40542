import { existsSync } from "node:fs";
import { Duration } from "aws-cdk-lib";
import type { IAlarm, IAlarmRule, IMetric } from "aws-cdk-lib/aws-cloudwatch";
import {
  Alarm,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { TEST_ALARMS } from "../../lambdas/settings/names.ts";
import { isRuleAlarm } from "../config/notification-rules.ts";
import { isLean } from "../constructs/stateful.ts";
import { ROOT } from "../installation.ts";
import { ConfigurationError } from "../config/stage-configuration.ts";
import { alarmNameOf } from "./alarm-name.ts";
import type { AlertTopics, Recipient } from "./alert-topics.ts";
import type { ConsoleLink } from "./console-links.ts";

const runbooks = `${ROOT}docs/runbooks`;

/** CloudWatch's limit of a description, in characters. */
const LONGEST_DESCRIPTION = 1_024;

interface Announcement {
  readonly alerts: AlertTopics;
  readonly severity: Recipient;
  /** What is true now, as a sentence. */
  readonly fact: string;
  /** What breaks, and for whom, as a sentence. */
  readonly impact: string;
  /** Why it rings at this, and not sooner or later, as a sentence. */
  readonly because: string;
  /** Where to look first. */
  readonly links: readonly ConsoleLink[];
  /** The runbook's file name. @default - the alarm's id */
  readonly runbook?: string;
}

export interface RunbookAlarmProps extends Announcement {
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

/** An alarm as data. */
export interface AlarmDefinition extends Omit<RunbookAlarmProps, "alerts" | "links"> {
  /** Its construct id, and the runbook's file name unless `runbook` says another. */
  readonly id: string;
  /** @default - those of the list */
  readonly links?: readonly ConsoleLink[];
}

/** Makes the alarms of a list. @param around - what they have in common. */
export function makeAlarms(
  scope: Construct,
  around: Pick<RunbookAlarmProps, "alerts" | "links">,
  alarms: readonly AlarmDefinition[],
): void {
  for (const { id, ...alarm } of alarms) new RunbookAlarm(scope, id, { ...around, ...alarm });
}

/**
 * An alarm that notifies people. Its construct id is the alarm's id, and its runbook's file name unless `runbook` says
 * another; the synth fails without the runbook. Alarms that notify nobody are in `integration-health.ts`.
 */
export class RunbookAlarm extends Construct {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id);
    if (isLeftOut(this, id, props)) return;
    const of = props.of ?? 1;
    const alarm = new Alarm(this, "Alarm", {
      alarmName: alarmNameOf(this, id),
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
    announce(alarm, id, props);
  }
}

/** A lean stage has the alarms that page, those of the stage's own rules, and the one that `verify --ring` rings. */
function isLeftOut(scope: Construct, id: string, { severity }: Announcement): boolean {
  return isLean(scope) && severity === "ticket" && id !== TEST_ALARMS.ticket && !isRuleAlarm(id);
}

export interface RunbookCompositeAlarmProps extends Announcement {
  readonly rule: IAlarmRule;
  /** While it is in ALARM, nobody is notified. @default - people are always notified */
  readonly suppressor?: IAlarm;
  /** How long to wait for the suppressor before anybody is notified. */
  readonly suppressorWait: Duration;
}

/** An alarm over other alarms that notifies people; it needs a runbook and an impact as `RunbookAlarm` does. */
export class RunbookCompositeAlarm extends Construct {
  constructor(scope: Construct, id: string, props: RunbookCompositeAlarmProps) {
    super(scope, id);
    const alarm = new CompositeAlarm(this, "Alarm", {
      compositeAlarmName: alarmNameOf(this, id),
      alarmDescription: describe(id, props),
      alarmRule: props.rule,
      ...(props.suppressor !== undefined && {
        actionsSuppressor: props.suppressor,
        actionsSuppressorWaitPeriod: props.suppressorWait,
        // An alarm that still rings when the suppressor ends notifies at once.
        actionsSuppressorExtensionPeriod: Duration.seconds(0),
      }),
    });
    announce(alarm, id, props);
  }
}

/**
 * For what is counted over a window: one of the two last windows. The newest is not complete yet, so by
 * itself it would end the alarm and begin it again, every few minutes.
 */
export const ONE_OF_TWO = { datapoints: 1, of: 2 } as const;

function announce(alarm: Alarm | CompositeAlarm, id: string, props: Announcement): void {
  const actions = props.alerts.actionsFor(id, props.severity);
  alarm.addAlarmAction(...actions);
  // The all-clear closes the page where the alarm opened it.
  alarm.addOkAction(...actions);
  const { severity, fact, impact, because, runbook = id } = props;
  props.alerts.register(alarm, { id, severity, fact, impact, because, runbook });
}

function describe(id: string, props: Announcement): string {
  const { alerts, fact, impact, links, runbook = id } = props;
  if (!existsSync(`${runbooks}/${runbook}.md`)) {
    throw new ConfigurationError(
      `The alarm ${id} has no runbook: write docs/runbooks/${runbook}.md, so that the person on call knows what to do.`,
    );
  }
  if (impact.trim() === "") {
    throw new ConfigurationError(
      `The alarm ${id} does not say its impact: what breaks, and for whom?`,
    );
  }
  const lines = [
    fact,
    `Impact: ${impact}`,
    `Runbook: ${alerts.runbooksUrl}/${runbook}.md`,
    ...links.flatMap(({ title, url }) => (url === null ? [] : [`${title}: ${url}`])),
  ];
  const description = lines.join("\n\n");
  if (description.length > LONGEST_DESCRIPTION) {
    throw new ConfigurationError(
      `The description of alarm ${id} has ${description.length} characters, CloudWatch takes ${LONGEST_DESCRIPTION}: shorten its fact, impact or links.`,
    );
  }
  return description;
}
