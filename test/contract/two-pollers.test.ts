import { expect, test } from "vitest";

import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { aDynamoDb } from "../support/dynalite.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { START } from "../support/poller.ts";
import { alloyAnswer, alloyThatAnswers } from "../../tools/cloud-in-memory/builders.ts";
import { pollerOver } from "../../tools/cloud-in-memory/runtime.ts";

const DUE = 60;
const HOUR = 60 * 60 * 1_000;

function eventOf(applicationToken: string) {
  return aJourneyEvent({ applicationToken, at: START - HOUR });
}

test("runs side by side share what is due, and ask Alloy about each application once", async () => {
  const { store, due } = await aDynamoDb();
  const tokens = Array.from({ length: DUE }, (_, index) => `JA-${index}`);
  for (const token of tokens) {
    await store.mergeState(stateOfEvent(eventOf(token)), { dueAt: START, when: "first" });
  }
  const asked: string[] = [];
  const run = makePollerHandler(
    pollerOver({
      applications: due,
      alloy: alloyThatAnswers(({ applicationToken }) => {
        asked.push(applicationToken);
        return alloyAnswer(applicationToken, [eventOf(applicationToken)]);
      }),
      now: () => START,
    }),
  );

  const reports = await Promise.all([run({}), run({}), run({})]);

  expect(asked.toSorted()).toEqual(tokens.toSorted());
  for (const report of reports) {
    if ("dryRun" in report) throw new Error("this was no dry run");
    expect(report.checked + report.taken).toBe(report.due);
  }
});
