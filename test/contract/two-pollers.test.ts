import { expect, test } from "vitest";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { alloyAnswer, POLLER_SETTINGS, START, refuseList } from "../support/poller.ts";
import { MemoryInvestigations } from "../../tools/memory/investigations.ts";
import { MemoryPayloadBucket } from "../../tools/memory/payload-bucket.ts";

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
    const run = makePollerHandler({
      applications: new DynamoDueApplications(client, tableName),
      alloy: {
        async getApplication({ applicationToken }) {
          asked.push(applicationToken);
          return alloyAnswer(applicationToken, [eventOf(applicationToken)]);
        },
        listInvestigations: refuseList,
        renewCredentials() {},
      },
      investigations: new MemoryInvestigations(),
      outcomes: { total: async () => 0 },
      deliveries: { record: async () => ({ minutes: [], oldestQueuedAt: null, queued: 0 }) },
      queue: { send: async () => [] },
      payloads: new MemoryPayloadBucket(),
      gaps: { announce: async () => {} },
      settings: POLLER_SETTINGS,
      metrics: { count() {}, milliseconds() {}, flush() {} },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      now: () => START,
      random: () => 0,
      sleep: async () => {},
    });

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
