import * as v from "valibot";

import { LIMITS } from "./limits.ts";

/** The units of CloudWatch's that we use; it knows 27. */
const Unit = v.picklist(["Count", "Milliseconds"]);

/** What CloudWatch takes as a name or a dimension's value: 1 to so many characters, no control characters. */
const named = (longest: number) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(longest), v.regex(/^[\x20-\x7e]+$/));

const Value = v.union([
  v.pipe(v.number(), v.finite()),
  v.pipe(
    v.array(v.pipe(v.number(), v.finite())),
    v.minLength(1),
    v.maxLength(LIMITS.metricValues.most),
  ),
]);

/**
 * A line as CloudWatch's "Specification: Embedded metric format" wants it, in its own numbers: a namespace, at most
 * 30 dimensions in a set, at most 100 metrics in a directive, at most 100 values of a metric. What is in the
 * directive must be in the line, a dimension as text, a metric as a number or numbers.
 */
const LineSchema = v.pipe(
  v.looseObject({
    _aws: v.strictObject({
      Timestamp: v.pipe(v.number(), v.integer(), v.minValue(0)),
      CloudWatchMetrics: v.pipe(
        v.array(
          v.strictObject({
            Namespace: named(1_024),
            Dimensions: v.pipe(
              v.array(v.pipe(v.array(named(250)), v.maxLength(LIMITS.metricDimensions.most))),
              v.minLength(1),
            ),
            Metrics: v.pipe(
              v.array(v.strictObject({ Name: named(1_024), Unit })),
              v.minLength(1),
              v.maxLength(LIMITS.metricsPerDirective.most),
            ),
          }),
        ),
        v.minLength(1),
      ),
    }),
  }),
  v.check(
    ({ _aws, ...line }) =>
      _aws.CloudWatchMetrics.every(
        ({ Dimensions, Metrics }) =>
          Dimensions.flat().every((name) => v.is(named(1_024), line[name])) &&
          Metrics.every(({ Name }) => v.is(Value, line[Name])) &&
          new Set(Metrics.map(({ Name }) => Name)).size === Metrics.length,
      ),
    "each dimension as text and each metric, once, as a number or numbers in the line",
  ),
);

/** CloudWatch Logs takes lines of so many bytes; 26 are the entry's own. */
const LONGEST_LINE = LIMITS.logEventBytes.most - 26;

/** CloudWatch drops what is older than two weeks, or more than two hours ahead. */
const [OLDEST_MS, NEWEST_MS] = [14 * 24 * 3_600_000, 2 * 3_600_000];

/**
 * What CloudWatch would take out of a line.
 *
 * @throws Error when the line begins as one of metrics and is not valid.
 */
export function embeddedMetricsIn(line: string, now: number) {
  if (!line.includes('"_aws"')) return [];
  const parsed = v.safeParse(LineSchema, JSON.parse(line));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`${v.getDotPath(issue) ?? "the line"}: ${issue.message} in ${line}`);
  }
  const { _aws } = parsed.output;
  if (_aws.Timestamp < now - OLDEST_MS || _aws.Timestamp > now + NEWEST_MS) {
    throw new Error(`The time stamp of ${line} is too old or too new.`);
  }
  if (Buffer.byteLength(line) > LONGEST_LINE || line.includes("\n")) {
    throw new Error(`The line is too long, or more than one: ${line.slice(0, 80)}…`);
  }
  return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((dimensions) =>
      Metrics.map(({ Name, Unit }) => ({
        namespace: Namespace,
        name: Name,
        unit: Unit,
        dimensions,
      })),
    ),
  );
}

/** Why CloudWatch would take no metrics of a line that is one of metrics; null: it takes them, or it is another line. */
export function metricsRefusal(line: string, now: number): string | null {
  try {
    embeddedMetricsIn(line, now);
    return null;
  } catch (error) {
    return `CloudWatch takes no metrics of a line: ${error instanceof Error ? error.message : String(error)}`;
  }
}
