import type {
  NotificationRule,
  PercentChangeRule,
  PercentRule,
  RuleSurroundings,
} from "./notification-rules.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** An alarm on metric math reads at most so many metrics (CloudWatch's guide, "Limits"). */
const MOST_METRICS = 10;

/** The poller compares windows in steps of this (`lambdas/domain/application/outcome-change.ts`). */
const COMPARED_STEP_MS = 5 * MINUTE;

/** One call of CloudWatch reads at most so many metrics (GetMetricData). */
const MOST_COMPARED = 500;

/** A value that is wrong by what stands beside it. */
export interface RuleMistake {
  readonly path: string;
  readonly given: unknown;
  readonly wanted: string;
}

/** What is wrong with rules that are each well-formed. */
export function mistakesIn({
  notifications,
  journeys,
  alarms,
}: RuleSurroundings): readonly RuleMistake[] {
  const mistakes: RuleMistake[] = [];
  const recipients = ["page", "ticket", ...Object.keys(alarms.teams)];
  const names = notifications.map(({ name }) => name);
  for (const [index, one] of notifications.entries()) {
    const refuse = (field: string, given: unknown, wanted: string) =>
      mistakes.push({ path: `notifications.${index}.${field}`, given, wanted });
    if (names.indexOf(one.name) !== index) {
      refuse("name", one.name, "a name that no other rule has: it is the alarm's");
    }
    if (!recipients.includes(one.tell)) {
      refuse(
        "tell",
        one.tell,
        `one of ${recipients.join(", ")}: another team goes into alarms.teams`,
      );
    }
    for (const [at, token] of (one.journeys ?? []).entries()) {
      if (journeys.length === 0 || journeys.includes(token)) continue;
      refuse(`journeys.${at}`, token, `one of ${journeys.join(", ")}: journeys accepts no other`);
    }
    for (const { field, given, wanted } of mistakesOfKind(one)) refuse(field, given, wanted);
  }
  const compared = notifications
    .filter(({ kind }) => kind === "percentChange")
    .reduce((sum, { journeys: of = [""] }) => sum + of.length, 0);
  if (compared > MOST_COMPARED) {
    mistakes.push({
      path: "notifications",
      given: compared,
      wanted: `at most ${MOST_COMPARED} Journeys in rules of the kind percentChange: CloudWatch reads no more at once`,
    });
  }
  return mistakes;
}

interface FieldMistake {
  readonly field: string;
  readonly given: unknown;
  readonly wanted: string;
}

function mistakesOfKind(one: NotificationRule): readonly FieldMistake[] {
  const { kind, journeys = [], windowMs } = one;
  switch (kind) {
    case "count":
      return tooManyMetrics(journeys, 1);
    case "percent":
      return [...tooManyMetrics(journeys, 2), ...neverTrue(one)];
    case "percentChange":
      return [...uncomparable(windowMs, one.since), ...neverFalls(one)];
    case "anomaly":
      return moreThanOneJourney(journeys, "CloudWatch learns the band of one metric");
    case "timeToDecision":
      return moreThanOneJourney(journeys, "percentiles of several Journeys do not add up");
  }
}

function tooManyMetrics(journeys: readonly string[], each: number): readonly FieldMistake[] {
  if (journeys.length * each <= MOST_METRICS) return [];
  const wanted = `at most ${MOST_METRICS / each} Journeys: an alarm reads at most ${MOST_METRICS} metrics, and this one ${each} a Journey`;
  return [{ field: "journeys", given: journeys.length, wanted }];
}

function moreThanOneJourney(journeys: readonly string[], why: string): readonly FieldMistake[] {
  if (journeys.length <= 1) return [];
  const wanted = `one Journey, or left out for all: ${why}; write a rule for each`;
  return [{ field: "journeys", given: journeys.length, wanted }];
}

function neverTrue({ is, percent, of }: PercentRule): readonly FieldMistake[] {
  const isStep = of === "manual-review" || of === "needs-action";
  if (is === "below" && percent === 0) {
    return [{ field: "percent", given: percent, wanted: "above 0: no share is below it" }];
  }
  if (is === "above" && percent === 100 && !isStep) {
    return [{ field: "percent", given: percent, wanted: "below 100: no share is above it" }];
  }
  return [];
}

function neverFalls({ change, byPercent }: PercentChangeRule): readonly FieldMistake[] {
  if (change === "rises" || byPercent <= 100) return [];
  const wanted = "at most 100 for a fall: there are none fewer than none";
  return [{ field: "byPercent", given: byPercent, wanted }];
}

function uncomparable(
  windowMs: number,
  since: PercentChangeRule["since"],
): readonly FieldMistake[] {
  if (windowMs % COMPARED_STEP_MS !== 0) {
    const wanted = "whole five minutes: by these the poller compares two windows";
    return [{ field: "windowMs", given: windowMs, wanted }];
  }
  if (since === "day-before" && windowMs > DAY) {
    const wanted = "at most a day: a longer window would be compared with a part of itself";
    return [{ field: "windowMs", given: windowMs, wanted }];
  }
  return [];
}
