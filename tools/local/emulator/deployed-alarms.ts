import { ComparisonOperator } from "@aws-sdk/client-cloudwatch";
import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import * as v from "valibot";
import { METRIC_NAMESPACE } from "../../../lambdas/settings/metrics.ts";
import { metricAlarmsOf } from "../../cloudwatch/alarms.ts";
import type { MetricAlarm, WatchedMetric } from "../../cloudwatch/alarms.ts";
import { compositeAlarmsOf } from "../../cloudwatch/composite.ts";
import type { CompositeAlarm } from "../../cloudwatch/composite.ts";
import { resolve } from "../../template/resolve.ts";
import { isRecord } from "../../template/template.ts";
import type { TemplateResource } from "../../template/template.ts";
import { ACCOUNT } from "./cdk.ts";
import type { DeployedTemplate } from "./deployed-template.ts";
import { REGION } from "./emulator.ts";
import { isQueueMetric } from "./queue-metrics.ts";

const METRIC_ALARM = "AWS::CloudWatch::Alarm";
const COMPOSITE_ALARM = "AWS::CloudWatch::CompositeAlarm";

const Texts = v.optional(v.array(v.string()), []);

const Common = {
  AlarmName: v.string(),
  AlarmDescription: v.optional(v.string(), ""),
  AlarmActions: Texts,
  OKActions: Texts,
};

/** An alarm on metrics as `PutMetricAlarm` takes it. */
const MetricInput = v.object({
  ...Common,
  ComparisonOperator: v.picklist(Object.values(ComparisonOperator)),
  EvaluationPeriods: v.number(),
  DatapointsToAlarm: v.optional(v.number()),
  Threshold: v.optional(v.number()),
  ThresholdMetricId: v.optional(v.string()),
  TreatMissingData: v.optional(v.string()),
  Metrics: v.optional(v.array(v.custom<MetricDataQuery>(isRecord))),
});

/** An alarm over others as `PutCompositeAlarm` takes it. */
const CompositeInput = v.object({
  ...Common,
  AlarmRule: v.string(),
  ActionsSuppressor: v.optional(v.string()),
  ActionsSuppressorWaitPeriod: v.optional(v.number()),
  ActionsSuppressorExtensionPeriod: v.optional(v.number()),
});

export type MetricAlarmInput = v.InferOutput<typeof MetricInput>;
export type CompositeAlarmInput = v.InferOutput<typeof CompositeInput>;

/** The alarms of the deployed stack, to be evaluated, and as CloudWatch's API takes them. */
export interface DeployedAlarms {
  readonly metric: readonly (MetricAlarm & { readonly input: MetricAlarmInput })[];
  readonly composite: readonly (CompositeAlarm & { readonly input: CompositeAlarmInput })[];
}

/** Whether there are values of a metric here: from the functions' logs, from the emulator's Lambda, or of the queues. */
export function isMeasuredHere({ namespace, name }: WatchedMetric): boolean {
  if (namespace === "AWS/SQS") return isQueueMetric(name);
  return namespace === METRIC_NAMESPACE || namespace === "AWS/Lambda";
}

/**
 * The alarms of the deployed template, with the names that the resources have in the emulator: those that it cannot hold,
 * too.
 *
 * @param stage - whose name the alarms' names begin with.
 */
export function deployedAlarms(
  { template, resources }: DeployedTemplate,
  stage: string,
): DeployedAlarms {
  const names = new Map(resources.map(({ id, name }) => [id, name]));
  const alarms = [METRIC_ALARM, COMPOSITE_ALARM].flatMap((type) => template.ofType(type));
  const alarmNames = new Map(
    alarms.map(({ logicalId, Properties }) => [
      logicalId,
      v.parse(v.string(), Properties["AlarmName"]),
    ]),
  );
  const place = {
    ref: (id: string) => names.get(id) ?? "",
    attribute: (id: string, attribute: string) => {
      const alarmName = alarmNames.get(id);
      if (alarmName !== undefined) {
        return `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:${alarmName}`;
      }
      if (attribute === "QueueName") return names.get(id)?.split("/").at(-1) ?? "";
      throw new Error(`An alarm names ${attribute} of ${id}, which is not known here.`);
    },
  };
  const resolved = (resource: TemplateResource) =>
    v.parse(v.record(v.string(), v.unknown()), resolve(resource.Properties, place));
  const properties = new Map(alarms.map((resource) => [resource.logicalId, resolved(resource)]));
  const metrics = template
    .ofType(METRIC_ALARM)
    .map((resource) => ({ ...resource, Properties: properties.get(resource.logicalId) ?? {} }));
  return {
    metric: metricAlarmsOf({ stage: { stage }, ofType: () => metrics }).map((alarm) => ({
      ...alarm,
      input: v.parse(MetricInput, properties.get(alarm.logicalId)),
    })),
    // A rule names alarms by their logical ids, so it is read as it stands in the template.
    composite: compositeAlarmsOf({ ...template, stage: { stage } }).map((alarm) => ({
      ...alarm,
      input: v.parse(CompositeInput, properties.get(alarm.logicalId)),
    })),
  };
}
