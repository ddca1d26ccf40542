import { expect, test } from "vitest";

import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED: Said = { type: "started_application", timestamp: AT - MINUTE };
const APPROVED: Said = { type: "completed_application", timestamp: AT, outcome: "Approved" };
/** Alloy's list dates the same event later than its webhook. */
const LISTED: Said = { ...APPROVED, timestamp: AT + 16 };
const RETRIGGERED: Said = { type: "journey_application_retriggered", timestamp: AT + 33 };
const UNNAMED: Said = { type: "completed_application", timestamp: AT + 42 };

test("a decision that the poller brought is published, though its webhook was tried twice and a later end names no outcome", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  await sides.webhook(RETRIGGERED);
  await sides.webhook(UNNAMED);
  const answer = {
    events: [STARTED, LISTED, RETRIGGERED, UNNAMED],
    status: "completed",
    outcome: "Approved",
  };
  sides.refuse(1);
  await expect(sides.check(AT + 15 * MINUTE, answer)).rejects.toThrow("gave a message back");
  sides.refuse(1);
  const webhook = async (minutes: number) => sides.webhook(APPROVED, AT + minutes * MINUTE);
  await expect(webhook(16)).rejects.toThrow("gave a message back");

  await webhook(17);
  await sides.check(AT + 20 * MINUTE, answer);

  const ends = sides.published.map(({ route }) => route).filter((route) => route !== "progressed");
  expect(ends).toEqual(["completed", "approved"]);
});
