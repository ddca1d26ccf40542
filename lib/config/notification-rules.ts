import { COUNTED_OUTCOMES } from "../../lambdas/settings/metrics.ts";
import type { CountedOutcome } from "../../lambdas/settings/metrics.ts";

/** Percentiles of the time to decision that a rule may ask for. */
export const TIME_PERCENTILES = ["p50", "p90", "p99"] as const;

export type TimePercentile = (typeof TIME_PERCENTILES)[number];

/** The time to decision as what a band is of. */
export type TimeSubject = `time-to-decision-${TimePercentile}`;

/** The percentile that a band is of; undefined when it is of an outcome. */
export function percentileOf(subject: CountedOutcome | TimeSubject): TimePercentile | undefined {
  return TIME_PERCENTILES.find((percentile) => subject === `time-to-decision-${percentile}`);
}

/** The outcome that a band is of; undefined when it is of the time to decision. */
export function countedOutcomeOf(
  subject: CountedOutcome | TimeSubject,
): CountedOutcome | undefined {
  return COUNTED_OUTCOMES.find((outcome) => outcome === subject);
}

/** Outcomes of which a share can be asked for; docs/notifications.md says of what each is a share. */
export const SHARED_OUTCOMES = [
  "manual-review",
  "needs-action",
  "approved",
  "denied",
  "errored",
  "expired",
] as const;

export type SharedOutcome = (typeof SHARED_OUTCOMES)[number];

interface Rule {
  /** Unique; the alarm's id is `notification-<name>`. */
  readonly name: string;
  /** The Journeys that it is about, taken together. @default - all applications, of whatever Journey */
  readonly journeys?: readonly string[];
  /** Who should act, and how they begin: a sentence, which stands in the alarm. */
  readonly who: string;
  /** Who is notified: `page`, `ticket`, or a team of `alarms.teams`. */
  readonly tell: string;
  /** The time that is looked at, in milliseconds. */
  readonly windowMs: number;
}

/** More than so many applications came to an outcome within the window. */
export interface CountRule extends Rule {
  readonly kind: "count";
  readonly of: CountedOutcome;
  readonly moreThan: number;
}

/** The share of an outcome is above or below so many per cent, of at least so many applications. */
export interface PercentRule extends Rule {
  readonly kind: "percent";
  readonly of: SharedOutcome;
  readonly is: "above" | "below";
  readonly percent: number;
  /** Applications that the share is of; of fewer it says nothing. */
  readonly atLeast: number;
}

/** An outcome is rarer or more frequent than in the same window a day or a week before. */
export interface PercentChangeRule extends Rule {
  readonly kind: "percentChange";
  readonly of: CountedOutcome;
  readonly change: "rises" | "falls";
  readonly byPercent: number;
  readonly since: "day-before" | "week-before";
  /** Applications in the fuller one of the two windows; of fewer a change says nothing. */
  readonly atLeast: number;
}

/** An outcome, or the time to decision, leaves the band that CloudWatch has learnt to expect. */
export interface AnomalyRule extends Rule {
  readonly kind: "anomaly";
  readonly of: CountedOutcome | TimeSubject;
  readonly is: "above" | "below" | "outside";
  /** Half the width of the band, in standard deviations. */
  readonly deviations: number;
}

/** Of at least so many decisions, a percentile took longer than this. */
export interface TimeToDecisionRule extends Rule {
  readonly kind: "timeToDecision";
  readonly percentile: TimePercentile;
  readonly longerThanMs: number;
  /** Decisions; of fewer a percentile says nothing. */
  readonly atLeast: number;
}

export type NotificationRule =
  | CountRule
  | PercentRule
  | PercentChangeRule
  | AnomalyRule
  | TimeToDecisionRule;

/** What a rule names of the rest of its stage. */
export interface RuleSurroundings {
  readonly notifications: readonly NotificationRule[];
  readonly journeys: readonly string[];
  readonly alarms: { readonly teams: Readonly<Record<string, unknown>> };
}

/** The Journeys that rules name or the stage accepts by name: these are counted by Journey. */
export function countedJourneysOf({
  notifications,
  journeys,
}: RuleSurroundings): readonly string[] {
  const named = notifications.flatMap((one) => one.journeys ?? []);
  return [...new Set([...journeys, ...named])];
}

const RULE_ALARM = "notification-";

/** The id of a rule's alarm. */
export function ruleAlarmIdOf({ name }: NotificationRule): string {
  return `${RULE_ALARM}${name}`;
}

export function isRuleAlarm(id: string): boolean {
  return id.startsWith(RULE_ALARM);
}
