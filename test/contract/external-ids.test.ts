import { describe, expect, test } from "vitest";

import { forgottenState } from "../../lambdas/domain/application/application-state.ts";
import { stateOfEvent, stateOfSubmission } from "../../lambdas/domain/application/observation.ts";
import type { CheckRequest } from "../../lambdas/domain/ports.ts";
import { billOf } from "../../tools/cloud-in-memory/write-meter.ts";
import { itemsOf, tokensOf } from "../../tools/ops/person.ts";
import type { ConnectedStack } from "../../tools/ops/stack.ts";
import { aDynamoDb } from "../support/dynalite.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { aStack } from "../support/operator.ts";
import { aSubmission } from "../support/snapshots.ts";

const CHECK: CheckRequest = { dueAt: 1, when: "first" };
const AT = 1_760_000_000_000;
const NOBODY = { group: null, entity: null, partner: null, application: null };

async function anIndex() {
  const { store, due, client: dynamo, applicationTableName } = await aDynamoDb();
  const stack: ConnectedStack = { ...aStack(new MemorySqs()), dynamo, applicationTableName };
  return {
    store,
    due,
    stack,
    hears: (
      externalIds: Partial<typeof NOBODY | Record<string, string>>,
      token = "JA-1",
      at = AT,
    ) =>
      store.mergeState(
        stateOfEvent(
          aJourneyEvent({
            type: "started_evaluation",
            applicationToken: token,
            at,
            externalIds: { ...NOBODY, ...externalIds },
          }),
        ),
        CHECK,
      ),
    find: (id: string) => tokensOf(stack, id),
  };
}

describe("an application is found", () => {
  test("by the ids of its group, its partner and itself, whichever was known first", async () => {
    const { store, hears, find } = await anIndex();
    const submitted = { group: null, partner: null, application: "app-1" };
    await store.mergeState(stateOfSubmission(aSubmission({ externalIds: submitted })), CHECK);
    expect(await find("app-1")).toEqual(["JA-1"]);

    await hears({ partner: "partner-1" }, "JA-1", AT + 1);
    await hears({ group: "group-1" }, "JA-1", AT + 2);

    for (const id of ["group-1", "partner-1", "app-1"]) expect(await find(id)).toEqual(["JA-1"]);
  });

  test("beside others of the same partner, and once where two of its ids are one", async () => {
    const { hears, find } = await anIndex();
    await hears({ group: "one", partner: "bank" }, "JA-1");
    await hears({ group: "two", partner: "bank" }, "JA-2");
    await hears({ group: "bank", partner: "bank" }, "JA-3");

    expect([...(await find("bank"))].toSorted()).toEqual(["JA-1", "JA-2", "JA-3"]);
  });

  test.each([
    ["empty", ""],
    ["longer than a key of the index", "x".repeat(4_000)],
  ])("by its other ids when one is %s", async (_, odd) => {
    const { hears, find } = await anIndex();

    await hears({ group: odd, partner: "partner-1" });

    expect(await find("partner-1")).toEqual(["JA-1"]);
  });

  test("by no id that comes once it is forgotten; what is left for forget is in its partition", async () => {
    const { store, stack, hears, find } = await anIndex();
    await hears({ group: "group-1", partner: "partner-1" });
    const kept = await itemsOf(stack, "JA-1");

    await store.mergeState(forgottenState("JA-1", AT), CHECK);
    await hears({ group: "group-1", partner: "partner-2" }, "JA-1", AT + 1);

    await expect(find("partner-2")).rejects.toThrow("No application has this external id");
    expect(kept.map(({ sk }) => sk)).toEqual(["ID#partner", "STATE"]);
  });

  test("and its poller reads its history beside the items of its ids", async () => {
    const { due, hears } = await anIndex();
    await hears({ group: "group-1", partner: "partner-1", application: "app-1" });

    expect(await due.history("JA-1")).toEqual({ events: [], failures: [] });
  });
});

test("a further id costs two write units once, and an application of one id nothing", async () => {
  const { hears } = await anIndex();
  const only = await billOf(() => hears({ group: "group-1" }).then(() => undefined));
  const both = await billOf(() =>
    hears({ group: "group-2", partner: "partner-2" }, "JA-2").then(() => undefined),
  );
  const again = await billOf(() =>
    hears({ group: "group-2", partner: "partner-2" }, "JA-2", AT + 1).then(() => undefined),
  );

  expect([only, both, again].map(({ items, indexes }) => [items, indexes])).toEqual([
    [1, 2],
    [2, 3],
    [1, 0],
  ]);
});
