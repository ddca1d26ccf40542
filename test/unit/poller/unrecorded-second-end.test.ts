import { describe, expect, test } from "vitest";

import { TransientError } from "../../../lambdas/domain/errors.ts";
import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const STARTED: Said = { type: "started_application", timestamp: AT - HOUR };
const UNNAMED: Said = { type: "completed_application", timestamp: AT };
const APPROVED: Said = { ...UNNAMED, outcome: "Approved" };
const EXPIRED: Said = { type: "application_expired", timestamp: AT };
const UNARCHIVED: Said = { type: "application_unarchived", timestamp: AT + MINUTE };
const DENIED: Said = { type: "completed_application", timestamp: AT + HOUR, outcome: "Denied" };
/** The webhook of the same event names no outcome. */
const DENIED_WEBHOOK: Said = { type: "completed_application", timestamp: AT + HOUR };

const ends = (sides: ReturnType<typeof bothSides>) =>
  sides.published.map(({ route }) => route).filter((route) => route !== "progressed");

/** The poller brings the second end. The consumer merges it, and fails before the consumer records it. */
async function cutOffBeforeRecording(before: readonly Said[]) {
  const sides = bothSides();
  for (const event of before) await sides.webhook(event);
  const answer = { events: [...before, DENIED], status: "completed", outcome: "Denied" };
  const putRight = sides.faults.on("recordEvent", async () => {
    throw new TransientError("throttled");
  });
  await expect(sides.check(AT + 2 * HOUR, answer)).rejects.toThrow("gave a message back");
  putRight();
  return { sides, answer };
}

describe("a second end that was merged and not recorded", () => {
  test("is published by Alloy's answer, though the event never comes", async () => {
    const { sides, answer } = await cutOffBeforeRecording([STARTED, APPROVED, UNARCHIVED]);

    await sides.check(AT + 2 * HOUR + 5 * MINUTE, answer);

    expect(ends(sides)).toEqual(["approved", "denied"]);
  });

  test.each([
    ["a reopening", [STARTED, APPROVED, UNARCHIVED]],
    ["an expiry", [STARTED, EXPIRED]],
  ])("is published once after %s, though its webhook names no outcome", async (_, before) => {
    const { sides, answer } = await cutOffBeforeRecording(before);

    await sides.webhook(DENIED_WEBHOOK, AT + 2 * HOUR + MINUTE);
    for (const minutes of [5, 10]) await sides.check(AT + 2 * HOUR + minutes * MINUTE, answer);

    expect(ends(sides).slice(1)).toEqual(["denied"]);
  });

  test("is published once when its webhook comes after Alloy's answer", async () => {
    const { sides, answer } = await cutOffBeforeRecording([STARTED, APPROVED, UNARCHIVED]);

    await sides.check(AT + 2 * HOUR + 5 * MINUTE, answer);
    await sides.webhook(DENIED_WEBHOOK, AT + 2 * HOUR + 6 * MINUTE);
    await sides.check(AT + 2 * HOUR + 10 * MINUTE, answer);

    expect(ends(sides)).toEqual(["approved", "denied"]);
  });
});

test("the outcome of a first end that was merged and not recorded is published by Alloy's answer when its webhook names none", async () => {
  const { sides, answer } = await cutOffBeforeRecording([STARTED]);

  await sides.webhook(DENIED_WEBHOOK, AT + 2 * HOUR + MINUTE);
  for (const minutes of [5, 10]) await sides.check(AT + 2 * HOUR + minutes * MINUTE, answer);

  expect(ends(sides)).toEqual(["completed", "denied"]);
});

test("an outcome that only the poller's copy names is published when the webhook of the end came just before the copy", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  const answer = { events: [STARTED, DENIED], status: "completed", outcome: "Denied" };
  const takeCopy = await sides.asked(AT + 2 * HOUR, answer);
  const earlier = { ...DENIED_WEBHOOK, timestamp: AT + HOUR - 194 };
  await sides.webhook(earlier, AT + 2 * HOUR + MINUTE);
  await takeCopy();

  for (const minutes of [5, 10]) await sides.check(AT + 2 * HOUR + minutes * MINUTE, answer);

  expect(ends(sides)).toEqual(["completed", "denied"]);
});
