import { expect, test } from "vitest";

import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import {
  APPROVED,
  AT,
  bothSides,
  completed,
  cutOff,
  decided,
  expired,
  HOUR,
  hours,
  MINUTE,
  sidesAfter,
  STARTED,
  throttled,
} from "../../support/both-sides.ts";
import type { Answered, Said, Sides } from "../../support/both-sides.ts";

/*
 * Each decision of Alloy's is published once, whatever the two sides say of its ends, and in which order their messages
 * come. Found by `end-histories.test.ts`, and made small.
 */

const DENIED_LATER = completed(AT + 5 * MINUTE, "Denied");

/** Checks for two days, and what came to downstream by then. */
async function endsAfter(sides: Sides, answer: Answered): Promise<readonly string[]> {
  await sides.check(hours(0.5, 1, 2, 10, 30, 55), answer);
  return sides.ends();
}

test("an outcome that only the list names is published, though its copy is merged before the answer", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Denied", STARTED, completed(AT, "Denied"));
  const takeCopy = await sides.asked(AT + 10 * MINUTE, answer);
  await sides.webhook(completed(AT - 16), AT + 11 * MINUTE);
  const takeAnswer = await sides.asked(AT + 15 * MINUTE, answer);

  await takeCopy();
  await takeAnswer();

  expect(await endsAfter(sides, answer)).toEqual(["completed", "denied"]);
});

test("a second end is published, though its webhook names no outcome and another time", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Denied", STARTED, APPROVED, DENIED_LATER);
  const takeCopies = await sides.asked(AT + 10 * MINUTE, answer);
  await sides.webhook(APPROVED, AT + 11 * MINUTE);
  await sides.webhook(completed(DENIED_LATER.timestamp - 16), AT + 11 * MINUTE);

  await takeCopies();

  expect(await endsAfter(sides, answer)).toEqual(["approved", "denied"]);
});

test("an outcome is published, though the webhooks of two equal ends leave it out", async () => {
  const sides = await sidesAfter(STARTED);
  const again = completed(AT + 5 * MINUTE, "Approved");
  const answer = decided("Approved", STARTED, APPROVED, again);
  const takeCopies = await sides.asked(AT + 10 * MINUTE, answer);
  await sides.webhook(completed(AT), AT + 11 * MINUTE);
  await sides.webhook(completed(again.timestamp - 16), AT + 11 * MINUTE);

  await takeCopies();

  expect(await endsAfter(sides, answer)).toEqual(["completed", "approved"]);
});

test.each([
  ["", []],
  [", and an applicant's error after it", [{ type: "error", timestamp: AT + 6 * MINUTE }]],
])(
  "a second end is published, though two checks have queued it before its webhook comes%s",
  async (_, errors: readonly Said[]) => {
    const sides = await sidesAfter(STARTED);
    const answer = decided("Denied", STARTED, APPROVED, DENIED_LATER, ...errors);
    const takeFirst = await sides.asked(AT + 10 * MINUTE, answer);
    const takeSecond = await sides.asked(AT + 15 * MINUTE, answer);
    await sides.webhook(APPROVED, AT + 16 * MINUTE);
    await sides.webhook(completed(DENIED_LATER.timestamp + 400), AT + 16 * MINUTE);
    await sides.webhooks(errors, AT + 16 * MINUTE);

    await takeFirst();
    await takeSecond();

    expect(await endsAfter(sides, answer)).toEqual(["approved", "denied"]);
  },
);

test("a second end is published under the id that its own webhook has not published", async () => {
  const sides = bothSides();
  const [denied, again] = [DENIED_LATER, completed(AT + 11 * MINUTE, "Denied")];
  const answer = decided("Denied", STARTED, APPROVED, denied, again);
  await sides.webhooks([STARTED, APPROVED, again], AT + 12 * MINUTE);
  const takeFirst = await sides.asked(AT + 17 * MINUTE, answer);
  const takeSecond = await sides.asked(AT + 18 * MINUTE, answer);
  await sides.webhook(denied, AT + 19 * MINUTE);

  await takeFirst();
  await takeSecond();

  expect(await endsAfter(sides, answer)).toEqual(["approved", "denied"]);
});

