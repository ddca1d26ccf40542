import { describe, expect, test } from "vitest";

import {
  APPROVED,
  AT,
  completed,
  decided,
  expired,
  HOUR,
  MINUTE,
  minutes,
  sidesAfter,
  STARTED,
  throttled,
  TOKEN,
} from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

/*
 * An end of which a part is done: it was merged and not recorded, it was merged and not published, or it had its effect
 * and was not merged.
 */

const UNARCHIVED: Said = { type: "application_unarchived", timestamp: AT + MINUTE };
const DENIED = completed(AT + HOUR, "Denied");
/** The webhook of the same event names no outcome. */
const DENIED_WEBHOOK = completed(AT + HOUR);

/** The poller brings the second end. The consumer merges it, and fails before the consumer records it. */
async function cutOffBeforeRecording(...before: readonly Said[]) {
  const sides = await sidesAfter(...before);
  const answer = decided("Denied", ...before, DENIED);
  const putRight = sides.faults.on("recordEvent", throttled);
  await expect(sides.check(minutes(120), answer)).rejects.toThrow("gave a message back");
  putRight();
  return { sides, answer };
}

describe("a second end that was merged and not recorded", () => {
  test("is published by Alloy's answer, though the event never comes", async () => {
    const { sides, answer } = await cutOffBeforeRecording(STARTED, APPROVED, UNARCHIVED);

    await sides.check(minutes(125), answer);

    expect(sides.ends()).toEqual(["approved", "denied"]);
  });

  test.each([
    ["a reopening", [STARTED, APPROVED, UNARCHIVED]],
    ["an expiry", [STARTED, expired(AT)]],
  ])("is published once after %s, though its webhook names no outcome", async (_, before) => {
    const { sides, answer } = await cutOffBeforeRecording(...before);

    await sides.webhook(DENIED_WEBHOOK, AT + 121 * MINUTE);
    await sides.check(minutes(125, 130), answer);

    expect(sides.ends().slice(1)).toEqual(["denied"]);
  });

  test("is published once when its webhook comes after Alloy's answer", async () => {
    const { sides, answer } = await cutOffBeforeRecording(STARTED, APPROVED, UNARCHIVED);

    await sides.check(minutes(125), answer);
    await sides.webhook(DENIED_WEBHOOK, AT + 126 * MINUTE);
    await sides.check(minutes(130), answer);

    expect(sides.ends()).toEqual(["approved", "denied"]);
  });
});

test("the outcome of a first end that was merged and not recorded is published by Alloy's answer when its webhook names none", async () => {
  const { sides, answer } = await cutOffBeforeRecording(STARTED);

  await sides.webhook(DENIED_WEBHOOK, AT + 121 * MINUTE);
  await sides.check(minutes(125, 130), answer);

  expect(sides.ends()).toEqual(["completed", "denied"]);
});

test("an outcome that only the poller's copy names is published when the webhook of the end came just before the copy", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Denied", STARTED, DENIED);
  const takeCopy = await sides.asked(AT + 2 * HOUR, answer);
  await sides.webhook(completed(AT + HOUR - 194), AT + 121 * MINUTE);
  await takeCopy();

  await sides.check(minutes(125, 130), answer);

  expect(sides.ends()).toEqual(["completed", "denied"]);
});

const EXPIRED = expired(AT);
const SOON_DENIED = completed(AT + 1000, "Denied");
const ANSWER = { events: [STARTED, EXPIRED, SOON_DENIED], status: "expired" };

/** The expiry is merged, and the bus refuses it. Alloy is asked, and says that the application has expired. */
async function expiryIsRefused() {
  const sides = await sidesAfter(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(EXPIRED)).rejects.toThrow("gave a message back");
  const takeAnswer = await sides.asked(AT + 15 * MINUTE, ANSWER);
  await sides.webhook(SOON_DENIED, AT + 16 * MINUTE);
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

/** The application has its state of before again, as after a restore, and this webhook has had its effects. */
async function sidesWithoutMergeOf(end: Said) {
  const sides = await sidesAfter(STARTED);
  const before = sides.store.applications.get(TOKEN);
  await sides.webhook(end);
  if (before !== undefined) sides.store.applications.set(TOKEN, before);
  return sides;
}

test("an end that had its effect and was never merged is merged, also while nobody knows Alloy's status", async () => {
  const sides = await sidesWithoutMergeOf(APPROVED);

  await sides.check(minutes(15, 20), { events: [STARTED, APPROVED], status: "withdrawn" });

  expect(sides.stands()).toEqual(["completed", "Approved"]);
  expect(sides.notices.map(({ change }) => change)).toEqual(["opened", "closed"]);
  expect(sides.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
});

test("an outcome that only Alloy's list names is told by Alloy's answer, also when the poller brings the event again", async () => {
  const sides = await sidesWithoutMergeOf(completed(AT));

  await sides.check(minutes(15, 20, 25), decided("Approved", STARTED, APPROVED));

  expect(sides.published.map(({ route }) => route)).toEqual([
    "progressed",
    "completed",
    "approved",
  ]);
});
