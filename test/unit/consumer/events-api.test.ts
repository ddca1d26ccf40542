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
    const { webhook, store } = bothSides();

    await webhook(first);

    const [due] = await store.list(AT + HOUR, 10);
    expect(due).toMatchObject({ applicationToken: TOKEN });
    expect(store.applications.get(TOKEN)?.state).toMatchObject({
      journeyToken: "J-1",
      submittedAt: null,
    });
  });

  test("is asked about, and its end is healed when that webhook is lost", async () => {
    const { webhook, check, published, notices, store } = bothSides();
    await webhook(first);

    const answer = { events: [first, end], status: "completed", outcome: "Denied" };
    await check(AT + 2 * HOUR, answer);
    await check(AT + 3 * HOUR, answer);

    const ends = published.filter(({ route }) => route === "denied");
    expect(ends).toMatchObject([{ eventType: "completed_application", origin: "poll" }]);
    expect(notices).toMatchObject([
      { change: "opened", stage: "not-delivered", applicationToken: TOKEN },
      { change: "closed" },
    ]);
    expect(store.applications.get(TOKEN)?.state.end).toMatchObject({ outcome: "Denied" });
  });

  test("has its end once when that webhook comes after all", async () => {
    const { webhook, check, published } = bothSides();
    await webhook(first);
    const answer = { events: [first, end], status: "completed", outcome: "Denied" };
    await check(AT + 2 * HOUR, answer);

    await webhook(end, AT + 4 * HOUR);

    expect(published.filter(({ route }) => route === "denied")).toHaveLength(1);
  });

  test("is followed when its first webhook is its end", async () => {
    const { webhook, check, published, notices } = bothSides();

    await webhook(end);
    await check(AT + 2 * HOUR, { events: [first, end], status: "completed", outcome: "Denied" });

    expect(published.map(({ route }) => route)).toEqual(["denied"]);
    expect(notices).toMatchObject([{ change: "opened", stage: "not-delivered" }]);
  });
});
