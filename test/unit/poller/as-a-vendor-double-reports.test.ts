import { describe, expect, test } from "vitest";

import {
  APPROVED,
  AT,
  decided,
  HOUR,
  MINUTE,
  minutes,
  sidesAfter,
} from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const EVALUATED: Said = {
  type: "started_evaluation",
  timestamp: AT - HOUR,
  entity_application_token: "EA-1",
};

test.each([
  ["when an applicant's step before the end told of the same status", EVALUATED],
  ["when none did", { type: "started_application", timestamp: AT - MINUTE }],
])("an application that Alloy opens again is told as open %s", async (_, first) => {
  const unarchived = { type: "application_unarchived", timestamp: AT + MINUTE };
  const events = [first, APPROVED, unarchived];
  const sides = await sidesAfter(...events);

  await sides.check(minutes(15), { events, status: "running" });

  expect(sides.published.at(-1)).toMatchObject({ status: "running", eventType: "snapshot" });
});

test("a review whose webhook is lost is healed beside another applicant's of the same millisecond", async () => {
  const review = { type: "completed_review", timestamp: AT };
  const events = [
    EVALUATED,
    { ...review, entity_token: "P-1", journey_application_event_token: "1" },
    { ...review, entity_token: "P-2", journey_application_event_token: "2" },
  ];
  const came = { ...review, entity_application_token: "EA-2", outcome: "Denied" };
  const sides = await sidesAfter(EVALUATED, came);

  await sides.check(minutes(15, 30), { events, status: "running" });

  const reviews = [...sides.store.events.values()].filter(({ type }) => type === review.type);
  expect(reviews.map(({ origin }) => origin)).toEqual(["webhook", "poll"]);
  expect(sides.notices.map(({ change }) => change)).toEqual(["opened", "closed"]);
});

describe.each([
  ["three hours", 3 * HOUR],
  ["forty years", 40 * 365 * 24 * HOUR],
])("an answer that Alloy dates %s ahead", (_, aheadMs) => {
  test("is taken over at once", async () => {
    const sides = await sidesAfter(EVALUATED);

    const updatedAt = AT + aheadMs;
    await sides.check(minutes(15), { events: [EVALUATED], status: "expired", updatedAt });

    expect(sides.published.at(-1)).toMatchObject({ status: "expired", eventType: "snapshot" });
  });

  test("does not hide the end that comes after it", async () => {
    const sides = await sidesAfter(EVALUATED);
    const ahead = (at: number) => ({ updatedAt: at + aheadMs });
    const [first = 0, ...others] = minutes(-45, 15, 20);
    await sides.check(first, { events: [EVALUATED], status: "waiting_review", ...ahead(first) });
    await sides.webhook(APPROVED);

    const answer = decided("Approved", EVALUATED, APPROVED);
    for (const at of others) await sides.check(at, { ...answer, ...ahead(at) });

    expect(sides.published.map(({ route }) => route)).toEqual([
      "progressed",
      "manual-review",
      "approved",
    ]);
  });
});
