import { expect, test } from "vitest";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { startDynamoDb } from "../support/dynalite.ts";
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
  const dynamo = await startDynamoDb();
  try {
    const { client, applicationTableName: tableName } = dynamo;
    const store = new DynamoApplicationStore({ client, tableName, eventRetentionMs: null });
    const tokens = Array.from({ length: DUE }, (_, index) => `JA-${index}`);
    for (const token of tokens) {
      await store.mergeState(stateOfEvent(eventOf(token)), { dueAt: START, when: "first" });
    }
    const asked: string[] = [];
    const run = makePollerHandler(
      pollerOver({
        applications: new DynamoDueApplications(client, tableName),
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
  } finally {
    await dynamo.close();
  }
});
