import { expect, test } from "vitest";

import {
  APPROVED,
  AT,
  completed,
  decided,
  expired,
  MINUTE,
  minutes,
  sidesAfter,
  STARTED,
} from "../../support/both-sides.ts";

const EXPIRED = expired(AT);
const DENIED = completed(AT + 1000, "Denied");
const ANSWER = { events: [STARTED, EXPIRED, DENIED], status: "expired" };

/** The expiry is merged, and the bus refuses it. Alloy is asked, and says that the application has expired. */
async function expiryIsRefused() {
  const sides = await sidesAfter(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(EXPIRED)).rejects.toThrow("gave a message back");
  const takeAnswer = await sides.asked(AT + 15 * MINUTE, ANSWER);
  await sides.webhook(DENIED, AT + 16 * MINUTE);
  return { ...sides, takeAnswer };
}

test("an expiry is published when a completion takes its place before Alloy's answer is merged", async () => {
  const sides = await expiryIsRefused();

  await sides.takeAnswer();
  await sides.webhook(EXPIRED, AT + 17 * MINUTE);
  await sides.check(minutes(30), ANSWER);

  expect(sides.ends()).toEqual(["expired"]);
});

test("an expiry is published when its message is withheld before Alloy's answer is merged", async () => {
  const sides = await expiryIsRefused();

  await sides.webhook(EXPIRED, AT + 17 * MINUTE);
  await sides.takeAnswer();
  await sides.check(minutes(30, 60), ANSWER);

  expect(sides.ends()).toEqual(["expired"]);
});

test("a decision that the poller brought is published, though its webhook was tried twice and a later end names no outcome", async () => {
  // Alloy's list dates the same event later than its webhook.
  const listed = { ...APPROVED, timestamp: AT + 16 };
  const retriggered = { type: "journey_application_retriggered", timestamp: AT + 33 };
  const unnamed = completed(AT + 42);
  const answer = decided("Approved", STARTED, listed, retriggered, unnamed);
  const sides = await sidesAfter(STARTED, retriggered, unnamed);
  sides.refuse(1);
  await expect(sides.check(minutes(15), answer)).rejects.toThrow("gave a message back");
  sides.refuse(1);
  await expect(sides.webhook(APPROVED, AT + 16 * MINUTE)).rejects.toThrow("gave a message back");

  await sides.webhook(APPROVED, AT + 17 * MINUTE);
  await sides.check(minutes(20), answer);

  expect(sides.ends()).toEqual(["completed", "approved"]);
});
