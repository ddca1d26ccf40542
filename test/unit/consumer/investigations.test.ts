import { describe, expect, test } from "vitest";

import { investigationWebhook } from "../../../lambdas/domain/event/investigation-event.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aConsumer, pollBatchOf, routesWithout } from "../../support/consumer.ts";
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
    const { receive, published, store, investigations } = aConsumer(on);

    const { batchItemFailures } = await receive(created, promoted, closed);

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
    const { receive, published } = aConsumer(on);

    await receive(closed);

    expect(JSON.stringify(published)).not.toContain("agent@example.com");
  });

  test("has one effect for each step, however often it comes", async () => {
    const { copy, receive, published } = aConsumer(on);

    await receive(created, created);
    await receive(created);
    await copy(created);

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
    const { copy, receive, replay, published } = aConsumer(on);
    const healed = investigationWebhookOf({
      status: "promoted_to_case",
      status_changed_at: CREATED_AT + HOUR + 300,
    });
    await copy(healed);
    await receive(promoted);

    const { batchItemFailures } = await replay(promoted, { force: true });

    expect(batchItemFailures).toEqual([]);
    expect(published.map(({ origin }) => origin)).toEqual(["poll", "replay"]);
    expect(new Set(published.map(({ eventId }) => eventId)).size).toBe(1);
  });

  test("of a status that nobody documents is unrecognised, counted, and not lost", async () => {
    const { receive, published, metric } = aConsumer(on);

    await receive(investigationWebhookOf({ status: "reopened" }));

    expect(published).toMatchObject([
      { route: "unrecognised", eventType: "reopened", investigation: { token: "INV-1" } },
    ]);
    expect(metric(METRICS.eventsUnrecognised)).toBe(1);
  });

  test("that is created late is recorded, and its late closing is published", async () => {
    const { receive, published, store } = aConsumer(on);

    await receive(promoted);
    await receive(created);
    await receive(investigationWebhookOf({ status: "closed", status_changed_at: CREATED_AT }));

    expect(published.map(({ route, late }) => [route, late])).toEqual([
      ["investigation-promoted", false],
      ["investigation-closed", true],
    ]);
    expect(store.events.size).toBe(3);
  });

  test("whose route is not published is recorded", async () => {
    const routes = routesWithout("investigation-created");
    const { receive, published, store } = aConsumer({
      settings: { investigations: true, routes },
    });

    const { batchItemFailures } = await receive(created);

    expect([batchItemFailures, published, store.events.size]).toEqual([[], [], 1]);
  });

  test("of another environment than the stage's is kept apart", async () => {
    const { receive, published, store, investigations } = aConsumer(on);

    await receive(investigationWebhookOf({}, { type: "create:investigationevents:live" }));

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

    await consumer.receive(created);
    expect(failures()).toMatchObject([{ eventType: "created", deadLettered: false }]);

    isOut = false;
    await consumer.copy(created);
    expect(failures()).toEqual([]);
  });
});

test("a stage that does not handle Investigations takes their webhooks for another family", async () => {
  const { receive, published, investigations } = aConsumer();

  await receive(created);

  expect(published).toMatchObject([{ route: "other" }]);
  expect(published[0]).not.toHaveProperty("investigation");
  expect(investigations.investigations.size).toBe(0);
});
