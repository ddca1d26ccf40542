import { describe, expect, test } from "vitest";

import { AT, decided, HOUR, hours, sidesAfter, TOKEN } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

/** Of an ongoing Journey, which Alloy's Events API starts: the onboarding service never hears of it. */
const first: Said = { type: "started_evaluation", timestamp: AT, journey_type: "alert" };
const end: Said = {
  type: "completed_application",
  timestamp: AT + HOUR,
  outcome: "Denied",
  journey_type: "alert",
};
const answer = decided("Denied", first, end);

describe("an application that was never submitted through us", () => {
  test("is followed from its first webhook, whichever that is", async () => {
    const sides = await sidesAfter(first);

    const [due] = await sides.store.list(AT + HOUR, 10);
    expect(due).toMatchObject({ applicationToken: TOKEN });
    expect(sides.store.applications.get(TOKEN)?.state).toMatchObject({
      journeyToken: "J-1",
      submittedAt: null,
    });
  });

  test("is asked about, and its end is healed when that webhook is lost", async () => {
    const sides = await sidesAfter(first);

    await sides.check(hours(2, 3), answer);

    const ends = sides.published.filter(({ route }) => route === "denied");
    expect(ends).toMatchObject([{ eventType: "completed_application", origin: "poll" }]);
    expect(sides.notices).toMatchObject([
      { change: "opened", stage: "not-delivered", applicationToken: TOKEN },
      { change: "closed" },
    ]);
    expect(sides.stands()).toEqual(["completed", "Denied"]);
  });

  test("has its end once when that webhook comes after all", async () => {
    const sides = await sidesAfter(first);
    await sides.check(hours(2), answer);

    await sides.webhook(end, AT + 4 * HOUR);

    expect(sides.ends()).toEqual(["denied"]);
  });

  test("is followed when its first webhook is its end", async () => {
    const sides = await sidesAfter(end);

    await sides.check(hours(2), answer);

    expect(sides.published.map(({ route }) => route)).toEqual(["denied"]);
    expect(sides.notices).toMatchObject([{ change: "opened", stage: "not-delivered" }]);
  });
});
