import { describe, expect, test } from "vitest";

import {
  APPROVED,
  AT,
  completed,
  decided,
  expired,
  HOUR,
  MINUTE,
  minutes,
  sidesAfter,
  STARTED,
  throttled,
} from "../../support/both-sides.ts";
import type { Answered, Said } from "../../support/both-sides.ts";

const UNNAMED = completed(AT);
const EXPIRED = expired(AT);
const EXPIRED_LATER = expired(AT + HOUR);
const DENIED = completed(AT + HOUR, "Denied");
const UNARCHIVED: Said = { type: "application_unarchived", timestamp: AT + MINUTE };

describe("a second end whose first try was cut off before it was noted as withheld", () => {
  test("is published when Alloy's answer takes it, though the answer comes before the second try", async () => {
    const sides = await sidesAfter(STARTED, UNNAMED);
    await sides.check(minutes(15), decided("Approved", STARTED, UNNAMED));
    sides.faults.once("withholdEvent", throttled);
    await expect(sides.webhook(DENIED)).rejects.toThrow("gave a message back");

    await sides.check(minutes(75), decided("Denied", STARTED, UNNAMED, DENIED));
    await sides.webhook(DENIED, AT + 76 * MINUTE);

    expect(sides.ends()).toEqual(["completed", "approved", "denied"]);
  });

  test("is not published by its second try, though the state shows its own end by then", async () => {
    const sides = await sidesAfter(STARTED, EXPIRED);
    sides.faults.once("withholdEvent", throttled);
    await expect(sides.webhook(DENIED)).rejects.toThrow("gave a message back");

    await sides.webhook(DENIED, DENIED.timestamp + MINUTE);
    await sides.check(minutes(75), { events: [STARTED, EXPIRED, DENIED], status: "expired" });

    expect(sides.ends()).toEqual(["expired"]);
  });
});

test("the end by which Alloy stays is published when an unarchiving and another end came before it", async () => {
  const sides = await sidesAfter(STARTED, UNARCHIVED, EXPIRED_LATER);

  const answer = decided("Approved", STARTED, APPROVED, UNARCHIVED, EXPIRED_LATER);
  await sides.check(minutes(75, 80), answer);

  expect(sides.ends()).toEqual(["expired", "approved"]);
});

test("Alloy's outcome is published at once where an end without one and another one were told", async () => {
  const events = [STARTED, UNNAMED, { ...DENIED, timestamp: AT + 2_000 }];
  const sides = await sidesAfter(...events);

  await sides.check(minutes(15), decided("Approved", ...events));

  expect(sides.ends()).toEqual(["completed", "denied", "approved"]);
});

test("an end that Alloy answered before another one came is not published after that", async () => {
  const error: Said = { type: "error", timestamp: AT };
  const sides = await sidesAfter(STARTED, error);
  const late = await sides.asked(AT + 15 * MINUTE, { events: [STARTED, error], status: "error" });
  await sides.webhook(DENIED);

  await late();
  await sides.check(minutes(75), decided("Denied", STARTED, error, DENIED));

  expect(sides.ends()).toEqual(["denied"]);
});

test("an end that came first and was cut off is published though Alloy's answer was taken over meanwhile", async () => {
  const approved = { ...APPROVED, timestamp: DENIED.timestamp - 600 };
  const sides = await sidesAfter(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(DENIED)).rejects.toThrow("gave a message back");
  await sides.webhook(approved);

  await sides.check(minutes(75), decided("Denied", STARTED, approved, DENIED));
  await sides.webhook(DENIED, AT + 76 * MINUTE);

  expect(sides.ends()).toEqual(["denied"]);
});

test("an end that is missing together with a later one is told once when Alloy stays with it", async () => {
  const sides = await sidesAfter(STARTED);

  const answer = { events: [STARTED, EXPIRED, DENIED], status: "expired" };
  await sides.check(minutes(75, 80, 85), answer);

  expect(sides.ends()).toEqual(["expired"]);
});

test("a second end of a shadow application is corrected as soon as Alloy takes it", async () => {
  const sides = await sidesAfter({ ...STARTED, is_shadow_app: true }, APPROVED, EXPIRED_LATER);

  const answer = { events: [STARTED, APPROVED, EXPIRED_LATER], status: "expired" };
  await sides.check(minutes(75), answer);

  expect(sides.stands()).toEqual(["expired", null]);
  expect(sides.ends()).toEqual([]);
});

