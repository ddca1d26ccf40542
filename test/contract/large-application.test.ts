import { createHash } from "node:crypto";

import { afterAll, describe, expect, test } from "vitest";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import {
  mergeState,
  outcomeOf,
  statusOf,
} from "../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import { isLate } from "../../lambdas/domain/application/lateness.ts";
import {
  stateOfEvent,
  stateOfHealedEvent,
  stateOfSnapshot,
} from "../../lambdas/domain/application/observation.ts";
import { isLateIn } from "../../lambdas/consumer/journey-event.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { anEventRecord, aSnapshot } from "../support/records.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { randomOf } from "../../tools/cloud-in-memory/random.ts";
import { billOf } from "../../tools/cloud-in-memory/write-meter.ts";

const START = Date.UTC(2026, 10, 23, 20);
const NOW = START + 86_400_000;
const CHECK = { dueAt: NOW, when: "first" } as const;

const dynamo = await startDynamoDb();
afterAll(dynamo.close);
const { client, applicationTableName: tableName } = dynamo;
// As nobody: to ask IAM about each of thousands of calls takes minutes.
const store = new DynamoApplicationStore({ client, tableName, eventRetentionMs: null });

/** Progress of one applicant. */
function stepOf(applicationToken: string, applicant: number, at: number): JourneyEvent {
  const type = at % 2 === 0 ? "pending_step_up" : "completed_evaluation";
  const entityApplicationToken = `EA-exampleApplicant${String(applicant).padStart(6, "0")}`;
  return aJourneyEvent({ applicationToken, type, at, entityApplicationToken });
}

function answer(applicationToken: string, status: "running" | "completed", at: number) {
  const outcome = status === "completed" ? "Approved" : null;
  const snapshot = aSnapshot({ applicationToken, status, outcome, at });
  return stateOfSnapshot(snapshot, at, `correction-${at}`, null);
}

describe("an application of 500 applicants, 2,000 events and 500 healed ones, in any order", () => {
  test("is merged without a refusal, at a cost that is linear in its events, and stands as the pure merge says", async () => {
    const applicationToken = "JA-large";
    const random = randomOf(7);
    const events = Array.from({ length: 2_000 }, (_, index) =>
      stepOf(applicationToken, index % 500, START + index * 10),
    );
    const observations: ApplicationState[] = events.map((event, index) =>
      index % 4 === 0 ? stateOfHealedEvent(event) : stateOfEvent(event),
    );
    for (let epoch = 1; epoch <= 10; epoch += 1) {
      const at = START + epoch * 2_000;
      const end = { applicationToken, type: "completed_application", outcome: "Denied", at };
      observations.push(stateOfEvent(aJourneyEvent(end)));
      observations.push(answer(applicationToken, "running", at + 3));
    }
    const shuffled = observations
      .map((observation) => ({ observation, place: random() }))
      .toSorted((one, other) => one.place - other.place)
      .map(({ observation }) => observation);

    const costs: number[] = [];
    for (const observation of shuffled) {
      const bill = await billOf(async () => {
        await store.mergeState(observation, CHECK);
      });
      costs.push(bill.items);
    }

    const wanted = observations.reduce(mergeState);
    const state = await store.readState(applicationToken);
    expect(state === null ? null : [statusOf(state), outcomeOf(state)]).toEqual([
      statusOf(wanted),
      outcomeOf(wanted),
    ]);
    expect(state?.healedUntil).toBe(wanted.healedUntil);
    const mean = (costsOf: readonly number[]) =>
      costsOf.reduce((sum, cost) => sum + cost, 0) / costsOf.length;
    // The last quarter costs what the second did: nothing grows with what came before.
    expect(mean(costs.slice(-500))).toBeLessThan(1.25 * mean(costs.slice(500, 1_000)));
    expect(Math.max(...costs)).toBeLessThan(30);
  });

  test("knows of each applicant whether an event of his comes late, wherever his register is", async () => {
    const applicationToken = "JA-many";
    const events = Array.from({ length: 80 }, (_, index) =>
      stepOf(applicationToken, index % 20, START + index * 10),
    );
    let pure: ApplicationState | null = null;
    // Every second event comes after all the others.
    const order = [
      ...events.filter((_, i) => i % 2 === 0),
      ...events.filter((_, i) => i % 2 === 1),
    ];

    for (const event of order) {
      const { after } = await store.mergeState(stateOfEvent(event), CHECK);
      pure = pure === null ? stateOfEvent(event) : mergeState(pure, stateOfEvent(event));

      expect(await isLateIn(event, after, store)).toBe(isLate(event, pure));
    }
  });

  test("costs for a late event of sixty applicants the write units that it costs for two", async () => {
    const costOf = async (applicants: number) => {
      const applicationToken = `JA-of-${applicants}`;
      for (let index = 0; index < 120; index += 1) {
        const event = stepOf(applicationToken, index % applicants, START + index * 10);
        await store.mergeState(stateOfEvent(event), CHECK);
      }
      const costs: number[] = [];
      for (let index = 0; index < 30; index += 1) {
        const late = stepOf(applicationToken, index % applicants, START + index * 10 + 5);
        const { items } = await billOf(async () => {
          await store.mergeState(stateOfEvent(late), CHECK);
        });
        costs.push(items);
      }
      return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
    };

    const [two, sixty] = [await costOf(2), await costOf(60)];
    console.log(`write units of a late event: ${two} of two applicants, ${sixty} of sixty`);
    expect(sixty).toBe(two);
  });
});

test("reads every page of what is near an event, however large its neighbours are", async () => {
  const applicationToken = "JA-pages";
  const events = Array.from({ length: 12 }, (_, index) =>
    aJourneyEvent({ applicationToken, at: START + index }),
  );
  for (const [index, event] of events.entries()) {
    await store.recordEvent(
      anEventRecord(event, { receiptId: `receipt-${index}`, body: noise(250_000, index) }),
    );
  }

  const { recorded } = await store.reportsNear(aJourneyEvent({ applicationToken, at: START }));

  expect(recorded).toHaveLength(12);
});

/** Bytes that do not compress. */
function noise(outputLength: number, seed: number): Uint8Array {
  return createHash("shake256", { outputLength }).update(`${seed}`).digest();
}
