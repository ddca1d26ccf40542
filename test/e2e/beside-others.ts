import { describe } from "vitest";

/**
 * Tests that run one after the other, and all of them beside the suites next to them that are concurrent too: those have
 * nothing in common with them, and wait. Vitest knows of one test at a time what has to be done when it is finished: none of
 * them may ask for that.
 */
export function describeBesideOthers(name: string, isSkipped: boolean, tests: () => void): void {
  describe.skipIf(isSkipped).concurrent(`${name},`, () => {
    // oxlint-disable-next-line vitest/valid-describe-callback -- Vitest has options before the function
    describe("in turn", { concurrent: false }, tests);
  });
}
