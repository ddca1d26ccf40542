import { describe, expect, test } from "vitest";

import { outcomesReached } from "../../../lambdas/domain/routing/counted-outcome.ts";
import { outcomesOf, publicationOf } from "../../../lambdas/domain/routing/journey-routes.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { routeFor } from "../../../lambdas/domain/routing/route.ts";
import { perRoute } from "../../../lib/config/per-route.ts";
import { aConsumer, routesWithout } from "../../support/consumer.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { changedWebhook } from "../../support/parsed-webhook.ts";

const START = Date.UTC(2026, 10, 23, 20);
const JOURNEY = "J-VCQoADBJxeHtmdAvFqoS";
const journeyRoutes = {
  [JOURNEY]: {
    outcomes: { "approved with conditions": "approved", approved: "manual-review" },
    routes: { progressed: { publish: true }, denied: { publishLate: true } },
  },
} as const;
const settings = { routes: routesWithout("progressed"), journeyRoutes };
const routeOf = (journeyToken: string, outcome: string | null, type = "completed_application") =>
  routeFor({ type, outcome }, outcomesOf(journeyToken, settings));

describe("a Journey's own outcomes", () => {
  test.each([
    ["its own word, in any case of letters", JOURNEY, " Approved WITH conditions", "approved"],
    ["its own meaning of Alloy's word", JOURNEY, "Approved", "manual-review"],
    ["what it does not name", JOURNEY, "Denied", "denied"],
    ["no outcome", JOURNEY, null, "completed"],
    ["another Journey's", "J-other", "Approved with conditions", "completed"],
    ["a word that every object knows", JOURNEY, "constructor", "completed"],
    ["a Journey that every object knows", "constructor", "Approved", "approved"],
  ])("come before the rules for all: %s", (_, journeyToken, outcome, route) => {
    expect(routeOf(journeyToken, outcome)).toBe(route);
  });

  test("say nothing of an event that ends nothing", () => {
    expect(routeOf(JOURNEY, "Approved", "pending_review")).toBe("manual-review");
    expect(routeOf(JOURNEY, "Approved with conditions", "completed_branch")).toBe("progressed");
  });

  test("are what an application is counted under", () => {
    const ended = aJourneyEvent({
      type: "completed_application",
      journeyToken: JOURNEY,
      outcome: "Approved with conditions",
    });

    const reached = outcomesReached(
      { before: null, after: stateOfEvent(ended) },
      outcomesOf(JOURNEY, settings),
    );

    expect(reached).toContain("approved");
  });
});

describe("a Journey's own publishing", () => {
  test("changes what it names, and leaves the rest as the stage has it", () => {
    expect(publicationOf(JOURNEY, "progressed", settings)).toEqual({
      publish: true,
      publishLate: false,
    });
    expect(publicationOf(JOURNEY, "denied", settings)).toEqual({
      publish: true,
      publishLate: true,
    });
    expect(publicationOf("J-other", "progressed", settings).publish).toBe(false);
    expect(publicationOf(null, "denied", settings)).toEqual({ publish: true, publishLate: false });
  });

  test("is what the consumer does", async () => {
    const consumer = aConsumer({ settings });
    const of = (type: string, token: string, journey_token: string, outcome: string | null) =>
      changedWebhook(webhookOf(type, token, START), { journey_token, outcome });

    await consumer.receive(
      of("started_application", "JA-1", JOURNEY, null),
      of("started_application", "JA-2", "J-other", null),
      of("completed_application", "JA-3", JOURNEY, "Approved with conditions"),
      of("completed_application", "JA-4", "J-other", "Approved with conditions"),
    );

    expect(
      consumer.published.map(({ applicationToken, route, outcome }) => [
        applicationToken,
        route,
        outcome,
      ]),
    ).toEqual([
      ["JA-1", "progressed", null],
      ["JA-3", "approved", "Approved with conditions"],
      ["JA-4", "completed", "Approved with conditions"],
    ]);
    expect([...consumer.store.events.values()].map(({ route }) => route)).toContain("approved");
  });

  test("of no Journey leaves every route as it is", () => {
    const none = { routes: perRoute(() => ({ publish: true, publishLate: false })) };

    expect(publicationOf(JOURNEY, "approved", { ...none, journeyRoutes: {} })).toEqual({
      publish: true,
      publishLate: false,
    });
  });
});
