import * as fc from "fast-check";
import { expect, test } from "vitest";

import { publishedBy } from "../../../lambdas/domain/application/published-decisions.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { END_HISTORY, faultsOf, play } from "../../support/end-history.ts";

/** Searches for a history that breaks the promise. @returns what it breaks; null: none was found. */
async function faultIn(makeTable: () => MemoryApplicationTable): Promise<string | null> {
  const property = fc.asyncProperty(END_HISTORY, async (history) => {
    const faults = faultsOf(await play(history, makeTable()));
    if (faults.length > 0) throw new Error(faults.join(", "));
  });
  const details = await fc.check(property, { numRuns: 1_500 });
  return details.failed ? (fc.defaultReportMessage(details) ?? "") : null;
}

test("each decision is published once, and the last one is Alloy's, whatever becomes of the messages", async () => {
  expect(await faultIn(() => new MemoryApplicationTable())).toBeNull();
});

test("an application that Alloy's answer opens, and an event ends again alike, may have two equal decisions", async () => {
  const end = {
    kind: "event",
    waitMs: 10,
    type: "completed_application",
    outcome: "Approved",
    isTaken: false,
    offMs: 0,
    isNamedByWebhook: true,
    isNamedByList: true,
  } as const;
  const history = await play({
    steps: [
      end,
      end,
      { kind: "change", waitMs: 10, status: "running", outcome: null },
      { kind: "check", waitMs: 300_000 },
      { kind: "redrive", waitMs: 10, nth: 0, fault: null },
      end,
      { kind: "message", waitMs: 10, nth: 2, fault: null },
    ],
    queueDelayMs: 1_200_000,
  });

  expect(faultsOf(history)).toEqual([]);
  expect(history.published.map(({ route }) => route)).toEqual(["approved", "approved"]);
});

test("the histories find what a table breaks that forgets what was published", async () => {
  expect(await faultIn(() => new ForgettingTable())).not.toBeNull();
});

/** The bug: what was published is what the newest ends say. */
class ForgettingTable extends MemoryApplicationTable {
  override async mergeState(...given: Parameters<MemoryApplicationTable["mergeState"]>) {
    const { before, after } = await super.mergeState(...given);
    const state = { ...after, published: publishedBy(after) };
    const kept = this.applications.get(state.applicationToken);
    if (kept !== undefined) this.applications.set(state.applicationToken, { ...kept, state });
    return { before, after: state };
  }
}
