import { expect, inject, it } from "vitest";
import { isSkipped, openEmulatorDriver } from "./emulator-driver.ts";
import { describeRotation } from "./rotation.ts";
import { describeScenarios } from "./scenarios.ts";

it("can be had in CI, where tests that are skipped are tests that failed", () => {
  const skipped = inject("skipped");

  expect(process.env["CI"] ? skipped : null).toBeNull();
});

describeScenarios("deployed into the emulator", isSkipped, openEmulatorDriver);
describeRotation("deployed into the emulator", isSkipped, openEmulatorDriver);
