import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { forgottenState, mergeState } from "../../lambdas/domain/application/application-state.ts";
import {
  stateOfEvent,
  stateOfIds,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../lambdas/domain/application/observation.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type { CheckRequest } from "../../lambdas/domain/ports.ts";
import { billOf } from "../../tools/cloud-in-memory/write-meter.ts";
import { itemsOf, tokensOf } from "../../tools/ops/person.ts";
import { show } from "../../tools/ops/show.ts";
import type { ConnectedStack } from "../../tools/ops/stack.ts";
import { aDynamoDb } from "../support/dynalite.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";
import { aSnapshot, aSubmission } from "../support/snapshots.ts";

const CHECK: CheckRequest = { dueAt: 1, when: "first" };
const AT = 1_760_000_000_000;
const NOBODY = { group: null, entity: null, partner: null, application: null };

async function anIndex(indexesEntities = true) {
  const { client: dynamo, applicationTableName, idempotencyTableName } = await aDynamoDb();
  const due = new DynamoDueApplications(dynamo, applicationTableName, indexesEntities);
  const store = new DynamoApplicationStore({
    client: dynamo,
    tableName: applicationTableName,
    eventRetentionMs: null,
    indexesEntities,
  });
  const tables = { dynamo, applicationTableName, idempotencyTableName };
  const stack: ConnectedStack = { ...aStack(new MemorySqs()), ...tables };
  return {
    store,
    due,
    stack,
    hears: (
      externalIds: Partial<typeof NOBODY | Record<string, string>>,
      token = "JA-1",
      at = AT,
      entityToken: string | null = null,
    ) =>
      store.mergeState(
        stateOfEvent(
          aJourneyEvent({
            type: "started_evaluation",
            applicationToken: token,
            entityToken,
            at,
            externalIds: { ...NOBODY, ...externalIds },
          }),
        ),
        CHECK,
      ),
    find: (id: string) => tokensOf(stack, id),
  };
}

test.each(["group", "entity", "partner", "application"])(
  'show finds an application by its external %s id: it said "No application has the external id", and one had',
  async (kind) => {
    // U9: only one of the four was in the index.
    const { stack, hears } = await anIndex();
    const ids = { group: "g-1", entity: "p-1", partner: "r-1", application: "a-1" };
    await hears({ ...ids, [kind]: "the-id-that-is-looked-up" }, "JA-1", AT, "P-1");
    await hears({ group: "g-2", entity: "p-2", partner: "r-2", application: "a-2" }, "JA-2");
    const terminal = new KeptTerminal();

    const shown = await show(stack, "the-id-that-is-looked-up", { bodies: false }, terminal);

    expect(shown.application?.applicationToken).toBe("JA-1");
    expect(terminal.text).toContain("Application  JA-1\n");
    // Whoever may not read bodies typed the id, and is told no other.
    expect(terminal.text).not.toMatch(/the-id|g-1|p-1|r-1|a-1/);
  },
);

test("an event whose entity is known costs no more than one of none", async () => {
  const { hears } = await anIndex();
  const ids = { group: "group-1", entity: "person-1" };
  await hears(ids, "JA-1", AT, "P-1");

  const bill = await billOf(() => hears(ids, "JA-1", AT + 1, "P-1").then(() => undefined));

  expect(bill).toEqual({ items: 1, indexes: 0, reads: 0 });
});

test("an entity costs four write units once, where the stage indexes entities", async () => {
  const { hears } = await anIndex();
  await hears({ group: "group-1" });

  const ids = { group: "group-1", entity: "person-1" };
  const bill = await billOf(() => hears(ids, "JA-1", AT + 1, "P-1").then(() => undefined));

  // One of the three is the merge, which a stage without that index pays too.
  expect([bill.items, bill.indexes]).toEqual([3, 2]);
});

test("the item of an application with very many entities does not grow with them", async () => {
  const { store, stack, hears, find } = await anIndex();
  for (let person = 0; person < 60; person += 1) {
    const number = String(person).padStart(2, "0");
    await hears(
      { group: "group-1", entity: `person-${number}` },
      "JA-1",
      AT + person,
      `P-${number}`,
    );
  }

  const [state] = (await itemsOf(stack, "JA-1")).filter(({ sk }) => sk === "STATE");
  expect(Object.keys(state ?? {}).filter((name) => name.startsWith("id#"))).toHaveLength(16);
  expect(Object.keys((await store.readState("JA-1"))?.entityIds ?? {})).toHaveLength(16);
  expect(await find("P-59")).toEqual(["JA-1"]);
});

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

  test("by the id of the partner and by its own, when its own came later", async () => {
    const { hears, find } = await anIndex();
    await hears({ partner: "partner-1" });
    await hears({ application: "app-1" }, "JA-1", AT + 1);

    for (const id of ["partner-1", "app-1"]) expect(await find(id)).toEqual(["JA-1"]);
  });

  test("by the ids and the tokens of its entities, whatever else it is known by", async () => {
    const { hears, find } = await anIndex();
    await hears({ group: "group-1" });
    await hears({ group: "group-1", entity: "person-1" }, "JA-1", AT + 1, "P-1");
    await hears({ group: "group-1", entity: "company-1" }, "JA-1", AT + 2, "B-1");
    await hears({ group: "group-1", entity: "person-of-no-token" }, "JA-1", AT + 3);

    const ids = ["group-1", "person-1", "P-1", "company-1", "B-1", "person-of-no-token"];
    for (const id of ids) expect(await find(id)).toEqual(["JA-1"]);
  });

  test("by the entities that Alloy's answer alone names, and the group of its root", async () => {
    const { store, hears, find } = await anIndex();
    await hears({ group: "group-2" });
    const snapshot = aSnapshot({
      externalIds: { group: "group-2", partner: null, application: "app-2" },
      entityIds: { "P-2": "person-2" },
      chain: { previous: "JA-0", root: "JA-0", next: null, rerunBy: "api", rootGroup: "group-0" },
    });
    await store.mergeState(stateOfSnapshot(snapshot, AT, "correction", null), CHECK);

    const ids = ["group-2", "app-2", "person-2", "P-2", "group-0"];
    for (const id of ids) expect(await find(id)).toEqual(["JA-1"]);
  });

  test("by the ids that the poller learned, until it is forgotten, also while the poller writes them", async () => {
    const { store, due, stack, hears, find } = await anIndex();
    const learned = (applicationToken: string) =>
      stateOfIds({
        applicationToken,
        at: AT,
        askedAt: AT,
        externalIds: { group: null, partner: null, application: `app of ${applicationToken}` },
        entityIds: { "P-2": "person-2" },
        rootGroup: null,
      });
    const claimed = async (applicationToken: string) => {
      await hears({ group: "group-1" }, applicationToken);
      const claim = { now: AT, until: AT + 1, again: () => AT };
      const found = await due.claim({ applicationToken, dueAt: 1, hasFailed: false }, claim);
      if (found === null) throw new Error("the application is not due");
      return found;
    };
    const ending = { dueAt: null, memory: NEVER_CHECKED, gap: null, at: AT };
    const [kept, forgotten] = [await claimed("JA-1"), await claimed("JA-2")];

    await due.plan(kept, { ...ending, learned: learned("JA-1") });
    await store.mergeState(forgottenState("JA-2", AT), CHECK);
    await due.plan(forgotten, { ...ending, learned: learned("JA-2") });

    for (const id of ["app of JA-1", "person-2", "P-2"]) expect(await find(id)).toEqual(["JA-1"]);
    await expect(find("app of JA-2")).rejects.toThrow("No application has this external id");
    const left = (await itemsOf(stack, "JA-2")).filter(({ sk }) => sk !== "STATE");
    expect(left.flatMap((item) => item["externalId"] ?? [])).toEqual([]);
  });

  test("by no token of a group, which is no entity", async () => {
    const { hears, find } = await anIndex();
    await hears({ group: "group-1" }, "JA-1", AT, "G-1");

    await expect(find("G-1")).rejects.toThrow("No application has this external id");
  });

  test("by its entity's id at no cost, where it has no other and the stage does not index entities", async () => {
    const { hears, find } = await anIndex(false);
    const bill = await billOf(() =>
      hears({ entity: "person-1" }, "JA-1", AT, "P-1").then(() => undefined),
    );
    await hears({ group: "group-2", entity: "person-2" }, "JA-2", AT, "P-2");

    expect([bill.items, bill.indexes]).toEqual([1, 2]);
    expect(await find("person-1")).toEqual(["JA-1"]);
    await expect(find("person-2")).rejects.toThrow("No application has this external id");
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

test("an application is found by each id that it has, whoever named which, in whatever order", async () => {
  const { store, find } = await anIndex(false);
  const oneOf = <Value>(...values: readonly Value[]) => fc.constantFrom(...values);
  const named = fc.record({
    by: oneOf("event", "event", "event", "submission", "answer"),
    after: oneOf(0, 1, 2, 3, 4),
    group: oneOf(null, "g1", "g2", "\u{1F600}", "\uFFFD"),
    partner: oneOf(null, "p1", "p2"),
    application: oneOf(null, null, "a1", "a2"),
  });
  let applications = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(named, { minLength: 1, maxLength: 6 }), async (all) => {
      applications += 1;
      const applicationToken = `JA-named-${applications}`;
      const own = (id: string | null) => id && `${id} of ${applications}`;
      const observations = all.map(({ by, after, group, partner, application }) => {
        const at = AT + after;
        const externalIds = {
          group: own(group),
          partner: own(partner),
          application: own(application),
        };
        if (by === "submission") {
          return stateOfSubmission(aSubmission({ applicationToken, externalIds }));
        }
        if (by === "answer") {
          return stateOfSnapshot(aSnapshot({ applicationToken, externalIds, at }), at, null, null);
        }
        const type = "started_evaluation";
        const ids = { ...externalIds, entity: null };
        return stateOfEvent(aJourneyEvent({ applicationToken, type, at, externalIds: ids }));
      });

      for (const observation of observations) await store.mergeState(observation, CHECK);

      const state = await store.readState(applicationToken);
      expect(state?.externalIds).toEqual(observations.reduce(mergeState).externalIds);
      const ids = Object.values(state?.externalIds ?? {}).filter((id) => id !== null);
      const found = await Promise.all(ids.map((id) => find(id)));
      expect(found.filter((tokens) => !tokens.includes(applicationToken))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
