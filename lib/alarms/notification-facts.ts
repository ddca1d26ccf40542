import { Duration } from "aws-cdk-lib";
import type { CountedOutcome } from "../../lambdas/settings/metrics.ts";
import { countedOutcomeOf, percentileOf } from "../config/notification-rules.ts";
import type { AnomalyRule, NotificationRule, SharedOutcome } from "../config/notification-rules.ts";

/** What has happened to an application that came to an outcome. */
const DONE: Readonly<Record<CountedOutcome, string>> = {
  submitted: "were submitted",
  "manual-review": "came into manual review",
  "needs-action": "came to need an action",
  approved: "were approved",
  denied: "were denied",
  errored: "ended in an error",
  expired: "expired",
  ended: "ended",
};

/** What a share is of: a step's of what was submitted meanwhile, an end's of all that ended. */
export function wholeOf(outcome: SharedOutcome): "submitted" | "ended" {
  return outcome === "manual-review" || outcome === "needs-action" ? "submitted" : "ended";
}

/** What is true when a rule rings, as a sentence. */
export function factOf(rule: NotificationRule): string {
  const window = timeOf(rule.windowMs);
  const where = rule.journeys === undefined ? "in all Journeys" : `in ${rule.journeys.join(", ")}`;
  const { kind } = rule;
  switch (kind) {
    case "count":
      return `In ${window} more than ${rule.moreThan} applications ${DONE[rule.of]}, ${where}.`;
    case "percent":
      return `In ${window} ${rule.is === "above" ? "more" : "less"} than ${rule.percent} % of the applications that ${DONE[wholeOf(rule.of)]} ${DONE[rule.of]}, out of at least ${rule.atLeast}, ${where}.`;
    case "percentChange": {
      const [more, when] = [
        rule.change === "rises" ? "more" : "fewer",
        rule.since === "day-before" ? "a day" : "a week",
      ];
      return `In ${window} at least ${rule.byPercent} % ${more} applications ${DONE[rule.of]} than in the same time ${when} before, of at least ${rule.atLeast}, ${where}.`;
    }
    case "anomaly":
      return `In ${window} ${subjectOf(rule)} ${rule.is === "outside" ? "above or below" : rule.is} what CloudWatch has learnt to expect (${rule.deviations} standard deviations), ${where}.`;
    case "timeToDecision":
      return `In ${window} the time to decision was above ${timeOf(rule.longerThanMs)} (${rule.percentile}), of at least ${rule.atLeast} decisions, ${where}.`;
  }
}

function subjectOf({ of }: AnomalyRule): string {
  const outcome = countedOutcomeOf(of);
  if (outcome !== undefined) return `the number of applications that ${DONE[outcome]} was`;
  return `the time to decision (${percentileOf(of)}) was`;
}

function timeOf(ms: number): string {
  return Duration.millis(ms).toHumanString();
}
