import { describe, expect, test } from "vitest";

import {
  APPROVED,
  AT,
  bothSides,
  completed,
  decided,
  HOUR,
  sidesAfter,
  STARTED,
  TOKEN,
} from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

/** When Alloy answers, after all events of these tests; and again, in this order. */
const FIRST = AT + 5 * HOUR;
const SECOND = AT + 6 * HOUR;
const THIRD = AT + 7 * HOUR;
const FOURTH = AT + 8 * HOUR;
const DENIED = completed(AT + HOUR, "Denied");

describe("a decision is not taken back", () => {
  test.each([
    ["a rerun, and a step of an applicant that trails", "started_rerun_application"],
    ["an unarchiving, and a step that trails", "application_unarchived"],
    ["a retriggering, and a step that trails", "journey_application_retriggered"],
  ])("by %s, when Alloy stays with it", async (_, type) => {
    const trailing = { type: "completed_review", timestamp: AT + HOUR + 1_000 };
    const review = { ...trailing, entity_application_token: "EA-1" };
    const rerun = { rerun_journey_application_token: "JA-rerun" };
    const events = [APPROVED, { type, timestamp: AT + HOUR, ...rerun }, review];
    const sides = await sidesAfter(...events);

    await sides.check(FIRST, decided("Approved", ...events));

    expect(sides.stands()).toEqual(["completed", "Approved"]);
    expect(sides.ends().filter((route) => route === "approved")).toHaveLength(1);
    expect(sides.published.slice(1).every(({ status }) => status === "completed")).toBe(true);
  });

  test.each(["error", "application_expired"])(
    "by %s two hours later, when Alloy stays with it",
    async (type) => {
      const events = [APPROVED, { type, timestamp: AT + 2 * HOUR }];
      const sides = await sidesAfter(...events);

      await sides.check(FIRST, decided("Approved", ...events));

      expect(sides.stands()).toEqual(["completed", "Approved"]);
      expect(sides.ends()).toEqual(["approved"]);
    },
  );

  test("by a second decision, before Alloy's answer says so, and then once", async () => {
    const sides = await sidesAfter(APPROVED, DENIED);
    expect(sides.ends()).toEqual(["approved"]);
    expect(sides.stands()).toEqual(["completed", "Approved"]);

    await sides.check([FIRST, SECOND], decided("Denied", APPROVED, DENIED));

    expect(sides.stands()).toEqual(["completed", "Denied"]);
    expect(sides.ends()).toEqual(["approved", "denied"]);
    expect(sides.published.at(-1)?.eventId).toBe(sides.idOf(DENIED));
  });

  test.each([
    ["Denied", ["denied"]],
    ["Approved", ["denied", "approved"]],
  ])("by an earlier decision that comes later, unless it is Alloy's: %s", async (outcome, ends) => {
    const sides = await sidesAfter(DENIED);
    await sides.webhook(APPROVED, AT + 2 * HOUR);

    await sides.check(FIRST, decided(outcome, APPROVED, DENIED));

    expect(sides.ends()).toEqual(ends);
    expect(sides.stands()).toEqual(["completed", outcome]);
  });

  test("by another report of the end that names no outcome", async () => {
    const sides = bothSides();
    await sides.copy({ ...APPROVED, entity_token: "P-1" });

    await sides.webhook(completed(AT + 3));

    expect(sides.stands()).toEqual(["completed", "Approved"]);
    expect(sides.published.map(({ route }) => route)).toEqual(["approved"]);
  });
});

describe("an end after a reopening", () => {
  const retriggered = { type: "journey_application_retriggered", timestamp: AT + 2 * HOUR };
  const denied = completed(AT + 3 * HOUR, "Denied");
  const answer = decided("Denied", STARTED, APPROVED, retriggered, denied);

  /** The answer of a second check, at which what the first check queued is missing still. */
  async function answerOf(...came: readonly Said[]) {
    const sides = await sidesAfter(STARTED, ...came, retriggered);
    await sides.check(FIRST, answer, { heal: false });
    const takeAnswer = await sides.asked(SECOND, answer);
    expect(sides.corrections).toHaveLength(1);
    return { ...sides, takeAnswer };
  }

  test("is told once by its own event, when the answer that was asked for before comes after it", async () => {
    const sides = await answerOf();
    await sides.webhooks([denied, APPROVED], SECOND);

    await sides.takeAnswer();
    await sides.check(THIRD, answer);

    expect(sides.ends()).toEqual(["denied"]);
    expect(sides.stands()).toEqual(["completed", "Denied"]);
  });

  test("is published once, although its event was withheld when that answer came", async () => {
    const sides = await answerOf(APPROVED);
    await sides.webhook(denied, SECOND);

    await sides.takeAnswer();
    await sides.check([THIRD, FOURTH], answer);

    expect(sides.ends()).toEqual(["approved", "denied"]);
    expect(sides.stands()).toEqual(["completed", "Denied"]);
    const before = sides.corrections.length;
    await sides.check(FOURTH + HOUR, answer);
    expect(sides.corrections).toHaveLength(before);
  });

  test("is published by its second try, when it was cut off and the answer came in between", async () => {
    const sides = await answerOf();
    sides.refuse(1);
    await expect(sides.webhook(denied, SECOND)).rejects.toThrow("gave");
    await sides.webhook(APPROVED, SECOND);

    await sides.takeAnswer();
    await sides.webhook(denied, SECOND);
    await sides.check(THIRD, answer);

    expect(sides.ends()).toEqual(["denied"]);
    expect(sides.stands()).toEqual(["completed", "Denied"]);
  });
});

