import { StandardUnit } from "@aws-sdk/client-cloudwatch";
import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import * as v from "valibot";

/** Metrics of one namespace, as PutMetricData takes them. */
export interface MetricBatch {
  readonly namespace: string;
  readonly data: readonly MetricDatum[];
}

/** Where metrics are put. */
export interface MetricSink {
  put(namespace: string, data: readonly MetricDatum[]): Promise<void>;
}

/** CloudWatch's "Specification: Embedded metric format". */
const Directive = v.object({
  Namespace: v.string(),
  Dimensions: v.array(v.array(v.string())),
  Metrics: v.array(
    v.object({
      Name: v.string(),
      Unit: v.optional(v.picklist(Object.values(StandardUnit)), StandardUnit.None),
    }),
  ),
});
const EmbeddedMetrics = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    _aws: v.object({ Timestamp: v.number(), CloudWatchMetrics: v.array(Directive) }),
  }),
);
const Value = v.union([v.number(), v.array(v.number())]);

/**
 * Reads a log line in CloudWatch's embedded metric format, as CloudWatch itself would.
 *
 * @returns one batch for each of its directives; none when the line is not in that format.
 */
export function readEmbeddedMetrics(line: string): MetricBatch[] {
  const parsed = v.safeParse(EmbeddedMetrics, line);
  if (!parsed.success) return [];
  const { _aws, ...members } = parsed.output;
  return _aws.CloudWatchMetrics.map(({ Namespace, Dimensions, Metrics }) => ({
    namespace: Namespace,
    data: Dimensions.flatMap((names) =>
      Metrics.flatMap(({ Name, Unit }) =>
        // One datum for each value: an emulator need not know the form with many.
        [v.parse(Value, members[Name])].flat().map((value) => ({
          MetricName: Name,
          Dimensions: names.map((name) => ({ Name: name, Value: String(members[name]) })),
          Timestamp: new Date(_aws.Timestamp),
          Unit,
          Value: value,
        })),
      ),
    ),
  }));
}
