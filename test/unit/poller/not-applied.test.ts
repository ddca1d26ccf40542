import { expect, test } from "vitest";

import { outcomeOf, statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { bothSides, TOKEN } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED = { type: "started_application", timestamp: AT - MINUTE };
const APPROVED = { type: "completed_application", timestamp: AT, outcome: "Approved" };

/** The application has its state of before again, as after a restore, and its events have had their effects. */
async function withoutMerge(
  { store: { applications } }: ReturnType<typeof bothSides>,
  act: () => Promise<void>,
) {
  const before = applications.get(TOKEN);
  if (before === undefined) throw new Error("nothing is known of the application");
  await act();
  applications.set(TOKEN, before);
}

test("an end that had its effect and was never merged is merged, also while nobody knows Alloy's status", async () => {
  const sides = bothSides();
  const { store } = sides;
  await sides.webhook(STARTED);
  await withoutMerge(sides, () => sides.webhook(APPROVED));

  const answer = { events: [STARTED, APPROVED], status: "withdrawn" };
  await sides.check(AT + 15 * MINUTE, answer);
  await sides.check(AT + 20 * MINUTE, answer);

  const state = store.applications.get(TOKEN)?.state;
  expect(state && [statusOf(state), outcomeOf(state)]).toEqual(["completed", "Approved"]);
  expect(sides.notices.map(({ change }) => change)).toEqual(["opened", "closed"]);
  expect(sides.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
});

test("an outcome that only Alloy's list names is told by Alloy's answer, also when the poller brings the event again", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  await withoutMerge(sides, () => sides.webhook({ type: APPROVED.type, timestamp: AT }));

  const answer = { events: [STARTED, APPROVED], status: "completed", outcome: "Approved" };
  for (const minutes of [15, 20, 25]) await sides.check(AT + minutes * MINUTE, answer);

  expect(sides.published.map(({ route }) => route)).toEqual([
    "progressed",
    "completed",
    "approved",
  ]);
});