test.each([
  ["an end that names its outcome", completed(AT + MINUTE, "Denied"), expired(AT + 2 * MINUTE)],
  [
    "an end that another one names the outcome of",
    completed(AT + MINUTE),
    completed(AT + 2 * MINUTE, "Denied"),
  ],
])(
  "a decision is published once, though %s comes between it and its answer",
  async (_, ...after) => {
    const events = [STARTED, expired(AT), ...after];
    const sides = await sidesAfter(...events);

    expect(await endsAfter(sides, { events, status: "expired" })).toEqual(["expired"]);
  },
);

test("a decision is published once, though two checks ask before its late webhook and another end's", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = { events: [STARTED, expired(AT), DENIED_LATER], status: "expired" };
  const takeFirst = await sides.asked(AT + 10 * MINUTE, answer);
  const takeSecond = await sides.asked(AT + 11 * MINUTE, answer);
  await sides.webhook(expired(AT), AT + 16 * MINUTE);
  await sides.webhook(DENIED_LATER, AT + 16 * MINUTE);

  await takeFirst();
  await takeSecond();

  expect(await endsAfter(sides, answer)).toEqual(["expired"]);
});

test("an answer is published, though a withheld end from before a reopening says the same", async () => {
  const sides = bothSides();
  const retriggered = { type: "journey_application_retriggered", timestamp: AT + MINUTE };
  const denied = completed(AT + 2 * MINUTE, "Denied");
  const unnamed = completed(AT + 5 * MINUTE);
  await sides.webhooks([STARTED, denied, APPROVED, retriggered, unnamed], AT + 10 * MINUTE);

  const answer = decided("Approved", STARTED, APPROVED, retriggered, denied, unnamed);
  expect(await endsAfter(sides, answer)).toEqual(["denied", "approved"]);
});

test("an error that Alloy answers is the last that downstream hears, though a dead end before it comes back", async () => {
  const sides = await sidesAfter(STARTED);
  const denied = completed(AT, "Denied");
  const error = { type: "error", timestamp: AT + 20 * MINUTE };
  sides.faults.once("mergeState", cutOff);
  await expect(sides.webhook(denied)).rejects.toThrow("gave");
  await sides.webhook(error);
  const answer = { events: [STARTED, denied, error], status: "error" };
  await sides.check(AT + HOUR, answer);

  await sides.webhook(denied, AT + 24 * HOUR);

  await sides.check(hours(49, 75), answer);
  expect(sides.ends()).toEqual(["errored"]);
});

test("an end is published as its record has it, though the poller's copy is merged first", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Approved", STARTED, APPROVED);
  const takeCopy = await sides.asked(AT + 10 * MINUTE, answer);
  sides.faults.once("mergeState", throttled);
  await expect(sides.webhook(completed(AT), AT + 11 * MINUTE)).rejects.toThrow("gave");

  await takeCopy();
  await sides.webhook(completed(AT), AT + 12 * MINUTE);

  expect(await endsAfter(sides, answer)).toEqual(["completed", "approved"]);
});

test("the outcome of a record is published once, though the poller's copy leaves it out", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Approved", STARTED, completed(AT));
  const takeBoth = await sides.asked(AT + 20 * MINUTE, answer);
  sides.faults.once("mergeState", throttled);
  await expect(sides.webhook(APPROVED, AT + 21 * MINUTE)).rejects.toThrow("gave");

  await takeBoth();
  await sides.webhook(APPROVED, AT + 22 * MINUTE);

  expect(await endsAfter(sides, answer)).toEqual(["approved"]);
});

