import { describe, expect, it, onTestFinished } from "vitest";

import { DynamoInvestigations } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { gaps } from "../../tools/ops/gaps.ts";
import { show } from "../../tools/ops/show.ts";
import { policiesOf } from "../../tools/strict-aws/iam/policies.ts";
import { withInvestigations } from "../../tools/template/variants.ts";
import { anInvestigationEvent, CREATED_AT } from "../support/investigations.ts";
import { KeptTerminal } from "../support/operator.ts";
import { stackAs } from "../support/people.ts";
import { templateOf } from "../support/template.ts";

const HOUR = 3_600_000;
const deployed = policiesOf(templateOf(withInvestigations));

const CREATED = anInvestigationEvent();
const PROMOTED = anInvestigationEvent({ status: "promoted_to_case", at: CREATED_AT + HOUR });

const FAILED = {
  investigationToken: "INV-2",
  eventId: "e2",
  eventType: "closed",
  reason: "Publishing failed: Throttled",
  failedAt: CREATED_AT + 2 * HOUR,
  deadLettered: true,
};

/** What an operator who follows `delivery-gap` reads of Investigations, under the auditor's role. */
describe("an auditor", () => {
  /** Two Investigations: one whose promotion came by the poller alone, and one of which a step failed. */
  async function stackWithTwo() {
    const { connected, dynamo, denials } = await stackAs("auditor", deployed);
    onTestFinished(() => dynamo.close());
    const terminal = new KeptTerminal();
    const kept = new DynamoInvestigations(dynamo.client, dynamo.applicationTableName);
    await kept.join(CREATED, "webhook");
    await kept.join(PROMOTED, "poll");
    await kept.recordFailure(FAILED);
    return { connected, denials, kept, terminal };
  }

  it("sees each Investigation in gap, since when and at which stage", async () => {
    const { connected, denials, terminal } = await stackWithTwo();

    await gaps(connected, terminal);

    expect(terminal.text).toContain(
      "2026-11-23T22:00:00.000Z  INV-2  failed-processing  an Investigation\n",
    );
    expect(terminal.text).toContain("No application is in gap.\n");
    expect(terminal.text).toContain("Investigations in gap: 1.");
    expect(terminal.text).not.toContain("INV-1");
    expect(denials).toEqual([]);
  });

  it("sees the steps of one, who reported each, and its gap", async () => {
    const { connected, denials, kept, terminal } = await stackWithTwo();
    const step = { eventId: "e3", type: "closed", at: CREATED_AT, stage: "not-delivered" } as const;
    await kept.keepGap("INV-1", {
      gapId: "gap",
      stage: "not-delivered",
      since: CREATED_AT,
      detectedAt: CREATED_AT + HOUR,
      eventCount: 1,
      events: [step],
      evidence: "no request came",
    });

    await show(connected, "INV-1", { bodies: false }, terminal);

    expect(terminal.text.trimEnd()).toBe(`Investigation INV-1
Status       promoted_to_case
Gap          not-delivered since 2026-11-23T20:00:00.000Z: no request came
             2026-11-23T20:00:00.000Z  closed; e3

Steps (2), in Alloy's order:
  2026-11-23T20:00:00.000Z  created; by webhook; ${CREATED.eventId}
  2026-11-23T21:00:00.000Z  promoted_to_case; by poll; ${PROMOTED.eventId}`);
    expect(denials).toEqual([]);
  });

  it("is told that nothing is known of a token which is neither", async () => {
    const { connected, terminal } = await stackWithTwo();

    await expect(show(connected, "INV-9", { bodies: false }, terminal)).rejects.toThrow(
      "No application has this external id.",
    );
  });
});
