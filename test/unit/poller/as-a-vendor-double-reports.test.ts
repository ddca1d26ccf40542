import { describe, expect, test } from "vitest";

import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED: Said = {
  type: "started_evaluation",
  timestamp: AT - 60 * MINUTE,
  entity_application_token: "EA-1",
};
const APPROVED: Said = { type: "completed_application", timestamp: AT, outcome: "Approved" };
const UNARCHIVED: Said = { type: "application_unarchived", timestamp: AT + MINUTE };

test.each([
  ["when an applicant's step before the end told of the same status", STARTED],
  ["when none did", { type: "started_application", timestamp: AT - MINUTE }],
])("an application that Alloy opens again is told as open %s", async (_, first) => {
  const sides = bothSides();
  const events = [first, APPROVED, UNARCHIVED];
  for (const event of events) await sides.webhook(event);

  await sides.check(AT + 15 * MINUTE, { events, status: "running" });

  expect(sides.published.at(-1)).toMatchObject({ status: "running", eventType: "snapshot" });
});

test("a review whose webhook is lost is healed beside another applicant's of the same millisecond", async () => {
  const review = { type: "completed_review", timestamp: AT };
  const listed: readonly Said[] = [
    STARTED,
    { ...review, entity_token: "P-1", journey_application_event_token: "1" },
    { ...review, entity_token: "P-2", journey_application_event_token: "2" },
  ];
  const sides = bothSides();
  await sides.webhook(STARTED);
  await sides.webhook({ ...review, entity_application_token: "EA-2", outcome: "Denied" });

  for (const minutes of [15, 30]) {
    await sides.check(AT + minutes * MINUTE, { events: listed, status: "running" });
  }

  const reviews = [...sides.store.events.values()].filter(({ type }) => type === review.type);
  expect(reviews.map(({ origin }) => origin)).toEqual(["webhook", "poll"]);
  expect(sides.notices.map(({ change }) => change)).toEqual(["opened", "closed"]);
});

describe.each([
  ["three hours", 180 * MINUTE],
  ["forty years", 40 * 365 * 24 * 60 * MINUTE],
])("an answer that Alloy dates %s ahead", (_, aheadMs) => {
  const answerAt = (at: number) => ({ updatedAt: at + aheadMs });

  test("is taken over at once", async () => {
    const sides = bothSides();
    await sides.webhook(STARTED);

    const at = AT + 15 * MINUTE;
    await sides.check(at, { events: [STARTED], status: "expired", ...answerAt(at) });

    expect(sides.published.at(-1)).toMatchObject({ status: "expired", eventType: "snapshot" });
  });

  test("does not hide the end that comes after it", async () => {
    const sides = bothSides();
    await sides.webhook(STARTED);
    const events = [STARTED, APPROVED];
    const [at, later] = [AT - 45 * MINUTE, AT + 15 * MINUTE];
    await sides.check(at, { events: [STARTED], status: "waiting_review", ...answerAt(at) });
    await sides.webhook(APPROVED);

    for (const time of [later, later + 5 * MINUTE]) {
      const outcome = "Approved";
      await sides.check(time, { events, status: "completed", outcome, ...answerAt(time) });
    }

    expect(sides.published.map(({ route }) => route)).toEqual([
      "progressed",
      "manual-review",
      "approved",
    ]);
  });
});
