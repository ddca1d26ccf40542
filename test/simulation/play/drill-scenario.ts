import { perRoute } from "../../../lib/config/per-route.ts";
import { indexed, scenarioOf, START } from "../scenario/scenario.ts";
import type { Scenario } from "../scenario/scenario-type.ts";

/**
 * What happens at Alloy in the days of a drill: small worlds, one after the other, whatever becomes of them here.
 *
 * @param parts - worlds, of one or two applications each.
 * @param betweenMs - from the start of one to the start of the next.
 * @param overAt - when the outage is over, epoch milliseconds: the days end no earlier.
 */
export function drillScenario(parts: number, betweenMs: number, overAt: number): Scenario {
  const worlds = Array.from({ length: parts }, (_, part) =>
    scenarioOf(part + 1, { from: START + part * betweenMs, knobs: new Set() }),
  );
  const [first] = worlds;
  if (first === undefined) throw new Error("the drill has no scenario");
  const applications = worlds.flatMap((world) => world.applications);
  return {
    ...first,
    applications,
    events: worlds.flatMap(({ events }) => events).sort((one, other) => one.at - other.at),
    ...indexed(applications),
    posts: [],
    // Everything is published, the late too: every effect is looked for, and found when it is had twice.
    settings: {
      ...first.settings,
      journeys: [],
      ignoredEventTypes: ["visited_node"],
      routes: perRoute(() => ({ publish: true, publishLate: true })),
    },
    auth: "basic",
    rotation: null,
    endAt: Math.max(overAt, ...worlds.map(({ endAt }) => endAt)),
  };
}
