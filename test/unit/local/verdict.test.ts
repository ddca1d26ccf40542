import { describe, expect, it } from "vitest";
import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import type {
  PublishedMessage,
  ReceivedApplication,
} from "../../../tools/local/scenarios/receiver.ts";
import { verdictOn } from "../../../tools/local/scenarios/verdict.ts";
import type { ApplicationAtAlloy } from "../../../tools/local/scenarios/verdict.ts";

const TOKEN = "JA-1";
/** As the stage is by default: a late step of the way is not published. */
const LATE_ROUTES = new Set(ROUTE_IDS.filter((route) => route !== "progressed"));

const STARTED = {
  eventId: "e1",
  type: "started_application",
  route: "progressed",
  origin: "webhook",
} as const;
const APPROVED = {
  ...STARTED,
  eventId: "e2",
  type: "completed_application",
  route: "approved",
} as const;

function atAlloy(changes: Partial<ApplicationAtAlloy> = {}): ApplicationAtAlloy {
  return {
    applicationToken: TOKEN,
    scenario: "approved-at-once",
    status: "completed",
    outcome: "Approved",
    eventIds: ["e1", "e2"],
    expected: { progressed: 1, approved: 1 },
    ...changes,
  };
}

function here(changes: Partial<ReceivedApplication> = {}): ReceivedApplication {
  return {
    status: "completed",
    outcome: "Approved",
    failures: 0,
    events: [STARTED, APPROVED],
    ...changes,
  };
}

function message(changes: Partial<PublishedMessage> = {}): PublishedMessage {
  return {
    messageId: "m2",
    route: "approved",
    eventId: "e2",
    applicationToken: TOKEN,
    investigationToken: null,
    body: "{}",
    ...changes,
  };
}
const FIRST = message({ messageId: "m1", route: "progressed", eventId: "e1" });
const BOTH = [FIRST, message()];

describe("the verdict on an application", () => {
  it("is good when all agrees and every effect happened once", () => {
    expect(verdictOn(atAlloy(), here(), BOTH, LATE_ROUTES)).toMatchObject({
      faults: [],
      received: 2,
      healed: 0,
      published: { progressed: 1, approved: 1 },
    });
  });

  it("counts what the poller brought as healed", () => {
    const healed = here({ events: [STARTED, { ...APPROVED, origin: "poll" }] });

    const verdict = verdictOn(atAlloy(), healed, BOTH, LATE_ROUTES);

    expect(verdict).toMatchObject({ faults: [], received: 1, healed: 1 });
  });

  it("finds an application of which nothing is known", () => {
    const { faults } = verdictOn(atAlloy(), null, [], LATE_ROUTES);

    expect(faults).toContain("it is unknown here");
  });

  it.each<
    [
      string,
      Partial<ApplicationAtAlloy>,
      Partial<ReceivedApplication>,
      readonly PublishedMessage[],
      ...(readonly string[]),
    ]
  >([
    [
      "another status and another outcome",
      {},
      { status: "running", outcome: null },
      BOTH,
      "its status is running here but completed at Alloy",
      "its outcome is none here but Approved at Alloy",
    ],
    [
      "an event that is missing",
      {},
      { events: [STARTED] },
      [FIRST],
      "1 of its events are missing here",
    ],
    [
      "an event that Alloy does not have",
      { eventIds: ["e2"], expected: { approved: 1 } },
      {},
      BOTH,
      "1 events exist only here, not at Alloy",
      "1 events took the route progressed, but the scenario has 0",
    ],
    [
      "an event that took another route than the scenario says",
      { expected: { progressed: 1, denied: 1 } },
      {},
      BOTH,
      "1 events took the route approved, but the scenario has 0",
      "0 events took the route denied, but the scenario has 1",
    ],
    [
      "an event that was published twice",
      {},
      {},
      [...BOTH, message({ messageId: "m3" })],
      "completed_application was published 2 times",
    ],
    [
      "an event in the wrong route's queue",
      {},
      {},
      [FIRST, message({ route: "denied" })],
      "completed_application was published to denied, not approved",
    ],
    [
      "an event that was not published",
      {},
      {},
      [FIRST],
      "completed_application was not published to approved",
    ],
    [
      "an event that was published and is not kept",
      {},
      {},
      [...BOTH, message({ messageId: "m3", eventId: "e9" })],
      "1 published events are not recorded here",
    ],
    [
      "events that could not be processed",
      {},
      { failures: 2 },
      BOTH,
      "2 of its events could not be processed",
    ],
    ["nothing in a late step that its route does not publish", {}, {}, [message()]],
    [
      "nothing in a message of another application",
      {},
      {},
      [...BOTH, message({ messageId: "m9", eventId: "e9", applicationToken: "JA-2" })],
    ],
  ])("finds %s", (_, alloy, received, published, ...faults) => {
    const verdict = verdictOn(atAlloy(alloy), here(received), published, LATE_ROUTES);

    expect(verdict.faults).toEqual(faults);
  });
});
