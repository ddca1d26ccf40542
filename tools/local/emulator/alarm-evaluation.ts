import {
  DeleteAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  paginateDescribeAlarms,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import type { MetricDatum, StateValue } from "@aws-sdk/client-cloudwatch";
import type { MetricAlarm } from "../../cloudwatch/alarms.ts";
import { HeldBackActions } from "../../cloudwatch/composite.ts";
import type { CompositeAlarm } from "../../cloudwatch/composite.ts";
import { FURTHER_WINDOWS } from "../../cloudwatch/evaluate.ts";
import { judge } from "../../cloudwatch/judge.ts";
import type { Statistics } from "../../cloudwatch/measurements.ts";
import type { Point } from "../../cloudwatch/metric-math.ts";
import type { Clients } from "./clients.ts";
import type { DeployedAlarms } from "./deployed-alarms.ts";
import { readStatistics } from "./emulator-statistics.ts";

/** The most alarms of one call. */
const ALARMS_PER_CALL = 100;

const MINUTE_MS = 60_000;

/** A change of an alarm's state, and what made it. */
export interface AlarmChange {
  /** The alarm's id, which is its runbook's name. */
  readonly id: string;
  readonly state: StateValue;
  readonly reason: string;
  /** What it tells whoever is paged. */
  readonly description: string;
}

export type AlarmEvaluation = Readonly<Awaited<ReturnType<typeof takeOverAlarms>>>;

type Alarm = DeployedAlarms["metric"][number] | DeployedAlarms["composite"][number];

/**
 * Evaluates the stack's alarms in place of the emulator, each by its own definition as it was deployed. The
 * emulator mixes the values of all dimensions (one queue's depth with another's), looks at all windows as
 * one, never ends an alarm whose metric has fallen silent, and knows no metric math.
 *
 * It cannot be told not to, so its own verdicts are kept from anybody: the alarms' actions are off, and a
 * state that it sets is set back in the same pass. What changes by the definition is set with the actions
 * on, and the emulator then tells the alarm's topics, as CloudWatch does. An alarm that could not be deployed is put there
 * for that, with its state and its topics.
 *
 * @param alarms - all of the stack.
 * @param options.onChange - gets each change of a state.
 */
export async function takeOverAlarms(
  { cloudWatch }: Pick<Clients, "cloudWatch">,
  alarms: DeployedAlarms,
  options: {
    readonly now: () => number;
    readonly onChange: (change: AlarmChange) => void;
  },
) {
  const names = [...alarms.metric, ...alarms.composite].map(({ input }) => input.AlarmName);
  /** The states by the definitions, by the alarms' names: what the emulator is to show. */
  const states = new Map<string, StateValue>();
  const ringing = new Set<string>();
  const isRinging = (logicalId: string) => ringing.has(logicalId);
  const rang = new Map<string, AlarmChange>();
  const heldBack = new HeldBackActions();
  /** The alarms over others of whose ring people were told. */
  const paged = new Set<string>();

  async function pass(): Promise<void> {
    await setBack();
    const now = options.now();
    const statistics = await readStatistics(cloudWatch, alarms.metric, now);
    const changes: Change[] = [];
    for (const alarm of alarms.metric) {
      const range = rangeAt(alarm, statistics, now / MINUTE_MS);
      const verdict = judge(alarm, range);
      const state = verdict === "retain" ? (states.get(alarm.input.AlarmName) ?? "OK") : verdict;
      changes.push(...noted(alarm, state, () => reasonOf(alarm, range)));
    }
    await tell(changes);
    await passOver(now / MINUTE_MS);
  }

  /** What the emulator has judged by itself. */
  async function setBack(): Promise<void> {
    const shown = await statesIn(cloudWatch, names);
    for (const [name, state] of states) {
      if (shown.get(name) === state) continue;
      await setState(name, state, "Set to the state that the definition gives");
    }
  }

  /** Alarms over alarms change at once, and tell when no suppressor can hold them back any more. */
  async function passOver(minute: number): Promise<void> {
    const begun = new Set<CompositeAlarm>();
    for (const alarm of alarms.composite) {
      const isOn = alarm.rule(isRinging);
      const changes = noted(alarm, isOn ? "ALARM" : "OK", () => "by its rule");
      for (const { name, state, reason } of changes) {
        if (isOn) begun.add(alarm);
        if (!isOn && paged.delete(name)) await tell(changes);
        else await setState(name, state, reason);
      }
    }
    const due = heldBack.due(alarms.composite, isRinging, begun, minute);
    for (const alarm of alarms.composite.filter((one) => due.includes(one))) {
      const name = alarm.input.AlarmName;
      paged.add(name);
      await setState(name, "OK", "Restored to the last reported state");
      await tell([{ name, before: "OK", state: "ALARM", reason: "by its rule" }]);
    }
  }

  /** Notes an alarm's state. @returns the change, when it is one. */
  function noted(alarm: Alarm, state: StateValue, why: () => string): readonly Change[] {
    const { AlarmName: name, AlarmDescription: description } = alarm.input;
    const before = states.get(name);
    if (before === state) return [];
    states.set(name, state);
    if (state === "ALARM") ringing.add(alarm.logicalId);
    else ringing.delete(alarm.logicalId);
    const change = { id: alarm.id, state, reason: why(), description };
    if (state === "ALARM" && !rang.has(alarm.id)) rang.set(alarm.id, change);
    options.onChange(change);
    return [{ name, before, state, reason: change.reason }];
  }

  /** The emulator tells of a change alone, so the state is what it was before when the actions come on. */
  async function tell(changes: readonly Change[]): Promise<void> {
    // What the first pass finds is many at once, and in no state yet.
    const [first, later] = [
      changes.filter(({ before }) => before === undefined),
      changes.filter(({ before }) => before !== undefined),
    ];
    for (const together of [first, ...later.map((change) => [change])]) {
      const told = together.map(({ name }) => name);
      for (const { name, before = "INSUFFICIENT_DATA" } of together) {
        await setState(name, before, "Restored to the last reported state");
      }
      await setActions(told, EnableAlarmActionsCommand);
      for (const { name, state, reason } of together) await setState(name, state, reason);
      await setActions(told, DisableAlarmActionsCommand);
    }
  }

  async function setActions(
    all: readonly string[],
    Command: typeof EnableAlarmActionsCommand | typeof DisableAlarmActionsCommand,
  ): Promise<void> {
    for (let start = 0; start < all.length; start += ALARMS_PER_CALL) {
      const AlarmNames = all.slice(start, start + ALARMS_PER_CALL);
      await cloudWatch.send(new Command({ AlarmNames }));
    }
  }

  async function setState(AlarmName: string, StateValue: StateValue, StateReason: string) {
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }));
  }

  const found = await statesIn(cloudWatch, names);
  const added = await putMissing(cloudWatch, alarms, found);
  await setActions(names, DisableAlarmActionsCommand);
  for (const alarm of [...alarms.metric, ...alarms.composite]) {
    const state = found.get(alarm.input.AlarmName);
    // What a run before this one has told need not be told again.
    if (state === undefined || state === "INSUFFICIENT_DATA") continue;
    states.set(alarm.input.AlarmName, state);
    if (state === "ALARM") ringing.add(alarm.logicalId);
  }
  let [isFirst, slowestMs] = [true, 0];
  let last = Promise.resolve();
  const inTurn = (task: () => Promise<void>) => {
    // The one before may have failed; that is told to whoever asked for it.
    last = last.catch(() => undefined).then(task);
    return last;
  };
  return {
    /** Evaluates every alarm; one pass at a time, whoever asks. */
    evaluate: () =>
      inTurn(async () => {
        const started = performance.now();
        await pass();
        // The first one has every alarm to tell of.
        if (isFirst) isFirst = false;
        else slowestMs = Math.max(slowestMs, performance.now() - started);
      }),
    /** Each alarm that has rung since this began, as it began to ring, and how long the slowest evaluation took. */
    seen: () => ({ rang: [...rang.values()], slowestMs }),
    /**
     * Puts metrics, never in the midst of a pass: at each put the emulator judges all alarms by itself, and an alarm that
     * it has set to the new state already is told to nobody.
     */
    put: (Namespace: string, data: readonly MetricDatum[]) =>
      inTurn(async () => {
        await cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData: [...data] }));
        // Whoever asks before the next pass must not be told what the emulator thinks.
        await setBack();
      }),
    /** Leaves the alarms to the emulator again, but for those that it cannot judge. */
    release: async () => {
      await last.catch(() => undefined);
      if (added.length > 0) {
        await cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [...added] }));
      }
      await setActions(
        names.filter((name) => !added.includes(name)),
        EnableAlarmActionsCommand,
      );
    },
  };
}

