import { expect, test } from "vitest";

import { stateOfSubmission } from "../../../lambdas/domain/application/observation.ts";
import {
  APPROVED,
  AT,
  decided,
  expired,
  HOUR,
  hours,
  MINUTE,
  sidesAfter,
  STARTED,
  throttled,
  TOKEN,
} from "../../support/both-sides.ts";
import type { Answered, Sides } from "../../support/both-sides.ts";
import { aSubmission } from "../../support/snapshots.ts";

/*
 * Each decision of Alloy's is published once, whatever comes between Alloy's answer and the calls that take it over.
 */

const EXPIRED = expired(AT + HOUR + MINUTE);
const ANSWER = decided("Approved", STARTED, APPROVED);

/** Checks for two days, and what came to downstream by then. */
async function endsAfter(sides: Sides, answer: Answered): Promise<readonly string[]> {
  await sides.check(hours(2, 3, 10, 30, 55), answer);
  return sides.ends();
}

/** Nobody tries again what has failed. */
async function giveUp({ store }: Sides): Promise<void> {
  for (const failure of store.failures.values()) {
    await store.recordFailure({ ...failure, deadLettered: true });
  }
}

test.each([
  ["that Alloy stands by", { status: "expired" }, ["expired"]],
  ["that Alloy does not take", decided("Approved"), ["expired", "approved"]],
])(
  "an end %s is published once, though it is merged while an answer is taken over",
  async (_, stands, ends) => {
    const sides = await sidesAfter(STARTED);
    const before = { ...decided("Approved", STARTED), updatedAt: AT };
    const takeAnswer = await sides.asked(AT + HOUR, before);
    sides.faults.once("mergeState", async (merge) => {
      await sides.webhook(EXPIRED);
      return merge();
    });

    await takeAnswer();

    expect(await endsAfter(sides, { ...stands, events: [STARTED, EXPIRED] })).toEqual(ends);
  },
);

test.each([
  ["names it", decided("Approved")],
  ["leaves it out", { status: "completed" }],
])(
  "an outcome is published once, though an answer that left it out comes after it and the next one %s",
  async (_, stands) => {
    const sides = await sidesAfter(STARTED);
    const before = { events: [STARTED], status: "completed", updatedAt: AT + 10 };
    const takeAnswer = await sides.asked(AT + HOUR, before);
    await sides.webhook(APPROVED, AT + HOUR + MINUTE);

    await takeAnswer();

    const answer = { ...stands, events: [STARTED, APPROVED] };
    expect(await endsAfter(sides, answer)).toEqual(["approved"]);
  },
);

test("the answer publishes a dead end in its second try, since the first one published nothing", async () => {
  const sides = await sidesAfter(STARTED);
  sides.faults.once("mergeState", throttled);
  await expect(sides.webhook(APPROVED)).rejects.toThrow("gave");
  await giveUp(sides);
  const takeAnswer = await sides.asked(AT + HOUR, ANSWER);
  sides.refuse(1);
  await expect(takeAnswer()).rejects.toThrow("gave");

  await takeAnswer();

  expect(sides.ends()).toEqual(["approved"]);
  await sides.webhook(APPROVED, AT + 24 * HOUR);
  expect(await endsAfter(sides, ANSWER)).toEqual(["approved"]);
});

test.each([
  ["its webhook", (sides: Sides) => sides.refuse(1), (sides: Sides) => sides.webhook(APPROVED)],
  [
    "the poller's copy",
    (sides: Sides) => sides.faults.once("recordEvent", throttled),
    (sides: Sides) => sides.check(AT + HOUR, ANSWER),
  ],
])(
  "the next answer publishes an end once, though %s was merged and then given up",
  async (_, fail, take) => {
    const sides = await sidesAfter(STARTED);
    fail(sides);
    await expect(take(sides)).rejects.toThrow("gave");
    await giveUp(sides);

    await sides.check(hours(1.5), ANSWER);

    expect(sides.ends()).toEqual(["approved"]);
    await sides.webhook(APPROVED, AT + HOUR + 40 * MINUTE);
    expect(await endsAfter(sides, ANSWER)).toEqual(["approved"]);
    const revision = sides.revision();
    await sides.check(hours(80), ANSWER);
    expect(sides.revision()).toBe(revision);
  },
);

test("a webhook from before the adoption is published, though its copy was given up and the answer told of it", async () => {
  const sides = await sidesAfter();
  const submission = aSubmission({ applicationToken: TOKEN, submittedAt: AT - HOUR });
  const adopted = stateOfSubmission(submission, { at: AT + 10 * MINUTE, publishes: false });
  await sides.store.mergeState(adopted, { dueAt: AT, when: "first" });
  const answer = decided("Approved", APPROVED);
  sides.faults.once("recordEvent", throttled);
  await expect(sides.check(AT + 20 * MINUTE, answer)).rejects.toThrow("gave");
  await sides.check(AT + 40 * MINUTE, answer);
  expect(sides.ends()).toEqual([]);

  await sides.webhook(APPROVED, AT + 5 * HOUR);

  expect(await endsAfter(sides, answer)).toEqual(["approved"]);
});
