import { expect, test } from "vitest";

import { NO_FACTS } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfSubmission } from "../../../lambdas/domain/application/observation.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { bothSides, TOKEN } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

/*
 * Each decision of Alloy's is published once, whatever comes between Alloy's answer and the calls that take it over.
 */

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const STARTED: Said = { type: "started_application", timestamp: AT - HOUR };
const APPROVED: Said = { type: "completed_application", timestamp: AT, outcome: "Approved" };
const EXPIRED: Said = { type: "application_expired", timestamp: AT + HOUR + MINUTE };
const STANDS_APPROVED = { status: "completed", outcome: "Approved" };

type Sides = ReturnType<typeof bothSides>;
type Answer = Parameters<Sides["check"]>[1];

const throttled = () => Promise.reject(new TransientError("throttled"));

/** The final events that downstream received. */
const endsOf = ({ published }: Sides) =>
  published.map(({ route }) => route).filter((route) => route !== "progressed");

/** Checks for two days, and what came to downstream by then. */
async function endsAfter(sides: Sides, answer: Answer): Promise<readonly string[]> {
  for (const hours of [2, 3, 10, 30, 55]) await sides.check(AT + hours * HOUR, answer);
  return endsOf(sides);
}

test.each([
  ["that Alloy stands by", { status: "expired" }, ["expired"]],
  ["that Alloy does not take", STANDS_APPROVED, ["expired", "approved"]],
])(
  "an end %s is published once, though it is merged while an answer is taken over",
  async (_, stands, ends) => {
    const sides = bothSides();
    await sides.webhook(STARTED);
    const before = { events: [STARTED], ...STANDS_APPROVED, updatedAt: AT };
    const takeAnswer = await sides.asked(AT + HOUR, before);
    sides.faults.once("mergeState", async (merge) => {
      await sides.webhook(EXPIRED);
      return merge();
    });

    await takeAnswer();

    expect(await endsAfter(sides, { events: [STARTED, EXPIRED], ...stands })).toEqual(ends);
  },
);

test.each([
  ["names it", STANDS_APPROVED],
  ["leaves it out", { status: "completed" }],
])(
  "an outcome is published once, though an answer that left it out comes after it and the next one %s",
  async (_, stands) => {
    const sides = bothSides();
    await sides.webhook(STARTED);
    const before = { events: [STARTED], status: "completed", updatedAt: AT + 10 };
    const takeAnswer = await sides.asked(AT + HOUR, before);
    await sides.webhook(APPROVED, AT + HOUR + MINUTE);

    await takeAnswer();

    expect(await endsAfter(sides, { events: [STARTED, APPROVED], ...stands })).toEqual([
      "approved",
    ]);
  },
);

test("the answer publishes a dead end in its second try, since the first one published nothing", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  sides.faults.once("mergeState", throttled);
  await expect(sides.webhook(APPROVED)).rejects.toThrow("gave");
  for (const failure of sides.store.failures.values()) {
    await sides.store.recordFailure({ ...failure, deadLettered: true });
  }
  const answer = { events: [STARTED, APPROVED], ...STANDS_APPROVED };
  const takeAnswer = await sides.asked(AT + HOUR, answer);
  sides.refuse(1);
  await expect(takeAnswer()).rejects.toThrow("gave");

  await takeAnswer();

  expect(endsOf(sides)).toEqual(["approved"]);
  await sides.webhook(APPROVED, AT + 24 * HOUR);
  expect(await endsAfter(sides, answer)).toEqual(["approved"]);
});

test.each([
  ["its webhook", (sides: Sides) => sides.refuse(1), (sides: Sides) => sides.webhook(APPROVED)],
  [
    "the poller's copy",
    (sides: Sides) => sides.faults.once("recordEvent", throttled),
    (sides: Sides, answer: Answer) => sides.check(AT + HOUR, answer),
  ],
])(
  "the next answer publishes an end once, though %s was merged and then given up",
  async (_, fail, take) => {
    const sides = bothSides();
    const answer = { events: [STARTED, APPROVED], ...STANDS_APPROVED };
    await sides.webhook(STARTED);
    fail(sides);
    await expect(take(sides, answer)).rejects.toThrow("gave");
    for (const failure of sides.store.failures.values()) {
      await sides.store.recordFailure({ ...failure, deadLettered: true });
    }

    await sides.check(AT + HOUR + 30 * MINUTE, answer);

    expect(endsOf(sides)).toEqual(["approved"]);
    await sides.webhook(APPROVED, AT + HOUR + 40 * MINUTE);
    expect(await endsAfter(sides, answer)).toEqual(["approved"]);
    const revision = sides.store.applications.get(TOKEN)?.revision;
    await sides.check(AT + 80 * HOUR, answer);
    expect(sides.store.applications.get(TOKEN)?.revision).toBe(revision);
  },
);

test("a webhook from before the adoption is published, though its copy was given up and the answer told of it", async () => {
  const sides = bothSides();
  const submitted = { submittedAt: AT - HOUR, externalIds: NO_FACTS.externalIds };
  const submission = { applicationToken: TOKEN, journeyToken: "J-1", ...submitted };
  const adopted = stateOfSubmission(submission, { at: AT + 10 * MINUTE, publishes: false });
  await sides.store.mergeState(adopted, { dueAt: AT, when: "first" });
  const answer = { events: [APPROVED], ...STANDS_APPROVED };
  sides.faults.once("recordEvent", throttled);
  await expect(sides.check(AT + 20 * MINUTE, answer)).rejects.toThrow("gave");
  await sides.check(AT + 40 * MINUTE, answer);
  expect(endsOf(sides)).toEqual([]);

  await sides.webhook(APPROVED, AT + 5 * HOUR);

  expect(await endsAfter(sides, answer)).toEqual(["approved"]);
});
