import type { Point } from "./metric-math.ts";

/** What an alarm makes of data that is missing (CloudWatch's `TreatMissingData`). */
export const MISSING_DATA = ["missing", "ignore", "breaching", "notBreaching"] as const;

export type MissingData = (typeof MISSING_DATA)[number];

/** The state that an alarm goes to; `retain`: the one that it is in. */
export type Verdict = "ALARM" | "OK" | "INSUFFICIENT_DATA" | "retain";

/** An alarm's rule, for points of whatever metric. */
export interface Judge {
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missingData: MissingData;
  readonly breaches: (value: number) => boolean;
}

/**
 * The state of an alarm by what CloudWatch knows, oldest window first. With as many real points as the
 * alarm looks at, the newest of them decide, however old; otherwise what is missing is treated as the
 * alarm says ("Configuring how CloudWatch alarms treat missing data", whose tables are the test).
 */
export function judge(alarm: Judge, range: readonly Point[]): Verdict {
  const { evaluationPeriods, datapointsToAlarm, missingData, breaches } = alarm;
  const real = range.filter((point) => point !== null).slice(-evaluationPeriods);
  const breaching = real.filter(breaches).length;
  const missing = evaluationPeriods - real.length;
  if (missingData === "breaching" || missingData === "notBreaching") {
    const filled = missingData === "breaching" ? missing : 0;
    return breaching + filled >= datapointsToAlarm ? "ALARM" : "OK";
  }
  if (breaching >= datapointsToAlarm) return "ALARM";
  if (real.length > breaching) return "OK";
  if (missingData === "ignore") return "retain";
  if (real.length === 0) return "INSUFFICIENT_DATA";
  // All that there is breaches, and has been there for so long that more would have come by now.
  const age = range.length - range.findIndex((point) => point !== null);
  return age >= datapointsToAlarm ? "ALARM" : "retain";
}
