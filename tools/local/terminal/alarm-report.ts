import { Painted } from "../../terminal/lines.ts";
import type { Line } from "../../terminal/lines.ts";
import type { AlarmVerdict } from "../scenarios/alarms-that-rang.ts";

/** Which alarms rang while the scenarios were played, and that they were to. */
export function renderAlarms({ meant, slow, faults }: AlarmVerdict): readonly Line[] {
  const byReason = Map.groupBy(meant, ({ by }) => by);
  return [
    ...(meant.length === 0 && slow.length === 0 && faults.length === 0 ? ["No alarm rang."] : []),
    ...[...byReason].map(
      ([by, alarms]) => `Rang as ${by} should: ${alarms.map(({ id }) => id).join(", ")}`,
    ),
    ...(slow.length === 0 ? [] : [`Rang because this machine is slow: ${slow.join(", ")}`]),
    ...faults.map((fault) => [new Painted("red", fault)]),
  ];
}