test("an answer is taken over for our books also when it brought a mark alone before", async () => {
  const all = [STARTED, EXPIRED, { ...DENIED, timestamp: AT + 1_000 }];
  const sides = await sidesAfter(...all);

  const events = all.map((one) => ({ ...one, is_shadow_app: true }));
  // So soon that an event may still say it.
  const answer = { events, status: "expired", updatedAt: AT + 14 * MINUTE };
  await sides.check(minutes(15, 30), answer);

  expect(sides.stands()).toEqual(["expired", null]);
});

test("of two ends that share an id and differ in token and outcome, Alloy's is the last that is told", async () => {
  const approved = { ...APPROVED, journey_application_event_token: "1" };
  const denied = { ...APPROVED, outcome: "Denied", journey_application_event_token: "2" };
  const sides = await sidesAfter(STARTED, approved, denied);

  await sides.check(minutes(15, 20), decided("Denied", STARTED, approved, denied));

  expect(sides.ends()).toEqual(["approved", "denied"]);
  expect(sides.notices).toEqual([]);
});

test("an end whose tries all failed is told by Alloy's answer when another end took its place", async () => {
  const sides = await sidesAfter(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(EXPIRED)).rejects.toThrow("gave a message back");
  await sides.webhook(DENIED);

  await sides.check(minutes(75), { events: [STARTED, EXPIRED, DENIED], status: "expired" });
  await sides.webhook(EXPIRED, AT + 76 * MINUTE);

  expect(sides.ends()).toEqual(["expired"]);
});

const error: Said = { type: "error", timestamp: AT };

test.each<[string, readonly Said[], Said, Omit<Answered, "events">, readonly string[]]>([
  ["when its message publishes it", [STARTED], APPROVED, decided("Approved"), ["approved"]],
  [
    "when it is an error, which its message never publishes",
    [STARTED],
    error,
    { status: "error" },
    ["errored"],
  ],
  [
    "when it is a second end, which its message does not publish",
    [STARTED, APPROVED],
    DENIED,
    decided("Denied"),
    ["approved", "denied"],
  ],
])(
  "an end whose message failed for good, and comes back just before Alloy's answer tells of it, is told once %s",
  async (_, before, end, says, ends) => {
    const sides = await sidesAfter(...before);
    sides.faults.once("mergeState", throttled);
    await expect(sides.webhook(end)).rejects.toThrow("gave a message back");

    const answer = { ...says, events: [...before, end] };
    const tell = await sides.asked(AT + 5 * HOUR, answer);
    await sides.webhook(end, AT + 5 * HOUR + MINUTE);
    await tell();
    expect(sides.ends()).toEqual(ends);

    await sides.check(AT + 6 * HOUR, answer);
    expect(sides.ends()).toEqual(ends);
  },
);

test.each([
  ["is not told when the end after it said the same", { ...DENIED, timestamp: AT }, ["denied"]],
  ["is told when the end after it said something else", APPROVED, ["denied", "approved"]],
])(
  "an earlier end that comes when Alloy has said that the application is open again %s",
  async (_, earlier, ends) => {
    const sides = await sidesAfter(STARTED, DENIED);
    // Its message waits to be tried again: the poller leaves it alone.
    const updatedAt = DENIED.timestamp + MINUTE;
    const answer = { events: [STARTED, DENIED], status: "waiting_review", updatedAt };
    await sides.check(minutes(75), answer);

    await sides.webhook(earlier, AT + 80 * MINUTE);
    await sides.webhook(earlier, AT + 81 * MINUTE);

    expect(sides.ends().filter((route) => route !== "manual-review")).toEqual(ends);
  },
);

test("an end that Alloy's answer took back by an open status is published again when Alloy decides so later", async () => {
  const retriggered: Said = { type: "journey_application_retriggered", timestamp: AT + 1_000 };
  const denied = { ...DENIED, timestamp: AT };
  const approved = { ...APPROVED, timestamp: AT + 2_000 };
  const events = [STARTED, denied, retriggered, approved];
  // The webhook of the first end comes last, so the second end is the first one that is known.
  const sides = await sidesAfter(STARTED, retriggered, approved);
  await sides.webhook(denied, AT + 10_000);

  await sides.check(minutes(15), { events, status: "running", updatedAt: AT + MINUTE });
  const answer = { ...decided("Approved", ...events), updatedAt: AT + 3 * HOUR };
  await sides.check(minutes(240, 300), answer);

  const published = sides.published.map(({ eventType, route }) => [eventType, route]);
  expect(published.slice(-3)).toEqual([
    ["completed_application", "approved"],
    ["snapshot", "progressed"],
    ["snapshot", "approved"],
  ]);
});
