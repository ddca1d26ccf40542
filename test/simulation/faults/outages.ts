import type { Scenario } from "../scenario/scenario-type.ts";
import { START } from "../scenario/scenario.ts";
import type { Service, Surroundings } from "./sandbox.ts";
import { clockTime } from "./story.ts";

const SHORTEST_MS = 2 * 60_000;
/** Times the shortest: 30 hours, in which Alloy gives events up, or switches the webhook off. */
const LONGEST = 900;

const OUTAGES = [
  ["table", "table-out"],
  ["bus", "bus-out"],
  ["queue", "queue-out"],
  ["alloy", "alloy-out"],
  ["ingest", "ingest-out"],
] as const;

/** Draws which services are out as a whole, and when: most outages are short, some take a day. */
export function drawOutages(
  { clock, faults, story }: Pick<Surroundings, "clock" | "faults" | "story">,
  scenario: Scenario,
  faultFreeAt: number,
): (service: Service) => boolean {
  const windows = new Map<Service, { readonly from: number; readonly until: number }>();
  for (const [service, kind] of OUTAGES) {
    const fault = faults.draw(`outage.${service}`, [kind]);
    if (fault === null) continue;
    // One number for both: where it begins, and, by its other digits, how long it takes.
    const share = (fault.amount * 1_000) % 1;
    const from = START + Math.round(fault.amount * (scenario.endAt - START));
    const until = Math.min(faultFreeAt, from + Math.round(SHORTEST_MS * LONGEST ** share));
    windows.set(service, { from, until });
    const times = `from ${clockTime(from - START)} until ${clockTime(until - START)}`;
    story.tell("world", `FAULT ${kind} ${times}`);
  }
  return (service) => {
    const window = windows.get(service);
    return window !== undefined && clock.now() >= window.from && clock.now() < window.until;
  };
}
