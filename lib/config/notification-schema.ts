import * as v from "valibot";
import { COUNTED_OUTCOMES } from "../../lambdas/settings/metrics.ts";
import { SHARED_OUTCOMES, TIME_PERCENTILES } from "./notification-rules.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A rule looks at two windows (`ONE_OF_TWO`), and CloudWatch at seven days in all. */
const MOST_WINDOW_MS = (7 * DAY) / 2;

/** A data point of a minute ago may not be in CloudWatch yet: a shorter window would be half empty. */
const LEAST_WINDOW_MS = 5 * MINUTE;

const LONGEST_WHO = 200;

const MISSING: Readonly<Record<string, string>> = {
  '"atLeast"': "a minimum volume, such as 50: one application of two is 50 % too",
  '"who"': "who should act, and how they begin: a sentence",
  '"windowMs"': "the time that is looked at, in ms, such as 30 * MINUTE",
  '"tell"': '"page", "ticket" or a team of alarms.teams',
};

const isMissing = ({ expected }: { readonly expected: string | null }) =>
  MISSING[expected ?? ""] ?? `there: a rule of this kind needs ${expected ?? "it"}`;

const oneOf = (names: readonly string[]) => `one of ${names.join(", ")}`;
const volume = v.pipe(
  v.number("a number of applications"),
  v.integer("a whole number of applications"),
  v.minValue(1, "at least 1 application: a share of none says nothing"),
);

const common = {
  name: v.pipe(
    v.string("a name"),
    v.regex(
      /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
      "lower-case words with hyphens, such as many-denied",
    ),
    v.maxLength(60, "60 characters at most"),
  ),
  journeys: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string("a Journey token"),
          v.regex(/^J-[A-Za-z0-9]+$/, "a Journey token, such as J-VCQoADBJxeHtmdAvFqoS"),
        ),
        "a list of Journey tokens",
      ),
      v.minLength(1, "at least one Journey token; leave journeys out for all of them"),
      v.check((tokens) => new Set(tokens).size === tokens.length, "without a Journey named twice"),
    ),
  ),
  who: v.pipe(
    v.string("a sentence"),
    v.regex(
      /^\S.*\.$/,
      "a sentence that ends with a full stop: who should act, and how they begin",
    ),
    v.maxLength(LONGEST_WHO, `${LONGEST_WHO} characters at most: an alarm's description is short`),
  ),
  tell: v.string('"page", "ticket" or a team of alarms.teams'),
  windowMs: v.pipe(
    v.number("a number of ms"),
    v.multipleOf(MINUTE, "whole minutes: CloudWatch counts by the minute"),
    v.minValue(LEAST_WINDOW_MS, "at least 5 minutes: what is newer may not be counted yet"),
    v.maxValue(
      MOST_WINDOW_MS,
      "at most 84 hours: an alarm looks at two windows, and CloudWatch at seven days in all",
    ),
  ),
};

const outcome = v.picklist(COUNTED_OUTCOMES, oneOf(COUNTED_OUTCOMES));
const percentage = v.pipe(
  v.number("a percentage"),
  v.minValue(0, "a percentage from 0 to 100"),
  v.maxValue(100, "a percentage from 0 to 100"),
);
const anomalySubjects = [
  ...COUNTED_OUTCOMES,
  ...TIME_PERCENTILES.map((percentile) => `time-to-decision-${percentile}` as const),
];

const rule = v.variant(
  "kind",
  [
    v.strictObject(
      {
        ...common,
        kind: v.literal("count"),
        of: outcome,
        moreThan: v.pipe(
          v.number("a number of applications"),
          v.integer("a whole number of applications"),
          v.minValue(0, "0 or more"),
        ),
      },
      isMissing,
    ),
    v.strictObject(
      {
        ...common,
        kind: v.literal("percent"),
        of: v.picklist(SHARED_OUTCOMES, oneOf(SHARED_OUTCOMES)),
        is: v.picklist(["above", "below"], '"above" or "below"'),
        percent: percentage,
        atLeast: volume,
      },
      isMissing,
    ),
    v.strictObject(
      {
        ...common,
        kind: v.literal("percentChange"),
        of: outcome,
        change: v.picklist(["rises", "falls"], '"rises" or "falls"'),
        byPercent: v.pipe(
          v.number("a percentage"),
          v.gtValue(0, "above 0"),
          v.maxValue(10_000, "at most 10000: a hundredfold"),
        ),
        since: v.picklist(["day-before", "week-before"], '"day-before" or "week-before"'),
        atLeast: volume,
      },
      isMissing,
    ),
    v.strictObject(
      {
        ...common,
        kind: v.literal("anomaly"),
        of: v.picklist(anomalySubjects, oneOf(anomalySubjects)),
        is: v.picklist(["above", "below", "outside"], '"above", "below" or "outside"'),
        deviations: v.pipe(
          v.number("a number of standard deviations"),
          v.gtValue(0, "above 0, such as 3"),
          v.maxValue(10, "at most 10: hardly anything is ever outside"),
        ),
      },
      isMissing,
    ),
    v.strictObject(
      {
        ...common,
        kind: v.literal("timeToDecision"),
        percentile: v.picklist(TIME_PERCENTILES, oneOf(TIME_PERCENTILES)),
        longerThanMs: v.pipe(v.number("a number of ms"), v.minValue(1, "at least 1 ms")),
        atLeast: volume,
      },
      isMissing,
    ),
  ],
  "one of the kinds count, percent, percentChange, anomaly, timeToDecision",
);

/** The schema of `notifications`. */
export const notificationRules = v.array(rule, "a list of rules");
