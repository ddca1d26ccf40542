import { afterEach, expect, it, vi } from "vitest";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { playScenarios } from "../../../tools/local/scenarios/play.ts";
import type { ScenarioAlloy } from "../../../tools/local/scenarios/play.ts";
import type { ReceivedStep, Receiver } from "../../../tools/local/scenarios/receiver.ts";

const LIMIT_MS = 10_000;

afterEach(() => vi.restoreAllMocks());

/** An Alloy of which nothing is to be compared. */
const ALLOY: ScenarioAlloy = {
  simulator: {
    applications: () => [],
    investigate: () => Promise.reject(new Error("No Investigation is played.")),
    play: async () => [],
    scenarioNames: [],
  },
  baseUrl: "http://127.0.0.1:9/v1",
  token: "token",
  secret: "secret",
};

/** Plays for a queue that holds so many messages at each look; so many seconds pass between two. @returns the looks. */
async function play(secondsPerLook: number, waitingAt: (look: number) => number) {
  let looks = 0;
  vi.spyOn(Date, "now").mockImplementation(() => looks * secondsPerLook * 1_000);
  const receiver: Receiver = {
    announceSubmission: async () => undefined,
    application: async () => null,
    investigation: async () => [],
    published: async () => [],
    waiting: async () => waitingAt((looks += 1)),
    deadLettered: async () => 0,
    ignoredEventTypes: [],
    routesPublishingLate: new Set(),
  };
  const { faults } = await playScenarios(ALLOY, receiver, {
    signal: new AbortController().signal,
    limitMs: LIMIT_MS,
    investigations: false,
    onProgress() {},
  });
  return { faults, looks };
}

/** Plays an Investigation of which the receiver holds these steps, and has published these. @returns the faults. */
async function investigate(
  steps: readonly ReceivedStep[],
  published: readonly RouteId[],
): Promise<readonly string[]> {
  const token = "INV-1";
  let looks = 0;
  vi.spyOn(Date, "now").mockImplementation(() => (looks += 1) * 1_000);
  const simulator = {
    ...ALLOY.simulator,
    investigate: async () => ({ token, routes: steps.map(({ route }) => route) }),
  };
  const receiver: Receiver = {
    announceSubmission: async () => undefined,
    application: async () => null,
    investigation: async () => steps,
    published: async () =>
      published.map((route, index) => ({
        messageId: String(index),
        route,
        eventId: String(index),
        applicationToken: null,
        investigationToken: token,
        body: "{}",
      })),
    waiting: async () => 0,
    deadLettered: async () => 0,
    ignoredEventTypes: [],
    routesPublishingLate: new Set(["investigation-promoted"]),
  };
  const { faults } = await playScenarios({ ...ALLOY, simulator }, receiver, {
    signal: new AbortController().signal,
    limitMs: LIMIT_MS,
    investigations: true,
    onProgress() {},
  });
  return faults;
}

const CREATED = { route: "investigation-created", isLate: false } as const;
const PROMOTED = { route: "investigation-promoted", isLate: false } as const;
const CLOSED = { route: "investigation-closed", isLate: false } as const;

it("takes a step that came late for one that nobody publishes: npm start waited for it to its limit", async () => {
  const late = { ...CREATED, isLate: true };

  expect(await investigate([late, PROMOTED], ["investigation-promoted"])).toEqual([]);
  expect(
    await investigate([late, PROMOTED], ["investigation-created", "investigation-promoted"]),
  ).toEqual(["INV-1 was published 1 times as investigation-created"]);
});

it("misses a step that nobody published, where it came in its turn, or late to a route that publishes late, or is the last", async () => {
  const late = { ...PROMOTED, isLate: true };

  expect(await investigate([CREATED], [])).toEqual([
    "INV-1 was published 0 times as investigation-created",
  ]);
  expect(
    await investigate(
      [CREATED, late, { ...CLOSED, isLate: true }],
      ["investigation-created", "investigation-created"],
    ),
  ).toEqual([
    "INV-1 was published 2 times as investigation-created",
    "INV-1 was published 0 times as investigation-promoted",
    "INV-1 was published 0 times as investigation-closed",
  ]);
});

it("waits longer than the limit while the queue is still being emptied", async () => {
  expect(await play(5, (look) => Math.max(0, 4 - look))).toEqual({ faults: [], looks: 5 });
});

it("ends after the limit when nothing changes any more", async () => {
  expect(await play(6, (look) => (look < 3 ? 2 : 1))).toEqual({
    faults: ["1 messages are still in the event queue"],
    looks: 5,
  });
});

it("ends after ten limits when something changes for ever", async () => {
  expect(await play(50, (look) => look)).toEqual({
    faults: ["3 messages are still in the event queue"],
    looks: 3,
  });
});
