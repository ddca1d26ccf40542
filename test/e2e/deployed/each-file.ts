import { renameSync, writeFileSync } from "node:fs";

import { afterAll, afterEach, describe, expect, it } from "vitest";
import { refusalText, takeRefusals } from "../../support/take-refusals.ts";
import { ownDeployment } from "./deployments.ts";
import { isSkipped, untilDeployed } from "./stack.ts";

/** What holds in every file that drives a stack: it begins once the stack is there. */
export async function driveOwnStack(): Promise<void> {
  const stack = await untilDeployed();
  const refusalsFile = stack?.refusals ?? null;

  describe.runIf(process.env["CI"])(
    "in CI, where tests that are skipped are tests that failed",
    () => {
      it("can be had", () => {
        expect(isSkipped).toBe(false);
      });

      it("has an emulator of ours, in which AWS's refusals are told: one that runs already takes every call", () => {
        expect(refusalsFile).not.toBeNull();
      });
    },
  );

  // Nobody else drives it, but others ask whether it was there.
  const { unneeded } = ownDeployment();
  afterAll(() => {
    if (stack === null) return;
    writeFileSync(`${unneeded}.part`, JSON.stringify(stack));
    renameSync(`${unneeded}.part`, unneeded);
  });

  /** A call that AWS would refuse fails the test that made it, whatever came of it. */
  afterEach(() => {
    const refusals = refusalsFile === null ? [] : takeRefusals(refusalsFile);
    if (refusals.length > 0) throw new Error(refusalText(refusals));
  });
}
