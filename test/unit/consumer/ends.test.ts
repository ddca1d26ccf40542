import { describe, expect, test } from "vitest";

import { outcomeOf, statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { compare } from "../../../lambdas/domain/reconciliation/comparison.ts";
import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import type { Correction } from "../../../lambdas/domain/application/correction.ts";
import type { ApplicationStatus } from "../../../lambdas/domain/event/event-types.ts";
import type { Gap } from "../../../lambdas/domain/reconciliation/gap.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { aConsumer, pollBatchOf } from "../../support/consumer.ts";
import type { TestConsumer } from "../../support/consumer.ts";
import { batchOf, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const HOUR = 3_600_000;
const TOKEN = "JA-exampleEnds00000001";

/** A webhook of the application; `changes` to its data. */
function webhook(type: string, after: number, changes: object = {}): string {
  const said = JSON.parse(webhookOf(type, TOKEN, AT + after));
  return JSON.stringify({ ...said, data: { ...said.data, ...changes } });
}

function eventOf(body: string): JourneyEvent {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "journey-event") throw new Error(`no Journey event: ${parsed.kind}`);
  return parsed.event;
}

/** A consumer that took these webhooks, and a poller to which Alloy answers as told. */
async function after(...webhooks: readonly string[]) {
  const consumer = aConsumer();
  for (const body of webhooks) await consumer.process(batchOf([body]));
  return withAnswers(consumer, webhooks);
}

/** @param listed - Alloy's list, as the webhooks that would have told of it. */
function withAnswers(consumer: TestConsumer, listed: readonly string[]) {
  const stands = () => {
    const state = consumer.store.applications.get(TOKEN)?.state;
    return state === undefined ? null : [statusOf(state), outcomeOf(state)];
  };
  const routes = () => consumer.published.map(({ route }) => route);
  let asked = 0;
  let gap: Gap | null = null;
  const check = async (status: ApplicationStatus, outcome: string | null, updatedAt: number) => {
    asked += 1;
    const known = await consumer.store.look(TOKEN);
    const history = await consumer.store.history(TOKEN);
    if (known === null) throw new Error("nothing is known of the application");
    const now = AT + updatedAt + HOUR;
    const { corrections, ...found } = compare(
      {
        applicationToken: TOKEN,
        snapshot: {
          applicationToken: TOKEN,
          journeyToken: "J-1",
          status,
          outcome,
          at: AT + updatedAt,
          environment: "sandbox",
          externalIds: { group: null, partner: null, application: null },
          chain: { previous: null, root: null, next: null },
          isShadow: false,
        },
        events: listed.map((body) => ({ event: eventOf(body), webhook: JSON.parse(body) })),
        reruns: [],
        unreadableEvents: 0,
        unrecognisedStatus: null,
      },
      { state: known.state, ...history, checkedAt: null, gap },
      {
        ignoredEventTypes: [],
        eventRetentionMs: null,
        gaps: { graceMs: 120_000, thresholdMs: 900_000, staleAfterMs: 1e12 },
        delivery: null,
        // Two of one millisecond would have no order.
        now: Math.max(now, Date.now() + HOUR) + asked,
      },
    );
    gap = found.gap;
    return corrections;
  };
  const take = async (corrections: readonly Correction[]) => {
    for (const one of corrections) await consumer.process(pollBatchOf(correctionBody(one)));
  };
  const answer: typeof check = async (...said) => {
    const corrections = await check(...said);
    await take(corrections);
    return corrections;
  };
  return { consumer, stands, routes, check, take, answer };
}

const ends = (routes: readonly string[]) => routes.filter((route) => route !== "progressed");

describe("a decision is not taken back", () => {
  const approved = webhook("completed_application", 0, { outcome: "Approved" });

  test.each([
    ["a rerun, and a step of an applicant that trails", "started_rerun_application"],
    ["an unarchiving, and a step that trails", "application_unarchived"],
    ["a retriggering, and a step that trails", "journey_application_retriggered"],
  ])("by %s, when Alloy stays with it", async (_, type) => {
    const { stands, routes, answer, consumer } = await after(
      approved,
      webhook(type, HOUR),
      webhook("completed_review", HOUR + 1_000),
    );

    await answer("completed", "Approved", HOUR + 1_000);

    expect(stands()).toEqual(["completed", "Approved"]);
    expect(routes().filter((route) => route === "approved")).toHaveLength(1);
    expect(consumer.published.slice(1).every(({ status }) => status === "completed")).toBe(true);
  });

  test.each(["error", "application_expired"])(
    "by %s two hours later, when Alloy stays with it",
    async (type) => {
      const { stands, routes, answer } = await after(approved, webhook(type, 2 * HOUR));

      await answer("completed", "Approved", 2 * HOUR);

      expect(stands()).toEqual(["completed", "Approved"]);
      expect(ends(routes())).toEqual(["approved"]);
    },
  );

  test("by a second decision, before Alloy's answer says so, and then once", async () => {
    const denied = webhook("completed_application", HOUR, { outcome: "Denied" });
    const { stands, routes, answer, consumer } = await after(approved, denied);
    expect(ends(routes())).toEqual(["approved"]);
    expect(stands()).toEqual(["completed", "Approved"]);

    await answer("completed", "Denied", HOUR);
    await answer("completed", "Denied", HOUR);

    expect(stands()).toEqual(["completed", "Denied"]);
    expect(ends(routes())).toEqual(["approved", "denied"]);
    expect(consumer.published.at(-1)?.eventId).toBe(eventOf(denied).eventId);
  });

  test("by an earlier decision that comes later, unless it is Alloy's", async () => {
    const denied = webhook("completed_application", HOUR, { outcome: "Denied" });
    const first = await after(denied, approved);
    await first.answer("completed", "Denied", HOUR);
    expect(ends(first.routes())).toEqual(["denied"]);
    expect(first.stands()).toEqual(["completed", "Denied"]);

    const second = await after(denied, approved);
    await second.answer("completed", "Approved", HOUR);
    expect(ends(second.routes())).toEqual(["denied", "approved"]);
    expect(second.stands()).toEqual(["completed", "Approved"]);
  });

  test("by another report of the end that names no outcome", async () => {
    const consumer = aConsumer();
    await consumer.process(pollBatchOf(approved));

    await consumer.process(
      batchOf([webhook("completed_application", 3, { outcome: null, entity_token: null })]),
    );

    const state = consumer.store.applications.get(TOKEN)?.state;
    expect(state === undefined ? null : outcomeOf(state)).toBe("Approved");
    expect(consumer.published.map(({ route }) => route)).toEqual(["approved"]);
  });
});

describe("an end after a reopening", () => {
  const events = [
    webhook("started_application", 0),
    webhook("completed_application", HOUR, { outcome: "Approved" }),
    webhook("journey_application_retriggered", 2 * HOUR),
    webhook("completed_application", 3 * HOUR, { outcome: "Denied" }),
  ] as const;
  const [started, approved, retriggered, denied] = events;
  const denial = ["completed", "Denied", 3 * HOUR] as const;

  test("is told once by its own event, when the answer that was asked for before comes after it", async () => {
    const consumer = aConsumer();
    const { check, take, routes, stands, answer } = withAnswers(consumer, events);
    await consumer.process(batchOf([started]));
    await consumer.process(batchOf([retriggered]));
    // What the first check queued is missing still.
    await check(...denial);
    const corrections = await check(...denial);
    await consumer.process(batchOf([denied]));
    await consumer.process(batchOf([approved]));

    await take(corrections);
    await answer(...denial);

    expect(corrections).toHaveLength(1);
    expect(ends(routes())).toEqual(["denied"]);
    expect(stands()).toEqual(["completed", "Denied"]);
  });

  test("is published once, although its event was withheld when that answer came", async () => {
    const consumer = aConsumer();
    const { check, take, routes, stands, answer } = withAnswers(consumer, events);
    await consumer.process(batchOf([started]));
    await consumer.process(batchOf([approved]));
    await consumer.process(batchOf([retriggered]));
    // What the first check queued is missing still.
    await check(...denial);
    const corrections = await check(...denial);
    await consumer.process(batchOf([denied]));

    await take(corrections);
    await answer(...denial);
    await answer(...denial);

    expect(ends(routes())).toEqual(["approved", "denied"]);
    expect(stands()).toEqual(["completed", "Denied"]);
    expect(await check(...denial)).toEqual([]);
  });

  test("is published by its second try, when it was cut off and the answer came in between", async () => {
    let isOut = false;
    const published: PublishedEvent[] = [];
    const consumer = aConsumer({
      publisher: {
        async publish(some) {
          if (isOut) throw new Error("the bus is down");
          published.push(...some);
          return some.map(() => null);
        },
      },
    });
    const { check, take, stands, answer } = withAnswers(consumer, events);
    await consumer.process(batchOf([started]));
    await consumer.process(batchOf([retriggered]));
    // What the first check queued is missing still.
    await check(...denial);
    const corrections = await check(...denial);
    isOut = true;
    await consumer.process(batchOf([denied]));
    isOut = false;
    await consumer.process(batchOf([approved]));

    await take(corrections);
    await consumer.process(batchOf([denied]));
    await answer(...denial);

    expect(ends(published.map(({ route }) => route))).toEqual(["denied"]);
    expect(stands()).toEqual(["completed", "Denied"]);
  });
});

describe("an answer about an application whose healed events met their webhooks", () => {
  test("counts, though a webhook dates its event after the newest one of Alloy's list", async () => {
    const step = { entity_application_token: "EA-1" };
    const listed = [webhook("started_application", 0), webhook("pending_step_up", 18, step)];
    const consumer = aConsumer();
    for (const body of listed) await consumer.process(pollBatchOf(body));
    await consumer.process(batchOf([webhook("started_application", 1_616)]));
    const { answer, stands } = withAnswers(consumer, listed);

    await answer("pending_step_up", null, 18);

    expect(stands()).toEqual(["pending_step_up", null]);
  });
});

describe("an answer without an outcome", () => {
  const started = webhook("started_application", 0);
  const denied = webhook("completed_application", 12, { outcome: "Denied" });
  const end = webhook("completed_application", 47, { outcome: null });

  test("does not name that of the end before the reopening, though the reopening's webhook is dated before that", async () => {
    const reopening = (after: number) => webhook("journey_application_retriggered", after);
    const consumer = aConsumer();
    for (const body of [started, reopening(0), end, denied])
      await consumer.process(batchOf([body]));
    const { answer, stands } = withAnswers(consumer, [started, denied, reopening(16), end]);

    await answer("completed", null, 47);

    expect(stands()).toEqual(["completed", null]);
  });
});

describe("an end that was recorded, and not published", () => {
  test("is published by the outcome it was recorded with, where its own webhook names none", async () => {
    const publisher = { publish: () => Promise.reject(new Error("the bus is down")) };
    const { store, process } = aConsumer({ publisher });
    await process(pollBatchOf(webhook("completed_application", 0, { outcome: "Approved" })));

    const second = aConsumer({ store });
    await second.process(batchOf([webhook("completed_application", 0, { outcome: null })]));

    expect(second.published).toMatchObject([{ route: "approved", outcome: "Approved" }]);
  });
});

describe("an error", () => {
  const error = webhook("error", 1_000, { entity_application_token: "EA-1" });

  test("is not published while Alloy says that the application is running", async () => {
    const { stands, routes, answer } = await after(webhook("started_application", 0), error);

    await answer("running", null, 1_000);

    expect(stands()).toEqual(["running", null]);
    expect(ends(routes())).toEqual([]);
  });

  test.each([
    ["of one applicant", error],
    ["that names nobody", webhook("error", 1_000, { entity_application_token: null })],
  ])(
    "%s is published under its own id, and once, when Alloy's answer confirms it",
    async (_, body) => {
      const { stands, routes, answer, consumer } = await after(
        webhook("started_application", 0),
        body,
      );

      await answer("error", null, 1_000);
      await answer("error", null, 1_000);

      expect(stands()).toEqual(["error", null]);
      expect(ends(routes())).toEqual(["errored"]);
      expect(consumer.published.at(-1)).toMatchObject({
        eventId: eventOf(body).eventId,
        eventType: "error",
      });
    },
  );

  test("is asked about at once", async () => {
    const { consumer } = await after(webhook("started_application", 0), error);

    const kept = consumer.store.applications.get(TOKEN);
    expect(kept?.dueAt).toBeLessThanOrEqual(Date.now());
    expect(kept?.memory.requestedAt).toBe(kept?.dueAt);
  });
});

describe("two answers of one updated_at", () => {
  test("are taken over in the order in which Alloy was asked", async () => {
    const { stands, routes, answer } = await after(webhook("started_application", 0));

    await answer("completed", null, 5_000);
    await answer("completed", "Approved", 5_000);
    await answer("completed", "Denied", 5_000);
    await answer("completed", "Approved", 5_000);

    expect(stands()).toEqual(["completed", "Approved"]);
    expect(ends(routes())).toEqual(["completed", "approved", "denied", "approved"]);
    expect(await answer("completed", "Approved", 5_000)).toEqual([]);
  });
});
