import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";

import {
  applicationKey,
  attributesOf,
  dueShardOf,
  eventKey,
} from "../../lambdas/adapters/dynamo/application-item.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { tallyOf } from "../../lambdas/domain/reconciliation/tally.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { recordOf, START } from "../support/poller.ts";
import { alloyAnswer, alloyThatAnswers } from "../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS, pollerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { meterReadUnits } from "../../tools/cloud-in-memory/read-meter.ts";

/** The bound is the same at 1,000 of 20,000: what would grow with those that are open is the same share of what is read. */
const DUE = 100;
const OPEN = 20 * DUE;
/** The queries of a run that finds nothing: what is due in each shard, what has failed, and which gaps are open. */
const SHARDS_AND_GAPS = TABLE.dueShards + 2;

const HOUR = 60 * 60 * 1_000;

function eventOf(applicationToken: string) {
  return aJourneyEvent({ applicationToken, at: START - HOUR });
}

/** What stands in the table of an application with one event. */
function itemsOf(
  applicationToken: string,
  dueAt: number,
  isTallied: boolean,
): readonly Record<string, unknown>[] {
  const event = eventOf(applicationToken);
  const { at: eventAt, ...recorded } = recordOf(event);
  const state = {
    ...applicationKey(applicationToken),
    ...attributesOf(stateOfEvent(event)),
    duePk: dueShardOf(applicationToken),
    dueAt,
    revision: 1,
    ...(isTallied && { tally: tallyOf(event) }),
  };
  const record = { ...eventKey(applicationToken, event.eventId, eventAt), ...recorded, eventAt };
  // The events of an application that is not due would only make the table slower to fill.
  return dueAt <= START ? [state, record] : [state];
}

/** Lets the real poller check the applications that are due, among so many that are open. */
async function pollAmong(open: number) {
  await using dynamo = await startDynamoDb();
  const { client, applicationTableName, due } = dynamo;
  const items = Array.from({ length: open }, (_, index) =>
    // What is not due yet stands in the same index, right behind what is.
    itemsOf(`JA-${String(index).padStart(6, "0")}`, START - DUE + 1 + index, index % 2 === 0),
  ).flat();
  await dynamo.fill(
    applicationTableName,
    items.map((item) => marshall(item, { removeUndefinedValues: true })),
  );

  const meter = meterReadUnits(client);
  const run = makePollerHandler(
    pollerOver({
      applications: due,
      alloy: alloyThatAnswers(({ applicationToken }) =>
        alloyAnswer(applicationToken, [eventOf(applicationToken)]),
      ),
      settings: {
        ...POLLER_SETTINGS,
        polling: { ...POLLER_SETTINGS.polling, callsPerRun: DUE, requestsPerSecond: DUE },
      },
      now: () => START,
    }),
  );
  const report = await run({});
  const read = meter.taken();
  await run({});
  return { report, read, idle: meter.taken() };
}

test(`${OPEN} open applications cost at most 1.1 times what ${DUE} cost to poll, when ${DUE} are due`, async () => {
  const few = await pollAmong(DUE);
  const many = await pollAmong(OPEN);

  expect(few.report).toMatchObject({ due: DUE, checked: DUE, left: 0 });
  expect(many.report).toMatchObject({ due: DUE, checked: DUE, left: 0 });
  // Half a unit for the state of each, half for the events of those without a tally, and for each query that lists what is due or in gap.
  expect(few.read.units).toBeGreaterThan(0.75 * DUE);
  expect(many.read.units).toBeLessThanOrEqual(1.1 * few.read.units);
  expect([...many.read.commands]).toEqual([["QueryCommand", 1.5 * DUE + SHARDS_AND_GAPS]]);
  expect(many.idle).toEqual({
    commands: new Map([["QueryCommand", SHARDS_AND_GAPS]]),
    units: SHARDS_AND_GAPS / 2,
  });
});
