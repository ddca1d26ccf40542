import { beforeAll, describe, expect, test } from "vitest";

import { DECISION_SETTINGS, DecidedWorld, MARK } from "../../support/decided-world.ts";

/** So many that each seed meets the rarest: a decision whose merge is made, and whose try is cut off after it. */
const APPLICATIONS = 200;

async function aWorld(decision: typeof DECISION_SETTINGS | null, count: number) {
  const world = new DecidedWorld(14, decision);
  await world.play(count);
  return world;
}

describe("a stage that publishes decisions", () => {
  let world: DecidedWorld;
  beforeAll(async () => {
    world = await aWorld(DECISION_SETTINGS, APPLICATIONS);
  });

  test("decides once for each of hundreds of decisions, with changes, reruns and lost webhooks", () => {
    const truth = world.applications.reduce((sum, { decisions }) => sum + decisions.length, 0);
    const ids = new Set(world.decided().map(({ eventId }) => eventId));
    console.log(
      `${truth} decisions of ${world.applications.length} applications: ${ids.size} decided, ${world.decided().length - ids.size} published again after a cut`,
    );

    const wrong = world.wrong();
    expect(
      wrong.map(({ token, decisions }) => [token, decisions, world.decisionsOnBus(token)]),
    ).toEqual([]);
    expect(ids.size).toBe(truth);
    expect(truth).toBeGreaterThanOrEqual(300);
    expect(world.cloud.deadLetters.messages()).toEqual([]);
  });

  test("names in each decision the one before it", () => {
    for (const { token } of world.applications) {
      const own = world.decided().filter(({ applicationToken }) => applicationToken === token);
      const chain = new Map(own.map(({ eventId, decision }) => [eventId, decision?.previous]));
      const ids = [...chain.keys()];
      expect([...chain.values()]).toEqual([null, ...ids.slice(0, -1)]);
    }
  });

  test("puts reasons on the bus and into the item of the decision, and nowhere else", () => {
    const { cloud, telemetry } = world;

    const elsewhere = {
      logs: telemetry.kept.logs,
      metrics: [...telemetry.kept.metrics],
      idempotency: [...cloud.idempotency.records],
      states: [...cloud.applications.applications.values()],
      otherEvents: [...cloud.applications.events.values()]
        .filter(({ route }) => route !== "decided")
        .map(({ body, ...record }) => ({ ...record, body: new TextDecoder().decode(body) })),
      otherRoutes: world.published().filter(({ route }) => route !== "decided"),
      left: [...cloud.events.messages(), ...cloud.deadLetters.messages()],
    };
    for (const [place, kept] of Object.entries(elsewhere)) {
      expect([place, JSON.stringify(kept).includes(MARK)]).toEqual([place, false]);
    }
    expect(JSON.stringify(world.decided())).toContain(MARK);
    expect(JSON.stringify(world.decided())).not.toContain(`${MARK} unasked`);
    const items = [...cloud.applications.events.values()].filter(
      ({ route }) => route === "decided",
    );
    expect(items.every(({ body }) => new TextDecoder().decode(body).includes(MARK))).toBe(true);
  });
});

test("a stage that asks for no decision decides nothing", async () => {
  const world = await aWorld(null, 40);

  expect(world.decided()).toEqual([]);
  expect(world.published().length).toBeGreaterThan(40);
});
