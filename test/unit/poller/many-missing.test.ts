import { expect, test } from "vitest";

import { METRICS } from "../../../lambdas/settings/metrics.ts";
import {
  AT,
  completed,
  decided,
  MINUTE,
  minutes,
  sidesAfter,
  STARTED,
  TOKEN,
} from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { afterRun, START, withRecorded } from "../../support/poller.ts";

const REVIEWS: readonly Said[] = Array.from({ length: 1_200 }, (_, index) => ({
  type: "completed_review",
  timestamp: AT + index * 20,
  entity_application_token: `EA-${index}`,
}));
const END = completed(AT + MINUTE, "Approved");

test("the end is among the first 500 of 1,201 missing events that are queued, and the rest follows", async () => {
  const sides = await sidesAfter(STARTED);

  const healed: number[] = [];
  const ends: number[] = [];
  for (const at of minutes(15, 20, 25, 30)) {
    await sides.check(at, decided("Approved", STARTED, ...REVIEWS, END));
    const { events } = await sides.store.history(TOKEN);
    healed.push(events.filter(({ origin }) => origin === "poll").length);
    ends.push(sides.ends().length);
  }

  expect(healed).toEqual([500, 1_000, 1_201, 1_201]);
  expect(ends).toEqual([1, 1, 1, 1]);
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
  const poller = await afterRun(withRecorded([started]), [started, ...events]);

  expect(poller.metric(METRICS.eventsMissing)).toBe(700);
  expect(poller.metric(METRICS.eventsLeft)).toBe(200);
  expect(poller.sent).toHaveLength(500);
  expect(poller.stored().dueAt).toBeLessThan(poller.now() + 3 * MINUTE);
});
