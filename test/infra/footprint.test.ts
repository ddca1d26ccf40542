import { describe, expect, test } from "vitest";

import { EXAMPLE_PRODUCTION, SANDBOX } from "../../lib/config/default-stages.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import { TEST_ALARMS } from "../../lambdas/settings/names.ts";
import { templateOf } from "../support/template.ts";

describe("a lean stage", () => {
  const [full, lean] = [templateOf(SANDBOX), templateOf({ ...SANDBOX, footprint: "lean" })];
  const idsOf = ({ alarms }: typeof full, severity: string) =>
    alarms.filter((alarm) => alarm.severity === severity).map(({ id }) => id);

  test("has every alarm that pages, in the same words", () => {
    const wordsOf = ({ alarms }: typeof full) =>
      alarms
        .filter(({ severity }) => severity === "page")
        .map(({ id, fact, impact, because, runbook }) => ({ id, fact, impact, because, runbook }));

    expect(wordsOf(full).length).toBeGreaterThan(20);
    expect(wordsOf(lean)).toEqual(wordsOf(full));
  });

  test("has of the tickets only the one that verify rings", () => {
    expect(idsOf(full, "ticket").length).toBeGreaterThan(20);
    expect(idsOf(lean, "ticket")).toEqual([TEST_ALARMS.ticket]);
  });

  test("has no dashboard, no key but that of the statements, and every output of a full one", () => {
    expect(lean.ofType("AWS::CloudWatch::Dashboard")).toEqual([]);
    expect(lean.ofType("AWS::KMS::Key").map(({ logicalId }) => logicalId)).toEqual([
      "StatementKey",
    ]);
    expect(Object.keys(lean.outputs)).toEqual(Object.keys(full.outputs));
  });

  test("still sees an event that neither the target nor the dead-letter queue took", () => {
    const rules = lean
      .ofType("AWS::CloudWatch::Alarm")
      .filter(({ Properties }) => String(Properties["AlarmName"]).includes("-route-failing-"));

    expect(rules.length).toBeGreaterThan(5);
    for (const { Properties } of rules) {
      const text = JSON.stringify(Properties);
      expect(text).toContain("InvocationsFailedToBeSentToDlq");
      expect(text).toContain("ApproximateNumberOfMessagesVisible");
    }
  });

  test("may not go live by parts: what would take a build back is a ticket", () => {
    expect(() => validate({ ...EXAMPLE_PRODUCTION, footprint: "lean" })).toThrow(
      'rollout: "canary" was given, but it must be "all-at-once" where footprint is "lean"',
    );
  });
});