/** What people are told of an alarm. */
interface Change {
  readonly name: string;
  readonly before: StateValue | undefined;
  readonly state: StateValue;
  readonly reason: string;
}

/** The states that the emulator shows of these alarms. A running one may hold others. */
async function statesIn(
  client: Clients["cloudWatch"],
  names: readonly string[],
): Promise<ReadonlyMap<string, StateValue>> {
  const known = new Set(names);
  const states = new Map<string, StateValue>();
  const pages = paginateDescribeAlarms(
    { client },
    { AlarmTypes: ["MetricAlarm", "CompositeAlarm"], MaxRecords: ALARMS_PER_CALL },
  );
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    for (const { AlarmName = "", StateValue } of [...MetricAlarms, ...CompositeAlarms]) {
      if (known.has(AlarmName) && StateValue !== undefined) states.set(AlarmName, StateValue);
    }
  }
  return states;
}

/** Puts the alarms that the emulator lacks. @returns their names. */
async function putMissing(
  client: Clients["cloudWatch"],
  { metric, composite }: DeployedAlarms,
  found: ReadonlyMap<string, StateValue>,
): Promise<readonly string[]> {
  const added: string[] = [];
  for (const { input } of metric) {
    if (found.has(input.AlarmName)) continue;
    await client.send(new PutMetricAlarmCommand({ ...input, ActionsEnabled: false }));
    added.push(input.AlarmName);
  }
  for (const { input } of composite) {
    if (found.has(input.AlarmName)) continue;
    await client.send(new PutCompositeAlarmCommand({ ...input, ActionsEnabled: false }));
    added.push(input.AlarmName);
  }
  return added;
}

/** What the alarm's windows hold, the oldest first. They begin where CloudWatch has them begin: the last is not over yet. */
function rangeAt(alarm: MetricAlarm, statistics: Statistics, minute: number): readonly Point[] {
  const { periodMinutes, evaluationPeriods, valueIn } = alarm;
  const last = Math.floor(minute / periodMinutes) * periodMinutes;
  const first = last - (evaluationPeriods + FURTHER_WINDOWS - 1) * periodMinutes;
  const range: Point[] = [];
  for (let from = first; from <= last; from += periodMinutes) {
    range.push(valueIn(statistics, from, from + periodMinutes));
  }
  return range;
}

function reasonOf(alarm: MetricAlarm, range: readonly Point[]): string {
  const { metrics, periodMinutes, limit } = alarm;
  const of = metrics.map(({ statistic, name }) => `${statistic} of ${name}`);
  const known = range
    .filter((point) => point !== null)
    .map((value) => Number(value.toPrecision(3)));
  const seen = known.length === 0 ? "no data" : known.join(", ");
  return `${[...new Set(of)].join(", ")}, each ${periodMinutes} min: ${seen} (${limit})`;
}
