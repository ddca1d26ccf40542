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
import type { Said } from "../../support/both-sides.ts";

const UNARCHIVED: Said = { type: "application_unarchived", timestamp: AT + MINUTE };
const DENIED = completed(AT + HOUR, "Denied");
/** The webhook of the same event names no outcome. */
const DENIED_WEBHOOK = completed(AT + HOUR);

/** The poller brings the second end. The consumer merges it, and fails before the consumer records it. */
async function cutOffBeforeRecording(...before: readonly Said[]) {
  const sides = await sidesAfter(...before);
  const answer = decided("Denied", ...before, DENIED);
  const putRight = sides.faults.on("recordEvent", throttled);
  await expect(sides.check(minutes(120), answer)).rejects.toThrow("gave a message back");
  putRight();
  return { sides, answer };
}

describe("a second end that was merged and not recorded", () => {
  test("is published by Alloy's answer, though the event never comes", async () => {
    const { sides, answer } = await cutOffBeforeRecording(STARTED, APPROVED, UNARCHIVED);

    await sides.check(minutes(125), answer);

    expect(sides.ends()).toEqual(["approved", "denied"]);
  });

  test.each([
    ["a reopening", [STARTED, APPROVED, UNARCHIVED]],
    ["an expiry", [STARTED, expired(AT)]],
  ])("is published once after %s, though its webhook names no outcome", async (_, before) => {
    const { sides, answer } = await cutOffBeforeRecording(...before);

    await sides.webhook(DENIED_WEBHOOK, AT + 121 * MINUTE);
    await sides.check(minutes(125, 130), answer);

    expect(sides.ends().slice(1)).toEqual(["denied"]);
  });

  test("is published once when its webhook comes after Alloy's answer", async () => {
    const { sides, answer } = await cutOffBeforeRecording(STARTED, APPROVED, UNARCHIVED);

    await sides.check(minutes(125), answer);
    await sides.webhook(DENIED_WEBHOOK, AT + 126 * MINUTE);
    await sides.check(minutes(130), answer);

    expect(sides.ends()).toEqual(["approved", "denied"]);
  });
});

test("the outcome of a first end that was merged and not recorded is published by Alloy's answer when its webhook names none", async () => {
  const { sides, answer } = await cutOffBeforeRecording(STARTED);

  await sides.webhook(DENIED_WEBHOOK, AT + 121 * MINUTE);
  await sides.check(minutes(125, 130), answer);

  expect(sides.ends()).toEqual(["completed", "denied"]);
});

test("an outcome that only the poller's copy names is published when the webhook of the end came just before the copy", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Denied", STARTED, DENIED);
  const takeCopy = await sides.asked(AT + 2 * HOUR, answer);
  await sides.webhook(completed(AT + HOUR - 194), AT + 121 * MINUTE);
  await takeCopy();

  await sides.check(minutes(125, 130), answer);

  expect(sides.ends()).toEqual(["completed", "denied"]);
});
