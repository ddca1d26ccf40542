import { renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

import { afterAll, afterEach, describe, expect, inject, it } from "vitest";
import { refusalText, takeRefusals } from "../../support/take-refusals.ts";
import { isSkipped, stack } from "./stack.ts";

/** What holds in every file that drives a stack. It is imported first. */

describe.runIf(process.env["CI"])(
  "in CI, where tests that are skipped are tests that failed",
  () => {
    it("can be had", () => {
      expect(isSkipped).toBe(false);
    });

    it("has an emulator of ours, in which AWS's refusals are told: one that runs already takes every call", () => {
      expect(stack?.refusals ?? null).not.toBeNull();
    });
  },
);

// Nobody else drives it, but others ask whether it was there.
afterAll(() => {
  if (stack === null) return;
  const { unneeded = "" } = inject("deployments")[basename(expect.getState().testPath ?? "")] ?? {};
  writeFileSync(`${unneeded}.part`, JSON.stringify(stack));
  renameSync(`${unneeded}.part`, unneeded);
});

/** A call that AWS would refuse fails the test that made it, whatever came of it. */
afterEach(() => {
  const file = stack?.refusals ?? null;
  const refusals = file === null ? [] : takeRefusals(file);
  if (refusals.length > 0) throw new Error(refusalText(refusals));
});
