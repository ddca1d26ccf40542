import { describe, expect, test } from "vitest";

import { textOf } from "./answered.ts";
import { ALL_KNOBS, knobsOf } from "./knobs.ts";
import type { Knob } from "./knobs.ts";
import { scenarioOf } from "./scenario.ts";
import type { Scenario } from "./scenario-type.ts";
import { identityOf } from "./views.ts";

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

/** What Alloy does in a world, as text. */
function tellingOf({ applications, api, settings, upgrade, deadRoute }: Scenario): string {
  const said = applications.map((application) => ({
    answers: application.versions.map(({ at, status }) => ({ at, status })),
    last: application.versions.slice(-1).map((version) => textOf(application, version)),
    events: application.events.map(({ told, listed, family }) => ({ told, listed, family })),
    submission: application.submission,
    isFailing: application.isFailing,
    damagedAt: String(application.damagedAt),
    adoptedAt: String(application.adoptedAt),
    forgottenAt: String(application.forgottenAt),
  }));
  const bearer = api.bearerAnswer("token", 0);
  const fates = [...(upgrade?.fates.values() ?? [])];
  return JSON.stringify({ said, api: { ...api, bearer }, settings, fates, deadRoute });
}

describe("the knobs of the worlds", () => {
  test.each(ALL_KNOBS)("%s changes what Alloy does, and nothing else is on", (knob) => {
    const isMoved = SEEDS.slice(
      0,
      knob === "huge-event" || knob === "many-applicants" ? 1 : 40,
    ).some(
      (seed) =>
        tellingOf(scenarioOf(seed, { knobs: new Set([knob]) })) !==
        tellingOf(scenarioOf(seed, { knobs: new Set() })),
    );

    expect(isMoved).toBe(true);
  });

  test("are drawn by the seed: each by itself, so that to leave one out moves no other", () => {
    const without: readonly Knob[] = ALL_KNOBS.filter((knob) => knob !== "list-off");
    for (const seed of SEEDS) {
      const all = knobsOf(seed, { kind: "drawn", from: ALL_KNOBS });
      const some = knobsOf(seed, { kind: "drawn", from: without });

      expect([...some]).toEqual([...all].filter((knob) => knob !== "list-off"));
    }
  });

  test("give no two events one identity, by whichever side", () => {
    const drawn = ALL_KNOBS.filter((knob) => knob !== "many-applicants" && knob !== "huge-event");
    for (const seed of SEEDS) {
      const { events } = scenarioOf(seed, { knobs: new Set(drawn) });
      const ids = events.flatMap((event) => event.ids);

      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  test("keep an event nearer to itself than to another one of its type", () => {
    for (const seed of SEEDS) {
      const { events } = scenarioOf(seed, { knobs: new Set(["list-off", "applicant-once"]) });
      for (const event of events) {
        const [told = 0, listed = 0] = event.times;
        const others = events.filter(
          (other) => other.application === event.application && other.type === event.type,
        );
        for (const { name, times } of others) {
          if (name === event.name) continue;
          const apart = Math.abs((times[1] ?? 0) - told);
          expect(apart).toBeGreaterThanOrEqual(Math.abs(listed - told));
        }
      }
    }
  });
});

test("an identity is the same for a field that is null and for one that is not there", () => {
  const data = { journey_application_token: "JA-1", type: "error", timestamp: 1 };

  expect(identityOf({ ...data, _embedded: null, entity_application_token: null })).toBe(
    identityOf(data),
  );
});
