import { describe, expect, it } from "vitest";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { readScenarios } from "../../../tools/alloy-simulator/scenario.ts";
import type { AlarmChange } from "../../../tools/local/emulator/alarm-evaluation.ts";
import {
  ringersOfAll,
  silentScenarios,
  verdictOnAlarms,
} from "../../../tools/local/scenarios/alarms-that-rang.ts";
import { renderAlarms } from "../../../tools/local/terminal/alarm-report.ts";
import { WEBHOOK_TO_TRY } from "../../../tools/local/webhook-to-try.ts";
import { local } from "../../../tools/template/variants.ts";
import { plain } from "../../../tools/terminal/lines.ts";
import { alarmsOf, templateOf } from "../../support/template.ts";

function rang(...ids: readonly string[]): readonly AlarmChange[] {
  return ids.map((id) => ({ id, state: "ALARM", reason: "1 of 1", description: "It is so." }));
}

const verdictOn = (ids: readonly string[], slowestMs = 80) =>
  verdictOnAlarms({ rang: rang(...ids), slowestMs }, ringersOfAll);

const reportOf = (...ids: readonly string[]) => renderAlarms(verdictOn(ids)).map(plain);

describe("what rings in the local run", () => {
  it("is said with the scenario that rings it: delivery-gap rang right after everything agreed", () => {
    expect(reportOf("delivery-gap", "integration-unhealthy", "webhooks-repaired")).toEqual([
      "Rang as all-webhooks-lost should: delivery-gap, integration-unhealthy",
      "Rang as all-webhooks-lost and the Investigation should: webhooks-repaired",
    ]);
  });

  it("is said to be nothing", () => {
    expect(reportOf()).toEqual(["No alarm rang."]);
  });

  it("is a fault when no scenario rings it", () => {
    const { faults } = verdictOn(["delivery-gap", "credentials-rejected"]);

    expect(faults).toEqual([
      "The alarm credentials-rejected rang, but nothing that was played rings it: 1 of 1",
    ]);
    expect(reportOf("credentials-rejected")).toEqual(faults);
  });

  it("is no fault of the receiver when the machine is slow", () => {
    expect(reportOf("consumer-near-timeout", "poller-behind")).toEqual([
      "Rang because this machine is slow: consumer-near-timeout, poller-behind",
    ]);
  });

  it("is no fault either when answers come too late everywhere, unless it can have no such cause", () => {
    const ids = ["alloy-api-failing", "credentials-rejected"];

    expect(verdictOn(ids).faults).toHaveLength(2);
    expect(verdictOn(ids, 3_000)).toMatchObject({
      slow: ["alloy-api-failing"],
      faults: [expect.stringContaining("credentials-rejected")],
    });
  });

  it("is an alarm that there is", () => {
    const { metric, composite } = alarmsOf(templateOf(local));
    const known = [...metric, ...composite].map(({ id }) => id);
    for (const { alarms } of readScenarios().values()) {
      for (const id of alarms) expect(known).toContain(id);
    }
  });

  it("is nothing before an incident is practised", () => {
    expect(silentScenarios()).toContain("approved-at-once");
    expect(silentScenarios()).not.toContain("all-webhooks-lost");
  });

  it("is nothing for the webhook to try: the first curl of a newcomer rang events-unrecognised", () => {
    expect(parseWebhook(WEBHOOK_TO_TRY).kind).toBe("other");
    expect(parseWebhook('{"hello":"alloy"}').kind).toBe("unrecognised");
  });
});
