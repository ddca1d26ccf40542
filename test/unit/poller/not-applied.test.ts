import { expect, test } from "vitest";

import { outcomeOf, statusOf } from "../../../lambdas/domain/application-state.ts";
import { bothSides, TOKEN } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED = { type: "started_application", timestamp: AT - MINUTE };
const APPROVED = { type: "completed_application", timestamp: AT, outcome: "Approved" };

test("an end that had its effect and was never merged is merged, also while nobody knows Alloy's status", async () => {
  const sides = bothSides();
  const { store } = sides;
  await sides.webhook(STARTED);
  const merge = store.mergeState.bind(store);
  store.mergeState = async ({ applicationToken }) => {
    const before = await store.readState(applicationToken);
    if (before === null) throw new Error("nothing is known of the application");
    return { before, after: before };
  };
  await sides.webhook(APPROVED);
  store.mergeState = merge;

  const answer = { events: [STARTED, APPROVED], status: "withdrawn" };
  await sides.check(AT + 15 * MINUTE, answer);
  await sides.check(AT + 20 * MINUTE, answer);

  const state = store.applications.get(TOKEN)?.state;
  expect(state && [statusOf(state), outcomeOf(state)]).toEqual(["completed", "Approved"]);
  expect(sides.notices.map(({ change }) => change)).toEqual(["opened", "closed"]);
  expect(sides.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
});
