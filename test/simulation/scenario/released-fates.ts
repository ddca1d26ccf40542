import { parseWebhook } from "../../fixtures/stored/0.1.0.writer.mjs";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { isEnd, isHandled } from "./expectations.ts";
import { randomFor } from "./knobs.ts";
import type { TrueApplication, TrueEvent } from "./application.ts";
import type { Fate, Scenario, Upgrade } from "./scenario-type.ts";
import { MINUTE, SECOND } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * A world that begins with the release 0.1.0: until some moment its code received what Alloy sent, and what it had
 * stored and queued by then is all that the code as it is finds (`left-behind.ts`).
 */

const LONGEST_WAIT_MS = 8 * 60 * MINUTE;
/** Its webhook went to the bucket: the release recorded none of its body, and queued it by its key. */
export const LARGE = 200_000;

export function upgradeOf(
  scenario: Pick<Scenario, "seed" | "events" | "settings">,
): Upgrade | null {
  const random = randomFor(scenario.seed, "previous-release");
  const [first, ...others] = scenario.events.filter(({ application }) => !application.isForeign);
  if (first === undefined) return null;
  const last = random.pick([first, ...others]);
  const at =
    last.at + random.pick([random.between(1, 3 * SECOND), random.between(SECOND, 30 * MINUTE)]);
  const fates = new Map<TrueEvent, Fate>();
  for (const event of scenario.events) {
    const { application, type } = event;
    if (event.at >= at || application.isForeign) continue;
    if (!isHandled(scenario, application.journeyToken, type)) continue;
    fates.set(event, fateOf(event, at, random));
  }
  return { at, fates };
}

function fateOf(event: TrueEvent, at: number, random: Random): Fate {
  const roll = random.next();
  const later =
    at + random.pick([random.between(1, MINUTE), random.between(MINUTE, LONGEST_WAIT_MS)]);
  const comes = random.chance(0.4) ? later : null;
  if (isSettled(event)) {
    if (roll < 0.55) return { kind: "told", webhookAt: comes };
    if (roll < 0.7 && readsAlike(event.listed, event)) return { kind: "healed", webhookAt: comes };
  }
  const isLarge = JSON.stringify(event.listed).length > LARGE;
  if (roll < 0.85 || isLarge) return { kind: "queued", webhookAt: comes };
  // Its envelope names events like it by ids alone: a webhook with another id, queued beside it, nobody could tell from it.
  const isAlone = lookAlikesOf(event).every(({ ids }) => ids.length === 1);
  if (roll < 0.93 && isAlone) return { kind: "heal-queued", webhookAt: comes };
  return { kind: "missed", webhookAt: comes };
}

/**
 * Whether what the release did with it is what the code as it is would have done: it read the event, and told no end of
 * which Alloy thinks otherwise.
 */
function isSettled(event: TrueEvent): boolean {
  if (!readsAlike(event.told, event) || JSON.stringify(event.told).length > LARGE) return false;
  if (!isEnd(event)) return true;
  const { application, type, isAlloysAlone } = event;
  const isOnly = application.events.filter(isEnd).length === 1;
  const isTrue = type !== "error" || application.versions.at(-1)?.status === "error";
  return isOnly && isTrue && !isAlloysAlone;
}

function readsAlike(data: TrueEvent["listed"], { ids, family }: TrueEvent): boolean {
  const read = parseWebhook(JSON.stringify({ type: family, data }));
  return read.kind === "journey-event" && ids.includes(read.event.eventId);
}

/** Whether the release left something of it behind: what it had lost by then, or still in its queue, is truly in gap. */
export function isLeftBehind({ events }: TrueApplication, { upgrade }: Scenario): boolean {
  return upgrade !== null && events.some((event) => upgrade.fates.has(event));
}

const ALIAS_MS = 2_000;

function lookAlikesOf({ application, type, at, name }: TrueEvent): readonly TrueEvent[] {
  return application.events.filter(
    (other) => other.type === type && other.name !== name && Math.abs(other.at - at) <= ALIAS_MS,
  );
}

/**
 * Whether its webhook may be taken for an event like it that the release had healed: that one's mark names others by the
 * ids of Alloy's list alone, and this webhook has another one. Then the poller brings it.
 */
export function isMistakable(event: TrueEvent, { upgrade }: Scenario): boolean {
  if (upgrade === null || event.ids.length === 1) return false;
  return lookAlikesOf(event).some((other) => upgrade.fates.get(other)?.kind === "healed");
}
