import { afterEach, expect, it, vi } from "vitest";
import { playScenarios } from "../../../tools/local/scenarios/play.ts";
import type { ScenarioAlloy } from "../../../tools/local/scenarios/play.ts";
import type { Receiver } from "../../../tools/local/scenarios/receiver.ts";

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
