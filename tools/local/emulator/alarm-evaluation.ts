import {
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetMetricDataCommand,
  paginateDescribeAlarms,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import type {
  MetricAlarm,
  MetricDataResult,
  MetricDatum,
  StateValue,
} from "@aws-sdk/client-cloudwatch";
import * as v from "valibot";
import { comparisonOf } from "../../cloudwatch/alarms.ts";
import { FURTHER_WINDOWS } from "../../cloudwatch/evaluate.ts";
import { judge } from "../../cloudwatch/judge.ts";
import type { Clients } from "./clients.ts";

/** `GetMetricData`'s most queries. */
const QUERIES_PER_CALL = 500;

/** A change of an alarm's state, and what made it. */
export interface AlarmChange {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

const DefinitionSchema = v.pipe(
  v.object({
    AlarmName: v.string(),
    Namespace: v.string(),
    MetricName: v.string(),
    Dimensions: v.optional(v.array(v.object({ Name: v.string(), Value: v.string() })), []),
    Statistic: v.optional(v.string(), ""),
    ExtendedStatistic: v.optional(v.string()),
    Period: v.number(),
    EvaluationPeriods: v.number(),
    DatapointsToAlarm: v.optional(v.number()),
    Threshold: v.number(),
    ComparisonOperator: v.optional(v.string(), ""),
    TreatMissingData: v.optional(v.string()),
  }),
  v.transform(({ Statistic, ExtendedStatistic, TreatMissingData, ...alarm }) => ({
    name: alarm.AlarmName,
    namespace: alarm.Namespace,
    metricName: alarm.MetricName,
    dimensions: alarm.Dimensions,
    statistic: ExtendedStatistic ?? Statistic,
    periodSeconds: alarm.Period,
    evaluationPeriods: alarm.EvaluationPeriods,
    datapointsToAlarm: alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods,
    threshold: alarm.Threshold,
    operator: alarm.ComparisonOperator,
    missingBreaches: TreatMissingData === "breaching",
  })),
);

/** What decides an alarm, all there. */
export type AlarmDefinition = Readonly<v.InferOutput<typeof DefinitionSchema>>;

export type AlarmEvaluation = Readonly<Awaited<ReturnType<typeof takeOverAlarms>>>;

/**
 * Evaluates the stack's alarms in place of the emulator, each by its own definition as it was deployed. The
 * emulator mixes the values of all dimensions (one queue's depth with another's), looks at all windows as
 * one, and never ends an alarm whose metric has fallen silent.
 *
 * It cannot be told not to, so its own verdicts are kept from anybody: the alarms' actions are off, and a
 * state that it sets is set back in the same pass. What changes by the definition is set with the actions
 * on, and the emulator then tells the alarm's topics, as CloudWatch does.
 *
 * @param options.namePrefix - of the stack's alarms, since a running emulator may hold others.
 * @param options.onChange - gets what was told.
 */
export async function takeOverAlarms(
  { cloudWatch }: Pick<Clients, "cloudWatch">,
  options: {
    readonly namePrefix: string;
    readonly now: () => number;
    readonly onChange: (change: AlarmChange) => void;
  },
) {
  /** The states that people were told. */
  const told = new Map<string, StateValue>();

  async function alarms(): Promise<MetricAlarm[]> {
    const all: MetricAlarm[] = [];
    const pages = paginateDescribeAlarms(
      { client: cloudWatch },
      { AlarmNamePrefix: options.namePrefix, AlarmTypes: ["MetricAlarm"] },
    );
    for await (const { MetricAlarms = [] } of pages) all.push(...MetricAlarms);
    return all;
  }

  async function pass(): Promise<void> {
    const current = await alarms();
    for (const { AlarmName = "", StateValue } of current) {
      const state = told.get(AlarmName);
      if (state === undefined || state === StateValue) continue;
      await setState(AlarmName, state, "Set to the state that the definition gives");
    }
    const definitions = current.flatMap((alarm) => definitionOf(alarm) ?? []);
    const results = await measure(definitions, options.now());
    for (const definition of definitions) {
      const { name } = definition;
      const values = results.get(name) ?? [];
      const state: StateValue = rings(definition, values) ? "ALARM" : "OK";
      if (told.get(name) === state) continue;
      const reason = reasonOf(definition, values);
      await tell(name, state, reason);
      told.set(name, state);
      options.onChange({ name, state, reason });
    }
  }

  /** The values of an alarm's windows, the oldest first, by the alarm's name. */
  async function measure(definitions: readonly AlarmDefinition[], now: number) {
    const results = new Map<string, readonly number[]>();
    // The windows of one call begin together, so that those of one length go into one.
    for (const [length, alike] of Map.groupBy(definitions, rangeSecondsOf)) {
      for (let start = 0; start < alike.length; start += QUERIES_PER_CALL) {
        const asked = alike.slice(start, start + QUERIES_PER_CALL);
        const { MetricDataResults = [] } = await cloudWatch.send(
          new GetMetricDataCommand({
            StartTime: new Date(now - length * 1_000),
            // What is measured in this second counts.
            EndTime: new Date(now + 1_000),
            MetricDataQueries: asked.map((definition, index) => queryOf(definition, index)),
          }),
        );
        for (const [index, { name }] of asked.entries()) {
          results.set(name, valuesOf(MetricDataResults.find(({ Id }) => Id === `a${index}`)));
        }
      }
    }
    return results;
  }

  /** The emulator tells of a change alone, so the state is what was told last when the actions come on. */
  async function tell(name: string, state: StateValue, reason: string): Promise<void> {
    const before = told.get(name) ?? "INSUFFICIENT_DATA";
    await setState(name, before, "Restored to the last reported state");
    await cloudWatch.send(new EnableAlarmActionsCommand({ AlarmNames: [name] }));
    await setState(name, state, reason);
    await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames: [name] }));
  }

  async function setState(AlarmName: string, StateValue: StateValue, StateReason: string) {
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }));
  }

  const names: string[] = [];
  for (const { AlarmName = "", StateValue } of await alarms()) {
    names.push(AlarmName);
    // What a run before this one has told need not be told again.
    if (StateValue !== undefined && StateValue !== "INSUFFICIENT_DATA") {
      told.set(AlarmName, StateValue);
    }
  }
  await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames: names }));
  let last = Promise.resolve();
  const inTurn = (task: () => Promise<void>) => {
    // The one before may have failed; that is told to whoever asked for it.
    last = last.catch(() => undefined).then(task);
    return last;
  };
  return {
    /** Evaluates every alarm; one pass at a time, whoever asks. */
    evaluate: () => inTurn(pass),
    /**
     * Puts metrics, never in the midst of a pass: at each put the emulator judges all alarms by itself, and an alarm that
     * it has set to the new state already is told to nobody.
     */
    put: (Namespace: string, data: readonly MetricDatum[]) =>
      inTurn(async () => {
        await cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData: [...data] }));
      }),
    /** Leaves the alarms to the emulator again. */
    release: async () => {
      await last.catch(() => undefined);
      await cloudWatch.send(new EnableAlarmActionsCommand({ AlarmNames: names }));
    },
  };
}

