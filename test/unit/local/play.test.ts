import { afterEach, expect, it, vi } from "vitest";
import { aServer } from "../../support/local-server.ts";
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

/** A receiver that has nothing to do. */
const IDLE: Receiver = {
  announceSubmission: async () => undefined,
  application: async () => null,
  investigation: async () => [],
  published: async () => [],
  waiting: async () => 0,
  deadLettered: async () => 0,
  ignoredEventTypes: [],
  routesPublishingLate: new Set(),
};

/** Plays for a queue that holds so many messages at each look; so many seconds pass between two. @returns the looks. */
async function play(secondsPerLook: number, waitingAt: (look: number) => number) {
  let looks = 0;
  vi.spyOn(Date, "now").mockImplementation(() => looks * secondsPerLook * 1_000);
  const receiver: Receiver = { ...IDLE, waiting: async () => waitingAt((looks += 1)) };
  const { faults } = await playScenarios(ALLOY, receiver, {
    signal: new AbortController().signal,
    limitMs: LIMIT_MS,
    investigations: false,
    passMs: 1,
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
    ...IDLE,
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
    routesPublishingLate: new Set(["investigation-promoted"]),
  };
  const { faults } = await playScenarios({ ...ALLOY, simulator }, receiver, {
    signal: new AbortController().signal,
    limitMs: LIMIT_MS,
    investigations: true,
    passMs: 1,
    onProgress() {},
  });
  return faults;
}

it("asks again of all before it says that all agree: an application that agreed may not do so any more", async () => {
  let isOpen = false;
  const asked = { alloy: 0, here: 0 };
  const baseUrl = await aServer((_, response) => {
    asked.alloy += 1;
    // Whoever asks a second time hears of a status that nobody knows here.
    isOpen = asked.alloy === 2;
    const answer = { status: isOpen ? "running" : "completed", complete_outcome: null };
    response.end(JSON.stringify({ ...answer, _embedded: { events: [] } }));
  });
  let looks = 0;
  vi.spyOn(Date, "now").mockImplementation(() => (looks += 1) * 1_000);
  const held = { applicationToken: "JA-1", journeyToken: "J-1", scenario: "approved-at-once" };
  const part = {
    part: "original" as const,
    expected: { status: "completed" as const, outcome: null, published: {} },
    isAtRest: true,
  };
  const end = { status: "completed" as const, outcome: null, eventTypes: [] };
  let isPlayed = false;
  const simulator = {
    ...ALLOY.simulator,
    play: async () => {
      isPlayed = true;
      return [];
    },
    applications: () => (isPlayed ? [{ ...held, ...part, ...end }] : []),
  };
  const receiver: Receiver = {
    ...IDLE,
    application: async () => {
      asked.here += 1;
      return { status: "completed", outcome: null, events: [], failures: 0 };
    },
  };

  const { faults, verdicts } = await playScenarios({ ...ALLOY, baseUrl, simulator }, receiver, {
    signal: new AbortController().signal,
    limitMs: LIMIT_MS,
    investigations: false,
    passMs: 1,
    onProgress() {},
  });

  expect(faults).toEqual([]);
  expect(verdicts.map((verdict) => verdict.faults)).toEqual([[]]);
  // Once, again before the end, once more for it disagreed, and again before the end.
  expect(asked).toEqual({ alloy: 4, here: 4 });
});

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
  expect(await play(5, (look) => Math.max(0, 4 - look))).toEqual({ faults: [], looks: 6 });
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
