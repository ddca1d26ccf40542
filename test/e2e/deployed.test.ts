import { renameSync, writeFileSync } from "node:fs";

import { afterAll, afterEach, describe, expect, inject, it } from "vitest";
import { refusalText, takeRefusals } from "../support/take-refusals.ts";
// First, while the stack is as nobody has used it: docs/ops.md shows what it finds.
import "./deployed/verbs.ts";
import "./deployed/alarms.ts";
import "./deployed/consumer-kit.ts";
import { openEmulatorDriver } from "./deployed/driver.ts";
import "./deployed/ingest.ts";
import "./deployed/ops.ts";
import "./deployed/person.ts";
import "./deployed/ports.ts";
import "./deployed/refused-calls.ts";
import "./deployed/documented-commands.ts";
import "./deployed/credentials-rejected.ts";
import { isSkipped, stack } from "./deployed/stack.ts";
import { describeRotation } from "./rotation.ts";
import { describeScenarios } from "./scenarios.ts";

/*
 * All tests of the one deployed stack, one after the other, since they share its queues and its alarms. To run some of
 * them: npm test -- --project e2e -t "npm run ops".
 */

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

describeScenarios("deployed into the emulator", isSkipped, openEmulatorDriver);
describeRotation("deployed into the emulator", isSkipped, openEmulatorDriver);

// Nobody else drives it, but others ask whether it was there.
afterAll(() => {
  if (stack === null) return;
  const { unneeded } = inject("deployment");
  writeFileSync(`${unneeded}.part`, JSON.stringify(stack));
  renameSync(`${unneeded}.part`, unneeded);
});

/** A call that AWS would refuse fails the test that made it, whatever came of it. */
afterEach(() => {
  const file = stack?.refusals ?? null;
  const refusals = file === null ? [] : takeRefusals(file);
  if (refusals.length > 0) throw new Error(refusalText(refusals));
});
