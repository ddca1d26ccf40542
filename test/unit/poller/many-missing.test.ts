import { expect, test } from "vitest";

import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { bothSides, TOKEN } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";
import { aPoller, START, withRecorded } from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED: Said = { type: "started_application", timestamp: AT - MINUTE };
const REVIEWS: readonly Said[] = Array.from({ length: 1_200 }, (_, index) => ({
  type: "completed_review",
  timestamp: AT + index * 20,
  entity_application_token: `EA-${index}`,
}));
const END: Said = { type: "completed_application", timestamp: AT + MINUTE, outcome: "Approved" };

test("the end is among the first 500 of 1,201 missing events that are queued, and the rest follows", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  const answer = { events: [STARTED, ...REVIEWS, END], status: "completed", outcome: "Approved" };

  const healed: number[] = [];
  const routes: (readonly string[])[] = [];
  for (const minutes of [15, 20, 25, 30]) {
    await sides.check(AT + minutes * MINUTE, answer);
    const { events } = await sides.store.history(TOKEN);
    healed.push(events.filter(({ origin }) => origin === "poll").length);
    routes.push(sides.published.map(({ route }) => route).filter((route) => route === "approved"));
  }

  expect(healed).toEqual([500, 1_000, 1_201, 1_201]);
  expect(routes.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  expect(sides.notices.map(({ change, eventCount }) => [change, eventCount])).toEqual([
    ["opened", 1_201],
    ["closed", 201],
  ]);
});

test("what a check leaves to the next one is counted, and the next one is soon", async () => {
  const started = aJourneyEvent({ at: START - 60 * MINUTE });
  const events = Array.from({ length: 700 }, (_, index) =>
    aJourneyEvent({ type: "completed_review", at: START - 30 * MINUTE + index * 20 }),
  );
  const applications = new Map([["JA-1", withRecorded([started])]]);
  const poller = aPoller(applications, {
    answer: (token) => alloyAnswer(token, [started, ...events]),
  });

  await poller.run();

  expect(poller.metric(METRICS.eventsMissing)).toBe(700);
  expect(poller.metric(METRICS.eventsLeft)).toBe(200);
  expect(poller.sent).toHaveLength(500);
  expect(applications.get("JA-1")?.dueAt).toBeLessThan(poller.now() + 3 * MINUTE);
});
