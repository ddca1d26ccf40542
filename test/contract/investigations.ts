import { beforeEach, describe, expect, it } from "vitest";

import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import type { Investigations } from "../../lambdas/domain/polling/polling-ports.ts";
import type { InvestigationStore } from "../../lambdas/domain/ports.ts";
import {
  AN_INVESTIGATION_FAILURE as FAILURE,
  anInvestigationEvent,
  CREATED_AT,
} from "../support/investigations.ts";

const HOUR = 3_600_000;

const GAP: Gap = {
  gapId: "gap",
  stage: "not-delivered",
  since: CREATED_AT,
  detectedAt: CREATED_AT + HOUR,
  eventCount: 1,
  events: [{ eventId: "1", type: "created", at: CREATED_AT, stage: "not-delivered" }],
  evidence: "why",
};

/** What both ports of the Investigations promise, whatever keeps them. */
export function describeInvestigations(
  name: string,
  open: () => Promise<{
    readonly kept: InvestigationStore & Investigations;
    readonly close: () => Promise<void>;
  }>,
): void {
  describe(`the Investigations of ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      opened = await open();
      return () => opened.close();
    });

    it("know a step by the report that came first, whatever comes again", async () => {
      const { kept } = opened;
      const event = anInvestigationEvent();
      const alias = anInvestigationEvent({ at: CREATED_AT + 5 });

      const first = await kept.join(event, "webhook");
      const again = await kept.join(event, "poll");
      const other = await kept.join(alias, "poll");

      expect(first).toEqual({
        eventId: event.eventId,
        status: "created",
        at: CREATED_AT,
        isTimeLatest: false,
        origin: "webhook",
        late: false,
      });
      expect([again, other]).toEqual([first, first]);
    });

    it("keep every step of one, oldest first, however many come side by side", async () => {
      const { kept } = opened;
      const hours = [3, 1, 4, 0, 2];

      await Promise.all(
        hours.map((hour) =>
          kept.join(
            anInvestigationEvent({ status: "closed", at: CREATED_AT + hour * HOUR }),
            "webhook",
          ),
        ),
      );

      const known = await kept.look("INV-1");
      expect(known?.reports.map(({ at }) => (at - CREATED_AT) / HOUR)).toEqual([0, 1, 2, 3, 4]);
    });

    it("make one step of two reports that come side by side", async () => {
      const { kept } = opened;
      const reports = await Promise.all([
        kept.join(anInvestigationEvent(), "webhook"),
        kept.join(anInvestigationEvent({ at: CREATED_AT + 9 }), "poll"),
      ]);

      expect(new Set(reports.map(({ eventId }) => eventId)).size).toBe(1);
      expect((await kept.look("INV-1"))?.reports).toHaveLength(1);
    });

    it("know nothing of one that nobody has told of", async () => {
      expect(await opened.kept.look("INV-1")).toBeNull();
      await opened.kept.clearFailure("INV-1", "1");
      expect((await opened.kept.look("INV-1"))?.reports ?? []).toEqual([]);
    });

    it("keep a failure until it is cleared, also before the step", async () => {
      const { kept } = opened;
      await kept.recordFailure(FAILURE);
      await kept.join(anInvestigationEvent(), "webhook");
      const { investigationToken: _, ...failure } = FAILURE;

      expect((await kept.look("INV-1"))?.failures).toEqual([failure]);

      await kept.clearFailure("INV-1", "1");
      await kept.clearFailure("INV-1", "1");
      expect(await kept.look("INV-1")).toMatchObject({ failures: [], reports: [{}] });
    });

    it("list one whose processing failed until the poller has looked at it", async () => {
      const { kept } = opened;
      await kept.recordFailure(FAILURE);
      await kept.recordFailure({ ...FAILURE, eventId: "2", failedAt: CREATED_AT + 1 });

      const listed = { investigationToken: "INV-1", since: CREATED_AT, stage: "failed-processing" };
      expect(await kept.openGaps()).toEqual([listed]);

      await kept.keepGap("INV-1", null);
      expect(await kept.openGaps()).toEqual([]);
      expect((await kept.look("INV-1"))?.failures).toHaveLength(2);
    });

    it("list a gap until it is closed", async () => {
      const { kept } = opened;
      await kept.keepGap("INV-1", GAP);
      await kept.keepGap("INV-2", { ...GAP, since: CREATED_AT - 1, stage: "rejected" });

      expect(await kept.openGaps()).toEqual([
        { investigationToken: "INV-2", since: CREATED_AT - 1, stage: "rejected" },
        { investigationToken: "INV-1", since: CREATED_AT, stage: "not-delivered" },
      ]);
      expect((await kept.look("INV-1"))?.gap).toEqual(GAP);

      await kept.keepGap("INV-1", null);
      await kept.keepGap("INV-2", null);
      expect(await kept.openGaps()).toEqual([]);
      expect((await kept.look("INV-1"))?.gap).toBeNull();
    });

    it("remember how far the list is read, and never go back", async () => {
      const { kept } = opened;
      expect(await kept.cursor()).toBeNull();
      const rest = { page: 11, beganAt: 5, lastAt: 6 };

      await kept.keepCursor({ since: 1, readTo: 2, rest });
      expect(await kept.cursor()).toEqual({ since: 1, readTo: 2, rest });
      await kept.keepCursor({ since: 1, readTo: 3, rest: null });
      await kept.keepCursor({ since: 1, readTo: 2, rest });
      expect(await kept.cursor()).toEqual({ since: 1, readTo: 3, rest: null });
    });
  });
}
