import { expect, test } from "vitest";

import {
  APPROVED,
  AT,
  completed,
  decided,
  minutes,
  sidesAfter,
  STARTED,
  TOKEN,
} from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

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
