import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import type { Clients } from "./clients.ts";
import { startRepeating } from "./repeat.ts";

/** The emulator evaluates when a metric is put; alarms look at minutes. */
const PERIOD_MS = 5_000;

/** A change of an alarm's state. */
export interface AlarmChange {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

/**
 * Tells when an alarm of ours goes off, and when it is over.
 *
 * @returns a function that ends it.
 */
export function watchAlarms(
  { cloudWatch }: Clients,
  options: {
    readonly onChange: (change: AlarmChange) => void;
    readonly onFailure: (error: unknown) => void;
  },
): () => void {
  const ringing = new Set<string>();

  async function pass(): Promise<void> {
    const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
    for (const {
      AlarmName: name = "",
      StateValue: state = "",
      StateReason: reason = "",
    } of MetricAlarms) {
      if ((state === "ALARM") === ringing.has(name)) continue;
      if (state === "ALARM") ringing.add(name);
      else ringing.delete(name);
      options.onChange({ name, state, reason });
    }
  }
  return startRepeating(pass, { pauseMs: PERIOD_MS, onFailure: options.onFailure });
}
