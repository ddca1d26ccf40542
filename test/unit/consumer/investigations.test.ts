import { describe, expect, test } from "vitest";

import { investigationWebhook } from "../../../lambdas/domain/event/investigation-event.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aConsumer, envelopeBatchOf, pollBatchOf, routesWithout } from "../../support/consumer.ts";
import { batchOf } from "../../../tools/cloud-in-memory/builders.ts";
import {
  anInvestigationEvent,
  CREATED_AT,
  investigationWebhookOf,
} from "../../support/investigations.ts";

const HOUR = 3_600_000;

const on = { settings: { investigations: true } };

const created = investigationWebhookOf();
const promoted = investigationWebhookOf({
  status: "promoted_to_case",
  status_changed_at: CREATED_AT + HOUR,
});
const closed = investigationWebhookOf({
  status: "closed",
  status_changed_at: CREATED_AT + 2 * HOUR,
});

describe("an Investigation", () => {
  test("has a route for each of its steps", async () => {
    const { process, published, store, investigations } = aConsumer(on);

    const { batchItemFailures } = await process(batchOf([created, promoted, closed]));

    expect(batchItemFailures).toEqual([]);
    expect(published).toMatchObject([
      {
        route: "investigation-created",
        eventType: "created",
        eventAt: new Date(CREATED_AT).toISOString(),
        applicationToken: null,
        status: null,
        late: false,
        investigation: {
          token: "INV-1",
          status: "created",
          type: null,
          outcome: null,
          alertTokens: ["JA-alert"],
          entityTokens: ["P-1"],
        },
      },
      { route: "investigation-promoted", eventType: "promoted_to_case" },
      { route: "investigation-closed", eventType: "closed" },
    ]);
    expect(store.applications.size).toBe(0);
    expect([...store.events.values()].map(({ investigationToken }) => investigationToken)).toEqual([
      "INV-1",
      "INV-1",
      "INV-1",
    ]);
    expect(investigations.investigations.get("INV-1")?.reports).toHaveLength(3);
  });

  test("tells nobody who its agent is", async () => {
    const { process, published } = aConsumer(on);

    await process(batchOf([closed]));

    expect(JSON.stringify(published)).not.toContain("agent@example.com");
  });

  test("has one effect for each step, however often it comes", async () => {
    const { process, published } = aConsumer(on);

    await process(batchOf([created, created]));
    await process(batchOf([created]));
    await process(pollBatchOf(created));

    expect(published).toHaveLength(1);
  });

  test("whose promotion was healed under another time has it once, in either order", async () => {
    const latest = { status: "promoted_to_case", at: CREATED_AT + 5 * HOUR, isTimeLatest: true };
    const healed = investigationWebhook(anInvestigationEvent(latest));
    for (const batches of [
      [pollBatchOf(healed), batchOf([promoted])],
      [batchOf([promoted]), pollBatchOf(healed)],
    ]) {
      const { process, published, store } = aConsumer(on);
      for (const batch of batches) await process(batch);

      expect(published).toHaveLength(1);
      expect(store.events.size).toBe(1);
    }
  });

  test("whose promotion was healed under another time is published once more when an operator forces it", async () => {
    const { process, published } = aConsumer(on);
    const healed = investigationWebhookOf({
      status: "promoted_to_case",
      status_changed_at: CREATED_AT + HOUR + 300,
    });
    await process(pollBatchOf(healed));
    await process(batchOf([promoted]));

    const replay = { kind: "replay", receiptId: "replay-1", body: promoted, force: true } as const;
    const { batchItemFailures } = await process(envelopeBatchOf(replay));

    expect(batchItemFailures).toEqual([]);
    expect(published.map(({ origin }) => origin)).toEqual(["poll", "replay"]);
    expect(new Set(published.map(({ eventId }) => eventId)).size).toBe(1);
  });

  test("of a status that nobody documents is unrecognised, counted, and not lost", async () => {
    let unrecognised = 0;
    const { process, published } = aConsumer({
      ...on,
      metrics: {
        count: (name) => void (name === METRICS.eventsUnrecognised && (unrecognised += 1)),
        milliseconds() {},
        flush() {},
      },
    });

    await process(batchOf([investigationWebhookOf({ status: "reopened" })]));

    expect(published).toMatchObject([
      { route: "unrecognised", eventType: "reopened", investigation: { token: "INV-1" } },
    ]);
    expect(unrecognised).toBe(1);
  });

  test("that is created late is recorded, and its late closing is published", async () => {
    const { process, published, store } = aConsumer(on);

    await process(batchOf([promoted]));
    await process(batchOf([created]));
    await process(
      batchOf([investigationWebhookOf({ status: "closed", status_changed_at: CREATED_AT })]),
    );

    expect(published.map(({ route, late }) => [route, late])).toEqual([
      ["investigation-promoted", false],
      ["investigation-closed", true],
    ]);
    expect(store.events.size).toBe(3);
  });

  test("whose route is not published is recorded", async () => {
    const routes = routesWithout("investigation-created");
    const { process, published, store } = aConsumer({
      settings: { investigations: true, routes },
    });

    const { batchItemFailures } = await process(batchOf([created]));

    expect([batchItemFailures, published, store.events.size]).toEqual([[], [], 1]);
  });

  test("of another environment than the stage's is kept apart", async () => {
    const { process, published, store, investigations } = aConsumer(on);

    await process(
      batchOf([investigationWebhookOf({}, { type: "create:investigationevents:live" })]),
    );

    expect(published).toEqual([]);
    expect(investigations.investigations.size).toBe(0);
    expect([...store.events.values()]).toMatchObject([{ applicationToken: null }]);
  });

  test("that could not be published is known to have failed, until it is", async () => {
    let isOut = true;
    const consumer = aConsumer({
      ...on,
      publisher: {
        async publish(events) {
          if (isOut) throw new TransientError("the bus is out");
          return events.map(() => null);
        },
      },
    });
    const failures = () => consumer.investigations.investigations.get("INV-1")?.failures;

    await consumer.process(batchOf([created]));
    expect(failures()).toMatchObject([{ eventType: "created", deadLettered: false }]);

    isOut = false;
    await consumer.process(pollBatchOf(created));
    expect(failures()).toEqual([]);
  });
});

describe("a stage that does not handle Investigations", () => {
  test("takes their webhooks for another family", async () => {
    const { process, published, investigations } = aConsumer();

    await process(batchOf([created]));

    expect(published).toMatchObject([{ route: "other" }]);
    expect(published[0]).not.toHaveProperty("investigation");
    expect(investigations.investigations.size).toBe(0);
  });
});