test("a decision is published once, though the poller's copy of an earlier end names an outcome and that end's record none", async () => {
  const sides = await sidesAfter(STARTED);
  const unnamed = completed(AT + 10);
  const events = [STARTED, completed(AT, "Denied"), unnamed];
  const open = { events, status: "running", updatedAt: AT + MINUTE };
  const takeCopies = await sides.asked(AT + 10 * MINUTE, open);
  await sides.webhook(unnamed, AT + 15 * MINUTE);
  sides.faults.once("mergeState", cutOff);
  await expect(takeCopies()).rejects.toThrow("gave");

  await sides.webhook(completed(AT), AT + 16 * MINUTE);

  expect(sides.ends()).toEqual(["completed"]);
});

test("the poller stops, though an end was withheld in its last try", async () => {
  const sides = await sidesAfter(STARTED, APPROVED);
  const [first, second] = [expired(AT + MINUTE), expired(AT + 2 * MINUTE)];
  sides.faults.once("withholdEvent", cutOff);
  await expect(sides.webhook(first)).rejects.toThrow("gave");
  await sides.webhook(second);
  const answer = { events: [STARTED, APPROVED, first, second], status: "expired" };
  await sides.check(hours(1, 2), answer);
  await sides.webhook(first, AT + 3 * HOUR);

  expect(await endsAfter(sides, answer)).toEqual(["approved", "expired"]);
  const revision = sides.revision();
  await sides.check(AT + 80 * HOUR, answer);
  expect(sides.revision()).toBe(revision);
});

test("an end that the answer published is not published by its webhook a day later, of another time", async () => {
  const sides = await sidesAfter(STARTED);
  const approved = completed(AT + 5 * MINUTE, "Approved");
  const hook = completed(approved.timestamp - 16, "Approved");
  const answer = decided("Approved", STARTED, completed(AT, "Denied"), approved);
  sides.faults.once("recordEvent", throttled);
  await expect(sides.webhook(hook, AT + 6 * MINUTE)).rejects.toThrow("gave");
  await sides.webhook(completed(AT, "Denied"), AT + 7 * MINUTE);
  await sides.check(hours(1, 2), answer);
  expect(sides.ends()).toEqual(["denied", "approved"]);

  await sides.webhook(hook, AT + 24 * HOUR);

  await sides.check(hours(49, 50, 75), answer);
  expect(sides.ends()).toEqual(["denied", "approved"]);
});

test.each([
  ["", []],
  [", and an applicant's error stands before it", [{ type: "error", timestamp: AT - MINUTE }]],
])(
  "an end that is cut off before it is withheld is not published a day later%s",
  async (_, errors: readonly Said[]) => {
    const sides = bothSides();
    const later = completed(AT + MINUTE, "Approved");
    const answer = decided("Approved", STARTED, ...errors, APPROVED, later);
    await sides.webhooks([STARTED, later, ...errors], AT + 2 * MINUTE);
    sides.faults.once("withholdEvent", throttled);
    await expect(sides.webhook(APPROVED, AT + 2 * MINUTE)).rejects.toThrow("gave");
    await sides.check(hours(0.5, 1), answer);

    await sides.webhook(APPROVED, AT + 24 * HOUR);

    await sides.check(hours(49, 50, 75), answer);
    expect(sides.ends()).toEqual(["approved"]);
  },
);

test("a correction that names none of the newer fields publishes the outcome", async () => {
  const sides = bothSides({ queuedAs: withoutNewerFields });
  const answer = decided("Denied", STARTED, completed(AT, "Denied"));
  await sides.webhooks([STARTED, completed(AT - 16)]);

  expect(await endsAfter(sides, answer)).toEqual(["completed", "denied"]);
});

/** As the release 0.1.0 queued it. */
function withoutNewerFields(envelope: Envelope): Envelope {
  if (envelope.body?.includes('"snapshot"') !== true) return envelope;
  const newer = ["mayComeBack", "confirms", "since", "basis"];
  const kept = (name: string, value: unknown) => (newer.includes(name) ? undefined : value);
  return { ...envelope, body: JSON.stringify(JSON.parse(envelope.body), kept) };
}
