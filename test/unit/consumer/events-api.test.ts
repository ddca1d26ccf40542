import { describe, expect, test } from "vitest";

import { bothSides, TOKEN } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const HOUR = 3_600_000;

/** Of an ongoing Journey, which Alloy's Events API starts: the onboarding service never hears of it. */
const first: Said = { type: "started_evaluation", timestamp: AT, journey_type: "alert" };
const end: Said = {
  type: "completed_application",
  timestamp: AT + HOUR,
  outcome: "Denied",
  journey_type: "alert",
};

describe("an application that was never submitted through us", () => {
  test("is followed from its first webhook, whichever that is", async () => {
    const sides = bothSides();

    await sides.webhook(first);

    const [due] = await sides.store.list(AT + HOUR, 10);
    expect(due).toMatchObject({ applicationToken: TOKEN });
    expect(sides.store.applications.get(TOKEN)?.state).toMatchObject({
      journeyToken: "J-1",
      submittedAt: null,
    });
  });

  test("is asked about, and its end is healed when that webhook is lost", async () => {
    const sides = bothSides();
    await sides.webhook(first);

    const answer = { events: [first, end], status: "completed", outcome: "Denied" };
    await sides.check(AT + 2 * HOUR, answer);
    await sides.check(AT + 3 * HOUR, answer);

    const ends = sides.published.filter(({ route }) => route === "denied");
    expect(ends).toMatchObject([{ eventType: "completed_application", origin: "poll" }]);
    expect(sides.notices).toMatchObject([
      { change: "opened", stage: "not-delivered", applicationToken: TOKEN },
      { change: "closed" },
    ]);
    expect(sides.store.applications.get(TOKEN)?.state.end).toMatchObject({ outcome: "Denied" });
  });

  test("has its end once when that webhook comes after all", async () => {
    const sides = bothSides();
    await sides.webhook(first);
    const answer = { events: [first, end], status: "completed", outcome: "Denied" };
    await sides.check(AT + 2 * HOUR, answer);

    await sides.webhook(end, AT + 4 * HOUR);

    expect(sides.published.filter(({ route }) => route === "denied")).toHaveLength(1);
  });

  test("is followed when its first webhook is its end", async () => {
    const sides = bothSides();

    await sides.webhook(end);
    await sides.check(AT + 2 * HOUR, {
      events: [first, end],
      status: "completed",
      outcome: "Denied",
    });

    expect(sides.published.map(({ route }) => route)).toEqual(["denied"]);
    expect(sides.notices).toMatchObject([{ change: "opened", stage: "not-delivered" }]);
  });
});
