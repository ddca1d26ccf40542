import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { describe, expect, inject, it } from "vitest";
import { eventually } from "./driver.ts";
import { isSkipped, makeDriver, openEmulatorDriver } from "./emulator-driver.ts";
import { describeRotation } from "./rotation.ts";
import { describeScenarios } from "./scenarios.ts";

it("can be had in CI, where tests that are skipped are tests that failed", () => {
  const skipped = inject("skipped");

  expect(process.env["CI"] ? skipped : null).toBeNull();
});

describeScenarios("deployed into the emulator", isSkipped, openEmulatorDriver);
describeRotation("deployed into the emulator", isSkipped, openEmulatorDriver);

describe.skipIf(isSkipped)("an alarm, which the emulator alone has", () => {
  it("goes off when a webhook is in the dead-letter queue", async () => {
    const { clients, post, basic } = makeDriver();

    const { status } = await post("not json either", basic());

    expect(status).toBe(200);
    const alarm = await eventually(async () => {
      const { MetricAlarms = [] } = await clients.cloudWatch.send(
        new DescribeAlarmsCommand({ StateValue: "ALARM" }),
      );
      return MetricAlarms.find(({ AlarmName = "" }) =>
        AlarmName.endsWith("dead-letters-not-empty"),
      );
    });
    expect(alarm.AlarmDescription).toContain("/dead-letters-not-empty.md");
  });
});
