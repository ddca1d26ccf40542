import { describe, expect, expectTypeOf, test } from "vitest";

import * as events from "../../../events/index.ts";
import type { EventOf, JourneyBusEvent, RoutedEvent } from "../../../events/index.ts";
import { EVENT_SOURCE, ROUTE_IDS, ROUTE_TITLES } from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { pascalCase } from "../../../lib/pascal-case.ts";
import { A_GAP_NOTICE, AN_INVESTIGATION_GAP_NOTICE } from "../../support/gap-notice.ts";

const { EventError, parseDetail, parseEvent } = events;

const DETAIL = {
  version: 1,
  eventId: "0123456789abcdef0123456789abcdef",
  route: "approved",
  environment: "sandbox",
  applicationToken: "JA-1",
  journeyToken: "J-1",
  journeyName: "Onboarding",
  eventType: "completed_application",
  eventAt: "2026-11-23T20:00:00.000Z",
  status: "completed",
  outcome: "Approved",
  entityToken: null,
  entityApplicationToken: null,
  node: { id: null, type: null },
  externalIds: { group: "acct-1", entity: null, partner: null, application: null },
  origin: "webhook",
  receivedAt: "2026-11-23T20:00:00.500Z",
  late: false,
};
const INVESTIGATION = {
  token: "INV-1",
  status: "created",
  type: null,
  outcome: null,
  alertTokens: [],
  entityTokens: [],
};
const DECISION = {
  previous: null,
  outcomeReasons: [{ name: "Address mismatch", type: "adverse_action", adverseAction: true }],
  tags: null,
  outputAttributes: { credit_limit: "2500", limits: { monthly: 3 } },
  omitted: null,
  dashboardUrl: null,
  answeredAt: "2026-11-23T20:01:00.000Z",
};
const GAP_ID = { gapId: "0123456789abcdef0123456789abcdef" };

/** As EventBridge delivers it. */
function onTheBus(detail: unknown, title: string = ROUTE_TITLES.approved): Record<string, unknown> {
  return {
    version: "0",
    id: "1",
    "detail-type": title,
    source: EVENT_SOURCE,
    resources: [],
    detail,
  };
}

/** Of this route, with what its route has. */
function detailOf(route: RouteId): Record<string, unknown> {
  const isOfInvestigation = route.startsWith("investigation-");
  return {
    ...DETAIL,
    route,
    ...(isOfInvestigation && { investigation: INVESTIGATION }),
    ...(route === "decided" && { decision: DECISION }),
  };
}

