import { Unit } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { METRIC_FACTS } from "../../lambdas/settings/metric-facts.ts";
import type { MetricFacts } from "../../lambdas/settings/metric-facts.ts";
import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { SHORT_LINE_FIELDS, USUAL_COUNTS } from "../../lambdas/settings/usual-counts.ts";
import { countAccessLog } from "./access-log.ts";

/**
 * Counts webhooks that were stored, by the access log: the API has one route, and it answers 200 once the event is in the queue.
 * API Gateway may write no line of a 413, of a flood of 429, and of a fault of its own (its guide, "Monitor HTTP APIs").
 * None of them is a 200.
 */
export function countReceipts(scope: Construct, accessLog: ILogGroup): MetricFilter {
  return countAccessLog(scope, "Receipts", {
    accessLog,
    metricName: METRICS.webhooksReceived,
    conditions: { status: 'status = "200"' },
  });
}

/** Reads the usual metrics in a function's short lines. */
export class UsualCounts extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, logGroup }: { readonly stage: string; readonly logGroup: ILogGroup },
  ) {
    super(scope, id);
    for (const [name, dimension] of USUAL_COUNTS) {
      const conditions = new Map([
        // Whatever else is in the log does not begin with it.
        [STAGE_DIMENSION, `${STAGE_DIMENSION} = "${stage}"`],
        [name, `${name} >= 0`],
      ]);
      const fields = SHORT_LINE_FIELDS.map((field) => conditions.get(field) ?? field);
      new MetricFilter(this, name, {
        logGroup,
        filterPattern: FilterPattern.literal(`[${fields.join(", ")}]`),
        metricNamespace: METRIC_NAMESPACE,
        metricName: name,
        metricValue: `$${name}`,
        unit: unitOf(name),
        dimensions: {
          [STAGE_DIMENSION]: `$${STAGE_DIMENSION}`,
          ...(dimension !== null && { [dimension]: `$${dimension}` }),
        },
      });
    }
  }
}

function unitOf(name: MetricName): Unit {
  const all: readonly (readonly [string, MetricFacts])[] = Object.entries(METRIC_FACTS);
  const names = new Map<string, string>(Object.entries(METRICS));
  const facts = all.find(([key]) => names.get(key) === name)?.[1];
  return facts?.unit === "Milliseconds" ? Unit.MILLISECONDS : Unit.COUNT;
}