test("an answer about an application whose healed events met their webhooks counts, though a webhook dates its event after the newest one of Alloy's list", async () => {
  const started = { type: "started_application", timestamp: AT };
  const step = { type: "pending_step_up", timestamp: AT + 18, entity_application_token: "EA-1" };
  const sides = bothSides();
  for (const event of [started, step]) await sides.copy(event);
  await sides.webhook({ ...started, timestamp: AT + 1_616 });

  await sides.check(FIRST, { events: [started, step], status: "pending_step_up" });

  expect(sides.stands()).toEqual(["pending_step_up", null]);
});

test("an answer without an outcome does not name that of the end before the reopening, though the reopening's webhook is dated before that", async () => {
  const started = { type: "started_application", timestamp: AT };
  const [denied, end] = [completed(AT + 12, "Denied"), completed(AT + 47)];
  const reopening = (after: number) => ({
    type: "journey_application_retriggered",
    timestamp: AT + after,
  });
  const sides = await sidesAfter(started, reopening(0), end, denied);

  const events = [started, denied, reopening(16), end];
  await sides.check(FIRST, { events, status: "completed" });

  expect(sides.stands()).toEqual(["completed", null]);
});

test("an end that was recorded, and not published, is published by the outcome it was recorded with, where its own webhook names none", async () => {
  const sides = bothSides();
  sides.refuse(1);
  await expect(sides.copy(APPROVED)).rejects.toThrow("gave");

  await sides.webhook(completed(AT));

  expect(sides.published).toMatchObject([{ route: "approved", outcome: "Approved" }]);
});

describe("an error", () => {
  const error = { type: "error", timestamp: AT, entity_application_token: "EA-1" };

  test("is not published while Alloy says that the application is running", async () => {
    const sides = await sidesAfter(STARTED, error);

    await sides.check(FIRST, { events: [STARTED, error], status: "running" });

    expect(sides.stands()).toEqual(["running", null]);
    expect(sides.ends()).toEqual([]);
  });

  test.each([
    ["of one applicant", error],
    ["that names nobody", { ...error, entity_application_token: null }],
  ])(
    "%s is published under its own id, and once, when Alloy's answer confirms it",
    async (_, one) => {
      const sides = await sidesAfter(STARTED, one);

      await sides.check([FIRST, SECOND], { events: [STARTED, one], status: "error" });

      expect(sides.stands()).toEqual(["error", null]);
      expect(sides.ends()).toEqual(["errored"]);
      const eventId = sides.idOf(one);
      expect(sides.published.at(-1)).toMatchObject({ eventId, eventType: "error" });
    },
  );

  test("is asked about at once", async () => {
    const sides = await sidesAfter(STARTED, error);

    const kept = sides.store.applications.get(TOKEN);
    expect(kept?.dueAt).toBeLessThanOrEqual(sides.now());
    expect(kept?.memory.requestedAt).toBe(kept?.dueAt);
  });
});

test("two answers of one updated_at are taken over in the order in which Alloy was asked", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = { ...decided("Approved", STARTED), updatedAt: AT };
  const outcomes = [null, "Approved", "Denied", "Approved"];

  for (const [index, outcome] of outcomes.entries()) {
    await sides.check(FIRST + index, { ...answer, outcome });
  }

  expect(sides.stands()).toEqual(["completed", "Approved"]);
  expect(sides.ends()).toEqual(["completed", "approved", "denied", "approved"]);
  await sides.check(SECOND, answer);
  expect(sides.corrections).toHaveLength(outcomes.length);
});
