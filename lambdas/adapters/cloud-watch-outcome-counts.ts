import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";

import type { OutcomeCounts, Span } from "../domain/application/outcome-change.ts";
import {
  JOURNEY_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  OUTCOME_DIMENSION,
  STAGE_DIMENSION,
} from "../settings/metrics.ts";
import type { OutcomeSubject } from "../settings/poller-settings.ts";
import { translateAwsError } from "./aws-error.ts";
import type { CloudWatchOperations } from "./aws-operations.ts";
import { readResults } from "./metric-data.ts";

/** The steps of the compared windows; CloudWatch keeps them for 63 days. */
const PERIOD_SECONDS = 300;

/** `OutcomeCounts` by the metric that the consumer writes. */
export class CloudWatchOutcomeCounts implements OutcomeCounts {
  readonly #cloudWatch: CloudWatchOperations;
  readonly #stage: string;

  constructor(options: { readonly cloudWatch: CloudWatchOperations; readonly stage: string }) {
    this.#cloudWatch = options.cloudWatch;
    this.#stage = options.stage;
  }

  async total(subjects: readonly OutcomeSubject[], { from, to }: Span): Promise<number> {
    let total = 0;
    let page: string | undefined;
    try {
      do {
        const answer = await this.#cloudWatch.getMetricData({
          StartTime: new Date(from),
          // CloudWatch leaves out what begins at the end.
          EndTime: new Date(to),
          MetricDataQueries: subjects.map((subject, index) => this.#query(subject, index)),
          ...(page === undefined ? {} : { NextToken: page }),
        });
        for (const { Values = [] } of readResults(answer)) {
          total += Values.reduce((sum, value) => sum + value, 0);
        }
        page = answer.NextToken;
      } while (page !== undefined);
    } catch (error) {
      throw translateAwsError("Reading how many applications came to an outcome", error);
    }
    return total;
  }

  #query({ outcome, journey }: OutcomeSubject, index: number): MetricDataQuery {
    const dimensions = {
      [STAGE_DIMENSION]: this.#stage,
      ...(journey !== null && { [JOURNEY_DIMENSION]: journey }),
      [OUTCOME_DIMENSION]: outcome,
    };
    return {
      Id: `subject${index}`,
      MetricStat: {
        Metric: {
          Namespace: METRIC_NAMESPACE,
          MetricName: METRICS.applicationsByOutcome,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: PERIOD_SECONDS,
        Stat: "Sum",
      },
    };
  }
}