/** Null when the alarm is not on one metric, or not all there. */
export function definitionOf(alarm: MetricAlarm): AlarmDefinition | null {
  const parsed = v.safeParse(DefinitionSchema, alarm);
  return parsed.success && parsed.output.statistic !== "" ? parsed.output : null;
}

/** Does the alarm ring, by its windows' values, the oldest first? Windows without data have none. */
export function rings(definition: AlarmDefinition, values: readonly number[]): boolean {
  const compare = comparisonOf(definition.operator);
  const breaches = (value: number) => compare(value, definition.threshold);
  const missingData = definition.missingBreaches ? "breaching" : "notBreaching";
  return judge({ ...definition, missingData, breaches }, values) === "ALARM";
}

/** As far back as CloudWatch looks when data is missing. */
function rangeSecondsOf({ periodSeconds, evaluationPeriods }: AlarmDefinition): number {
  return periodSeconds * (evaluationPeriods + FURTHER_WINDOWS);
}

function queryOf(definition: AlarmDefinition, index: number) {
  const { namespace: Namespace, metricName: MetricName, dimensions: Dimensions } = definition;
  const { periodSeconds: Period, statistic: Stat } = definition;
  return {
    Id: `a${index}`,
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period, Stat },
  };
}

/** CloudWatch gives the newest first, the emulator the oldest. */
function valuesOf({ Timestamps = [], Values = [] }: MetricDataResult = {}): readonly number[] {
  return Timestamps.map((time, index) => ({ at: time.getTime(), value: Values[index] ?? 0 }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ value }) => value);
}

function reasonOf(definition: AlarmDefinition, values: readonly number[]): string {
  const { statistic, metricName, operator, threshold, periodSeconds } = definition;
  const seen = values.length === 0 ? "no data" : values.join(", ");
  return `${statistic} of ${metricName} each ${periodSeconds} s: ${seen} (${operator} ${threshold})`;
}
