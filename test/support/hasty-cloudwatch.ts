import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { MetricAlarm, StateValue } from "@aws-sdk/client-cloudwatch";
import * as v from "valibot";

import { answered } from "../../tools/cloud-in-memory/clients.ts";

const InputSchema = v.looseObject({
  AlarmName: v.optional(v.string(), ""),
  AlarmNames: v.optional(v.array(v.string()), []),
  StateValue: v.optional(v.picklist(["OK", "ALARM", "INSUFFICIENT_DATA"]), "OK"),
  ActionsEnabled: v.optional(v.boolean(), true),
  StartTime: v.optional(v.date()),
  EndTime: v.optional(v.date()),
  MetricDataQueries: v.optional(
    v.array(
      v.object({
        Id: v.string(),
        MetricStat: v.object({
          Metric: v.object({
            MetricName: v.string(),
            Dimensions: v.array(v.object({ Name: v.string(), Value: v.string() })),
          }),
          Period: v.number(),
          Stat: v.string(),
        }),
      }),
    ),
    [],
  ),
});

/** CloudWatch in memory with dimensions named `About`, and an emulator's own verdicts on alarms: `flip` is one of them. */
export class HastyCloudWatch {
  readonly #alarms = new Map<string, MetricAlarm>();
  readonly #data = new Map<string, { readonly at: number; readonly value: number }[]>();
  /** What the topics were told, as `name state`. */
  readonly told: string[] = [];
  /** What happens right after a state is set, and when metrics are put: then the emulator judges. */
  onSet = () => {};
  onPut = () => {};

  constructor(...alarms: readonly MetricAlarm[]) {
    for (const alarm of alarms) this.#alarms.set(alarm.AlarmName ?? "", { ...alarm });
  }

  get client(): CloudWatchClient {
    return answered(new CloudWatchClient({ region: "us-east-1" }), (input, commandName) =>
      this.#answer(commandName, v.parse(InputSchema, input)),
    );
  }

  /** How many metrics were asked for so far. */
  asked = 0;

  /** Puts a value, whose dimension is what it is about. */
  put(metricName: string, about: string, at: number, value: number): void {
    const key = `${metricName} ${about}`;
    this.#data.set(key, [...(this.#data.get(key) ?? []), { at, value }]);
  }

  state(name: string): StateValue | undefined {
    return this.#alarms.get(name)?.StateValue;
  }

  names(): readonly string[] {
    return [...this.#alarms.keys()];
  }

  actionsEnabled(name: string): boolean {
    return this.#alarms.get(name)?.ActionsEnabled ?? true;
  }

  /** The emulator's own verdict. */
  flip(name: string, state: StateValue): void {
    const alarm = this.#alarms.get(name);
    if (alarm === undefined || alarm.StateValue === state) return;
    this.#alarms.set(name, { ...alarm, StateValue: state });
    if (this.actionsEnabled(name)) this.told.push(`${name} ${state}`);
  }

  #answer(commandName: string, input: v.InferOutput<typeof InputSchema>): object {
    switch (commandName) {
      case "PutMetricAlarmCommand":
      case "PutCompositeAlarmCommand":
        this.#alarms.set(input.AlarmName, {
          AlarmName: input.AlarmName,
          StateValue: "INSUFFICIENT_DATA",
          ActionsEnabled: input.ActionsEnabled,
        });
        return {};
      case "DeleteAlarmsCommand":
        for (const name of input.AlarmNames) this.#alarms.delete(name);
        return {};
      case "ListMetricsCommand":
        return {
          Metrics: [...this.#data.keys()].map((key) => {
            const [MetricName, Value] = key.split(" ");
            return { Namespace: "Test", MetricName, Dimensions: [{ Name: "About", Value }] };
          }),
        };
      case "DescribeAlarmsCommand":
        return { MetricAlarms: [...this.#alarms.values()] };
      case "SetAlarmStateCommand":
        this.flip(input.AlarmName, input.StateValue);
        this.onSet();
        return {};
      case "PutMetricDataCommand":
        this.onPut();
        return {};
      case "EnableAlarmActionsCommand":
      case "DisableAlarmActionsCommand":
        for (const name of input.AlarmNames) {
          const ActionsEnabled = commandName === "EnableAlarmActionsCommand";
          this.#alarms.set(name, { ...this.#alarms.get(name), ActionsEnabled });
        }
        return {};
      case "GetMetricDataCommand":
        this.asked += input.MetricDataQueries.length;
        return {
          MetricDataResults: input.MetricDataQueries.map(({ Id, MetricStat }) => {
            const { MetricName, Dimensions } = MetricStat.Metric;
            const about = Dimensions.map(({ Value }) => Value).join();
            const windows = Map.groupBy(
              (this.#data.get(`${MetricName} ${about}`) ?? []).filter(
                ({ at }) =>
                  at >= Number(input.StartTime?.getTime()) && at < Number(input.EndTime?.getTime()),
              ),
              ({ at }) => Math.floor(at / (MetricStat.Period * 1_000)),
            );
            return {
              Id,
              Timestamps: [...windows.keys()].map((n) => new Date(n * MetricStat.Period * 1_000)),
              Values: [...windows.values()].map((points) => {
                const values = points.map(({ value }) => value);
                return MetricStat.Stat === "Sum"
                  ? values.reduce((sum, value) => sum + value, 0)
                  : Math.max(...values);
              }),
            };
          }),
        };
      default:
        throw new Error(`${commandName} is not known here.`);
    }
  }
}