/** What went wrong. */
function errorOf(event: unknown): InstanceType<typeof EventError> {
  try {
    parseEvent(event);
  } catch (error) {
    if (error instanceof EventError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("an event of the bus", () => {
  test("is read as an object, and as the text of a queue's message", () => {
    expect(parseEvent(onTheBus(DETAIL))).toEqual(DETAIL);
    expect(parseEvent(JSON.stringify(onTheBus(DETAIL)))).toEqual(DETAIL);
    expect(parseDetail(JSON.stringify(DETAIL))).toEqual(DETAIL);
  });

  test("keeps the fields that this release does not know, however deep", () => {
    const later = { ...DETAIL, tomorrow: [1], node: { ...DETAIL.node, name: "Start" } };

    expect(parseEvent({ ...onTheBus(later), "replay-name": "r" })).toEqual(later);
  });

  test("of a route that this release does not know is read, and is of no route that it knows", () => {
    const later = parseEvent(onTheBus({ ...DETAIL, route: "celebrated" }, "Journey Celebrated"));

    expect(events.isRouted(later) && later.route).toBe("celebrated");
    expect(ROUTE_IDS.filter((route) => guardOf(route)(later))).toEqual([]);
  });

  test.each(ROUTE_IDS)("of the route %s is told by its own guard alone", (route) => {
    const event = parseEvent(onTheBus(detailOf(route), ROUTE_TITLES[route]));

    expect(ROUTE_IDS.filter((other) => guardOf(other)(event))).toEqual([route]);
    expect(events.isDeliveryGap(event)).toBe(false);
  });

  test("about a delivery gap is told by its guard", () => {
    const gap = parseEvent(
      onTheBus({ ...A_GAP_NOTICE, ...GAP_ID }, events.DELIVERY_GAP_DETAIL_TYPE),
    );
    const ofInvestigation = parseDetail({ ...AN_INVESTIGATION_GAP_NOTICE, ...GAP_ID });

    const guards = [events.isDeliveryGap, events.isInvestigationDeliveryGap, events.isRouted];
    expect(guards.map((guard) => guard(gap))).toEqual([true, false, false]);
    expect(guards.map((guard) => guard(ofInvestigation))).toEqual([false, true, false]);
  });
});

describe("what cannot be read", () => {
  const { eventId: _, ...withoutId } = DETAIL;

  test.each([
    ["{", "not-an-event", "The event is not JSON."],
    [null, "not-an-event", 'The event is no EventBridge event: "detail-type" is no text.'],
    [[DETAIL], "not-an-event", 'The event is no EventBridge event: "detail-type" is no text.'],
    [
      { ...onTheBus(DETAIL), source: "bank.onboarding" },
      "not-an-event",
      'The event is not of this stack: its source is not "alloy.journeys".',
    ],
    [
      onTheBus({ ...DETAIL, version: 2 }),
      "unknown-version",
      'The event "Journey Application Approved" has version 2, and this release of alloy-journey-webhooks reads version 1: update the package.',
    ],
    [
      onTheBus({ version: 1 }, "Daily Statement"),
      "unknown-title",
      'The event "Daily Statement" is none that this release of alloy-journey-webhooks knows, and has no route.',
    ],
    [
      onTheBus(withoutId),
      "bad-field",
      'The event "Journey Application Approved" cannot be read: "eventId" is missing.',
    ],
    [
      onTheBus({ ...DETAIL, late: "no", node: { id: 1, type: null } }),
      "bad-field",
      'The event "Journey Application Approved" cannot be read: "node.id" is a number and has to be string; "late" is a string and has to be boolean.',
    ],
    [
      onTheBus({ ...DETAIL, applicationToken: null }),
      "bad-field",
      'The event "Journey Application Approved" has no "applicationToken", as its route has.',
    ],
    [
      onTheBus({ ...DETAIL, version: undefined }),
      "bad-field",
      'The event "Journey Application Approved" cannot be read: "version" is missing.',
    ],
  ] as const)("is refused in a sentence: %#", (event, code, sentence) => {
    expect(errorOf(event)).toMatchObject({ code, message: sentence });
  });

  test("is quoted nowhere: it may be personal", () => {
    const secret = "Ada Lovelace";
    const hostile = [
      `"${secret}`,
      secret,
      ...Object.keys(DETAIL).map((field) => onTheBus({ ...DETAIL, [field]: [secret] })),
      ...Object.keys(DETAIL).map((field) => onTheBus({ ...DETAIL, [field]: { [secret]: secret } })),
      onTheBus({
        ...DETAIL,
        environment: secret,
        eventId: secret,
        eventAt: secret,
        origin: secret,
      }),
    ];

    for (const event of hostile) expect(errorOf(event).message).not.toContain(secret);
  });
});

test("a guard says what its route has", () => {
  expectTypeOf<EventOf<"approved">["applicationToken"]>().toEqualTypeOf<string>();
  expectTypeOf<EventOf<"other">["applicationToken"]>().toEqualTypeOf<string | null>();
  expectTypeOf<EventOf<"investigation-closed">["investigation"]["token"]>().toEqualTypeOf<string>();
  expectTypeOf<RoutedEvent>().toExtend<JourneyBusEvent>();
  expectTypeOf(events.isApproved).guards.toEqualTypeOf<EventOf<"approved">>();
  expect(ROUTE_IDS.map(guardOf)).toHaveLength(ROUTE_IDS.length);
});

/** The guard of a route. @throws Error when it has none. */
function guardOf(route: RouteId): (event: JourneyBusEvent) => boolean {
  const name = `is${pascalCase(route)}`;
  const guard: unknown = Reflect.get(events, name);
  if (typeof guard !== "function") throw new Error(`events/guards.ts has no ${name}`);
  return (event) => guard(event) === true;
}
