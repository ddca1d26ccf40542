import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  entitiesIn,
  entityIdsOf,
  mergeEntityIds,
} from "../../../lambdas/domain/application/entity-ids.ts";
import type { EntityIds } from "../../../lambdas/domain/application/entity-ids.ts";
import { learnedIds } from "../../../lambdas/domain/application/learned-ids.ts";
import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { publishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { ENTITY_IDS } from "../../../lambdas/settings/limits.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aSnapshot } from "../../support/snapshots.ts";

const NO_IDS = { group: null, entity: null, partner: null, application: null };
const ASKED_AT = 1_760_000_000_000;

const anyIds: fc.Arbitrary<EntityIds> = fc.dictionary(
  fc.integer({ min: 0, max: 2 * ENTITY_IDS.most }).map((number) => `P-${number}`),
  fc.constantFrom("", "person-1", "person-2"),
  { maxKeys: ENTITY_IDS.most },
);

describe("the entities of an application", () => {
  test("are the same in whatever order they come, also where there are more than are kept", () => {
    fc.assert(
      fc.property(anyIds, anyIds, anyIds, (one, two, three) => {
        const merged = mergeEntityIds(mergeEntityIds(one, two), three);
        expect(mergeEntityIds(three, mergeEntityIds(two, one))).toEqual(merged);
        expect(mergeEntityIds(merged, two)).toEqual(merged);
        expect(Object.keys(merged).length).toBeLessThanOrEqual(ENTITY_IDS.most);
      }),
    );
  });

  test("are one where a report leaves out the token, or the client's id", () => {
    const ids = [
      entityIdsOf([{ token: null, externalId: "person-1" }]),
      entityIdsOf([{ token: "P-1", externalId: null }]),
      entityIdsOf([{ token: "P-1", externalId: "person-1" }]),
    ].reduce(mergeEntityIds);

    expect(entitiesIn(ids)).toEqual([{ token: "P-1", externalId: "person-1" }]);
  });

  test("are all on an event of the whole application, and the group is none of them", () => {
    const at = 1_760_000_000_000;
    const named = (token: string, entity: string) =>
      stateOfEvent(aJourneyEvent({ entityToken: token, externalIds: { ...NO_IDS, entity }, at }));
    const event = aJourneyEvent({ type: "completed_application", entityToken: "G-1", at: at + 1 });
    const states = [named("P-1", "person-1"), named("B-1", "company-1"), stateOfEvent(event)];

    const published = publishedEvent({
      event,
      sequence: 1,
      route: "approved",
      state: states.reduce(mergeState),
      late: false,
      receipt: { receiptId: "receipt", origin: "webhook", receivedAt: at + 2 },
      environment: "sandbox",
    });

    expect(published.entityToken).toBe("G-1");
    expect(published.entities).toEqual([
      { token: "B-1", externalId: "company-1" },
      { token: "P-1", externalId: "person-1" },
    ]);
  });
});

describe("what Alloy's answer alone names", () => {
  const known = stateOfEvent(
    aJourneyEvent({
      externalIds: { ...NO_IDS, group: "group-1", entity: "person-1" },
      entityToken: "P-1",
    }),
  );
  const externalIds = { group: "group-1", partner: null, application: null };

  test("is nothing, where webhooks have named it all", () => {
    const snapshot = aSnapshot({ externalIds, entityIds: { "P-1": "person-1" } });

    expect(learnedIds(known, snapshot, ASKED_AT)).toBeNull();
  });

  test("is learned once: the application's id, the root's group, and an entity", () => {
    const { chain } = aSnapshot();
    const snapshot = aSnapshot({
      externalIds: { ...externalIds, application: "app-1" },
      entityIds: { "P-1": "person-1", "P-2": "person-2" },
      chain: { ...chain, rootGroup: "group-0" },
    });

    const learned = learnedIds(known, snapshot, ASKED_AT);
    const after = mergeState(known, learned ?? known);

    expect(after.externalIds).toEqual({ ...externalIds, application: "app-1" });
    expect(after.entityIds).toEqual({ "P-1": "person-1", "P-2": "person-2" });
    expect(after.chain.rootGroup?.token).toBe("group-0");
    expect(after.answer).toBeNull();
    expect(learnedIds(after, snapshot, ASKED_AT + 1)).toBeNull();
  });
});
