import { describe, expect, test } from "vitest";

import { statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { bothSides, TOKEN } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const STARTED: Said = { type: "started_application", timestamp: AT - HOUR };
const UNNAMED: Said = { type: "completed_application", timestamp: AT };
const APPROVED: Said = { ...UNNAMED, outcome: "Approved" };
const UNARCHIVED: Said = { type: "application_unarchived", timestamp: AT + MINUTE };
const EXPIRED: Said = { type: "application_expired", timestamp: AT + HOUR };
const DENIED: Said = { type: "completed_application", timestamp: AT + HOUR, outcome: "Denied" };

/** Both sides, over a table of which the first note that an end is withheld fails. */
function cutOffWhileWithholding() {
  const sides = bothSides();
  sides.faults.once("withholdEvent", async () => {
    throw new TransientError("throttled");
  });
  return sides;
}

const ends = (sides: ReturnType<typeof bothSides>) =>
  sides.published.map(({ route }) => route).filter((route) => route !== "progressed");

describe("a second end whose first try was cut off before it was noted as withheld", () => {
  test("is published when Alloy's answer takes it, though the answer comes before the second try", async () => {
    const sides = cutOffWhileWithholding();
    const events = [STARTED, UNNAMED, DENIED];
    await sides.webhook(STARTED);
    await sides.webhook(UNNAMED);
    await sides.check(AT + 15 * MINUTE, {
      events: [STARTED, UNNAMED],
      status: "completed",
      outcome: "Approved",
    });
    await expect(sides.webhook(DENIED)).rejects.toThrow("gave a message back");

    await sides.check(AT + HOUR + 15 * MINUTE, { events, status: "completed", outcome: "Denied" });
    await sides.webhook(DENIED, AT + HOUR + 16 * MINUTE);

    expect(ends(sides)).toEqual(["completed", "approved", "denied"]);
  });

  test("is not published by its second try, though the state shows its own end by then", async () => {
    const sides = cutOffWhileWithholding();
    const expired = { ...EXPIRED, timestamp: AT };
    await sides.webhook(STARTED);
    await sides.webhook(expired);
    await expect(sides.webhook(DENIED)).rejects.toThrow("gave a message back");

    await sides.webhook(DENIED, DENIED.timestamp + MINUTE);
    await sides.check(AT + HOUR + 15 * MINUTE, {
      events: [STARTED, expired, DENIED],
      status: "expired",
    });

    expect(ends(sides)).toEqual(["expired"]);
  });
});

test("the end by which Alloy stays is published when an unarchiving and another end came before it", async () => {
  const sides = bothSides();
  const events = [STARTED, APPROVED, UNARCHIVED, EXPIRED];
  for (const event of [STARTED, UNARCHIVED, EXPIRED]) await sides.webhook(event);

  for (const minutes of [15, 20]) {
    await sides.check(AT + HOUR + minutes * MINUTE, {
      events,
      status: "completed",
      outcome: "Approved",
    });
  }

  expect(ends(sides)).toEqual(["expired", "approved"]);
});

test("Alloy's outcome is published at once where an end without one and another one were told", async () => {
  const sides = bothSides();
  const denied = { ...DENIED, timestamp: AT + 2_000 };
  const events = [STARTED, UNNAMED, denied];
  for (const event of events) await sides.webhook(event);

  await sides.check(AT + 15 * MINUTE, { events, status: "completed", outcome: "Approved" });

  expect(ends(sides)).toEqual(["completed", "denied", "approved"]);
});

test("an end that Alloy answered before another one came is not published after that", async () => {
  const sides = bothSides();
  const error: Said = { type: "error", timestamp: AT };
  await sides.webhook(STARTED);
  await sides.webhook(error);
  const late = await sides.asked(AT + 15 * MINUTE, { events: [STARTED, error], status: "error" });
  await sides.webhook(DENIED);

  await late();
  await sides.check(AT + HOUR + 15 * MINUTE, {
    events: [STARTED, error, DENIED],
    status: "completed",
    outcome: "Denied",
  });

  expect(ends(sides)).toEqual(["denied"]);
});

test("an end that came first and was cut off is published though Alloy's answer was taken over meanwhile", async () => {
  const sides = bothSides();
  const approved = { ...APPROVED, timestamp: DENIED.timestamp - 600 };
  const events = [STARTED, approved, DENIED];
  await sides.webhook(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(DENIED)).rejects.toThrow("gave a message back");
  await sides.webhook(approved);

  await sides.check(AT + HOUR + 15 * MINUTE, { events, status: "completed", outcome: "Denied" });
  await sides.webhook(DENIED, AT + HOUR + 16 * MINUTE);

  expect(ends(sides)).toEqual(["denied"]);
});

test("an end that is missing together with a later one is told once when Alloy stays with it", async () => {
  const sides = bothSides();
  const expired = { ...EXPIRED, timestamp: AT };
  const events = [STARTED, expired, DENIED];
  await sides.webhook(STARTED);

  for (const minutes of [15, 20, 25]) {
    await sides.check(AT + HOUR + minutes * MINUTE, { events, status: "expired" });
  }

  expect(ends(sides)).toEqual(["expired"]);
});

test("a second end of a shadow application is corrected as soon as Alloy takes it", async () => {
  const sides = bothSides();
  const started = { ...STARTED, is_shadow_app: true };
  await sides.webhook(started);
  await sides.webhook(APPROVED);
  await sides.webhook(EXPIRED);

  await sides.check(AT + HOUR + 15 * MINUTE, {
    events: [STARTED, APPROVED, EXPIRED],
    status: "expired",
  });

  const state = sides.store.applications.get(TOKEN)?.state;
  expect(state === undefined ? null : statusOf(state)).toBe("expired");
  expect(ends(sides)).toEqual([]);
});

test("an answer is taken over for our books also when it brought a mark alone before", async () => {
  const sides = bothSides();
  const expired = { ...EXPIRED, timestamp: AT };
  const denied = { ...DENIED, timestamp: AT + 1_000 };
  const events = [STARTED, expired, denied].map((one) => ({ ...one, is_shadow_app: true }));
  for (const one of [STARTED, expired, denied]) await sides.webhook(one);

  // So soon that an event may still say it.
  const answer = { events, status: "expired", updatedAt: AT + 14 * MINUTE };
  await sides.check(AT + 15 * MINUTE, answer);
  await sides.check(AT + 30 * MINUTE, answer);

  const state = sides.store.applications.get(TOKEN)?.state;
  expect(state === undefined ? null : statusOf(state)).toBe("expired");
});

test("of two ends that share an id and differ in token and outcome, Alloy's is the last that is told", async () => {
  const sides = bothSides();
  const approved = { ...APPROVED, journey_application_event_token: "1" };
  const denied = { ...APPROVED, outcome: "Denied", journey_application_event_token: "2" };
  const events = [STARTED, approved, denied];
  for (const event of events) await sides.webhook(event);

  for (const minutes of [15, 20]) {
    const answer = { events, status: "completed", outcome: "Denied" };
    await sides.check(AT + minutes * MINUTE, answer);
  }

  expect(ends(sides)).toEqual(["approved", "denied"]);
  expect(sides.notices).toEqual([]);
});

test("an end whose tries all failed is told by Alloy's answer when another end took its place", async () => {
  const sides = bothSides();
  const expired = { ...EXPIRED, timestamp: AT };
  const events = [STARTED, expired, DENIED];
  await sides.webhook(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(expired)).rejects.toThrow("gave a message back");
  await sides.webhook(DENIED);

  await sides.check(AT + HOUR + 15 * MINUTE, { events, status: "expired" });
  await sides.webhook(expired, AT + HOUR + 16 * MINUTE);

  expect(ends(sides)).toEqual(["expired"]);
});

describe("an end whose message failed for good, and comes back just before Alloy's answer tells of it,", () => {
  async function toldOf(
    before: readonly Said[],
    end: Said,
    answer: { readonly status: string; readonly outcome?: string },
  ) {
    const sides = bothSides();
    for (const event of before) await sides.webhook(event);
    sides.faults.once("mergeState", async () => {
      throw new TransientError("throttled");
    });
    await expect(sides.webhook(end)).rejects.toThrow("gave a message back");

    const said = { events: [...before, end], ...answer };
    const tell = await sides.asked(AT + 5 * HOUR, said);
    await sides.webhook(end, AT + 5 * HOUR + MINUTE);
    await tell();
    const told = ends(sides);
    await sides.check(AT + 6 * HOUR, said);
    expect(ends(sides)).toEqual(told);
    return told;
  }

  test("is told once when its message publishes it", async () => {
    const answer = { status: "completed", outcome: "Approved" };

    expect(await toldOf([STARTED], APPROVED, answer)).toEqual(["approved"]);
  });

  test("is told once when it is an error, which its message never publishes", async () => {
    const error = { type: "error", timestamp: AT };

    expect(await toldOf([STARTED], error, { status: "error" })).toEqual(["errored"]);
  });

  test("is told once when it is a second end, which its message does not publish", async () => {
    const answer = { status: "completed", outcome: "Denied" };

    expect(await toldOf([STARTED, APPROVED], DENIED, answer)).toEqual(["approved", "denied"]);
  });
});

describe("an earlier end that comes when Alloy has said that the application is open again", () => {
  async function toldWhen(earlier: Said) {
    const sides = bothSides();
    await sides.webhook(STARTED);
    await sides.webhook(DENIED);
    // Its message waits to be tried again: the poller leaves it alone.
    const answer = {
      events: [STARTED, DENIED],
      status: "waiting_review",
      updatedAt: DENIED.timestamp + MINUTE,
    };
    await sides.check(AT + HOUR + 15 * MINUTE, answer);
    await sides.webhook(earlier, AT + HOUR + 20 * MINUTE);
    await sides.webhook(earlier, AT + HOUR + 21 * MINUTE);
    return sides.published
      .filter(({ eventType }) => eventType === "completed_application")
      .map(({ route }) => route);
  }

  test("is not told when the end after it said the same", async () => {
    expect(await toldWhen({ ...DENIED, timestamp: AT })).toEqual(["denied"]);
  });

  test("is told when the end after it said something else", async () => {
    expect(await toldWhen(APPROVED)).toEqual(["denied", "approved"]);
  });
});

test("an end that Alloy's answer took back by an open status is published again when Alloy decides so later", async () => {
  const sides = bothSides();
  const retriggered: Said = { type: "journey_application_retriggered", timestamp: AT + 1_000 };
  const denied: Said = { ...DENIED, timestamp: AT };
  const approved: Said = { ...APPROVED, timestamp: AT + 2_000 };
  const events = [STARTED, denied, retriggered, approved];
  // The webhook of the first end comes last, so the second end is the first one that is known.
  for (const event of [STARTED, retriggered, approved]) await sides.webhook(event);
  await sides.webhook(denied, AT + 10_000);

  const open = { events, status: "running", updatedAt: AT + MINUTE };
  const decided = { events, status: "completed", outcome: "Approved", updatedAt: AT + 3 * HOUR };
  await sides.check(AT + 15 * MINUTE, open);
  for (const hours of [4, 5]) await sides.check(AT + hours * HOUR, decided);

  const published = sides.published.map(({ eventType, route }) => [eventType, route]);
  expect(published.slice(-3)).toEqual([
    ["completed_application", "approved"],
    ["snapshot", "progressed"],
    ["snapshot", "approved"],
  ]);
});
