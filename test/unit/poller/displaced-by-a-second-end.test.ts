import { expect, test } from "vitest";

import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED: Said = { type: "started_application", timestamp: AT - MINUTE };
const EXPIRED: Said = { type: "application_expired", timestamp: AT };
const DENIED: Said = { type: "completed_application", timestamp: AT + 1000, outcome: "Denied" };
const ANSWER = { events: [STARTED, EXPIRED, DENIED], status: "expired" };

const endsOf = ({ published }: ReturnType<typeof bothSides>) =>
  published.map(({ route }) => route).filter((route) => route !== "progressed");

/** The expiry is merged, and the bus refuses it. Alloy is asked, and says that the application has expired. */
async function expiryIsRefused() {
  const sides = bothSides();
  await sides.webhook(STARTED);
  sides.refuse(1);
  await expect(sides.webhook(EXPIRED)).rejects.toThrow("gave a message back");
  const takeAnswer = await sides.asked(AT + 15 * MINUTE, ANSWER);
  return { ...sides, takeAnswer };
}

test("an expiry is published when a completion takes its place before Alloy's answer is merged", async () => {
  const sides = await expiryIsRefused();

  await sides.webhook(DENIED, AT + 16 * MINUTE);
  await sides.takeAnswer();
  await sides.webhook(EXPIRED, AT + 17 * MINUTE);
  await sides.check(AT + 30 * MINUTE, ANSWER);

  expect(endsOf(sides)).toEqual(["expired"]);
});

test("an expiry is published when its message is withheld before Alloy's answer is merged", async () => {
  const sides = await expiryIsRefused();

  await sides.webhook(DENIED, AT + 16 * MINUTE);
  await sides.webhook(EXPIRED, AT + 17 * MINUTE);
  await sides.takeAnswer();
  await sides.check(AT + 30 * MINUTE, ANSWER);
  await sides.check(AT + 60 * MINUTE, ANSWER);

  expect(endsOf(sides)).toEqual(["expired"]);
});
