import { describe, expect, it, test } from "vitest";

import { COMPOSABLE_STEPS, scenarioOf } from "../../../tools/console/compose.ts";

const USUAL = { secondsBetween: 60, copies: 1, isReversed: false, isLost: false };

describe("a composed application", () => {
  test.each(COMPOSABLE_STEPS.map(({ id }) => id))("may go through %s", (id) => {
    const { steps } = scenarioOf({ ...USUAL, steps: [id] });

    expect(steps).toHaveLength(2);
    expect(steps[0]).toMatchObject({ event: "started_application" });
  });

  it("ends as its last step says", () => {
    const { expected } = scenarioOf({ ...USUAL, steps: ["check-begins", "review", "denied"] });

    expect(expected).toMatchObject({ status: "completed", outcome: "Denied" });
  });

  it("is delivered as it was asked for", () => {
    const { delivery } = scenarioOf({
      ...USUAL,
      steps: ["approved"],
      copies: 3,
      isReversed: true,
      isLost: true,
    });

    expect(delivery).toMatchObject({ copiesAtSeconds: [0, 0, 0], order: "reversed", lost: true });
  });

  it("is refused in a sentence when Alloy could not have it", () => {
    expect(() => scenarioOf({ ...USUAL, steps: ["approved", "expired"] })).toThrow(
      /wants a completed_application/,
    );
    expect(() => scenarioOf({ ...USUAL, steps: ["nothing"] })).toThrow(
      'There is no step "nothing"',
    );
  });
});
