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
  eventId: "e2",
  type: "completed_application",
  route: "approved",
  origin: "webhook",
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
const BOTH = [message({ messageId: "m1", route: "progressed", eventId: "e1" }), message()];

const faultsOf = (
  alloy: ApplicationAtAlloy,
  received: ReceivedApplication | null,
  published: readonly PublishedMessage[] = BOTH,
) => verdictOn(alloy, received, published, LATE_ROUTES).faults;

describe("the verdict on an application", () => {
  it("is good when all agrees and every effect happened once", () => {
    const verdict = verdictOn(atAlloy(), here(), BOTH, LATE_ROUTES);

    expect(verdict).toMatchObject({
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
    expect(faultsOf(atAlloy(), null, [])).toContain("it is unknown here");
  });

  it("finds another status and another outcome", () => {
    const faults = faultsOf(atAlloy(), here({ status: "running", outcome: null }));

    expect(faults).toEqual([
      "its status is running here but completed at Alloy",
      "its outcome is none here but Approved at Alloy",
    ]);
  });

  it("finds an event that is missing", () => {
    const faults = faultsOf(atAlloy(), here({ events: [STARTED] }), BOTH.slice(0, 1));

    expect(faults).toEqual(["1 of its events are missing here"]);
  });

  it("finds an event that Alloy does not have", () => {
    const faults = faultsOf(atAlloy({ eventIds: ["e2"], expected: { approved: 1 } }), here());

    expect(faults).toContain("1 events exist only here, not at Alloy");
  });

  it("finds an event that took another route than the scenario says", () => {
    const faults = faultsOf(atAlloy({ expected: { progressed: 1, denied: 1 } }), here());

    expect(faults).toEqual([
      "1 events took the route approved, but the scenario has 0",
      "0 events took the route denied, but the scenario has 1",
    ]);
  });

  it("finds an event that was published twice", () => {
    const faults = faultsOf(atAlloy(), here(), [...BOTH, message({ messageId: "m3" })]);

    expect(faults).toEqual(["completed_application was published 2 times"]);
  });

  it("finds an event in the wrong route's queue", () => {
    const faults = faultsOf(atAlloy(), here(), [
      BOTH[0] ?? message(),
      message({ route: "denied" }),
    ]);

    expect(faults).toEqual(["completed_application was published to denied, not approved"]);
  });

  it("finds an event that was not published", () => {
    expect(faultsOf(atAlloy(), here(), BOTH.slice(0, 1))).toEqual([
      "completed_application was not published to approved",
    ]);
  });

  it("takes no offence at a late step that its route does not publish", () => {
    expect(faultsOf(atAlloy(), here(), BOTH.slice(1))).toEqual([]);
  });

  it("finds an event that was published and is not kept", () => {
    const faults = faultsOf(atAlloy(), here(), [
      ...BOTH,
      message({ messageId: "m3", eventId: "e9" }),
    ]);

    expect(faults).toEqual(["1 published events are not recorded here"]);
  });

  it("finds events that could not be processed", () => {
    expect(faultsOf(atAlloy(), here({ failures: 2 }))).toEqual([
      "2 of its events could not be processed",
    ]);
  });

  it("looks at no message of another application", () => {
    const other = message({ messageId: "m9", eventId: "e9", applicationToken: "JA-2" });

    expect(faultsOf(atAlloy(), here(), [...BOTH, other])).toEqual([]);
  });
});
