import type { CountedOutcome } from "../../lambdas/settings/metrics.ts";
import type { ComparisonSettings, OutcomeSubject } from "../../lambdas/settings/poller-settings.ts";
import { countedOutcomeOf } from "./notification-rules.ts";
import type { NotificationRule } from "./notification-rules.ts";

const DAY = 24 * 60 * 60_000;

/** What the poller compares for rules of the kind `percentChange`. */
export function comparisonsOf(rules: readonly NotificationRule[]): readonly ComparisonSettings[] {
  return rules
    .filter((rule) => rule.kind === "percentChange")
    .map(({ name, of, journeys, windowMs, since, atLeast }) => ({
      rule: name,
      subjects: subjectsOf(of, journeys),
      windowMs,
      beforeMs: since === "day-before" ? DAY : 7 * DAY,
      atLeast,
    }));
}

/** What may not be silent: an outcome whose absence a rule of the kind `anomaly` is to notice. */
export function expectedOutcomesOf(rules: readonly NotificationRule[]): readonly OutcomeSubject[] {
  return rules
    .filter((rule) => rule.kind === "anomaly")
    .flatMap(({ of, journeys }) => {
      const outcome = countedOutcomeOf(of);
      return outcome === undefined ? [] : subjectsOf(outcome, journeys);
    });
}

function subjectsOf(
  outcome: CountedOutcome,
  journeys: readonly string[] | undefined,
): readonly OutcomeSubject[] {
  return (journeys ?? [null]).map((journey) => ({ outcome, journey }));
}
