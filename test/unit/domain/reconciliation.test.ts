import { describe, expect, test } from "vitest";

import {
  matchReports,
  mayBeOneEvent,
} from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import type { EventReport } from "../../../lambdas/domain/event/event-report.ts";
import { aReport } from "../../support/reports.ts";

const AT = 1_760_000_000_000;

/** For each event of the list, the place of its record among the recorded; null: it is missing. */
function recordsOf(atAlloy: readonly EventReport[], recorded: readonly EventReport[]) {
  const numbered = recorded.map((record, place) => ({ ...record, place }));
  return matchReports(atAlloy, numbered).map(({ record }) => record?.place ?? null);
}

/** All of it, as one side or the other may say it. */
const FULL = {
  type: "completed_review",
  at: AT,
  entityApplicationToken: "EA-1",
  entityToken: "P-1",
  nodeId: "1632850500102",
  eventToken: "22752065",
  outcome: "Approved",
} as const;

const SAID_BY_ONE_SIDE = [
  ["the applicant's token", { entityApplicationToken: null }],
  ["the entity's token", { entityToken: null }],
  ["the node", { nodeId: null }],
  ["the event token", { eventToken: null }],
  ["the outcome", { outcome: null }],
  ["an outcome that is blank", { outcome: " " }],
  ["anything but type and time", { ...FULL, ...aReport({ at: AT, type: FULL.type }) }],
] as const;

const CONTRADICTED = [
  ["another applicant", { entityApplicationToken: "EA-2" }],
  ["another entity", { entityToken: "P-2" }],
  ["another node", { nodeId: "1632850500999" }],
  ["another outcome", { outcome: "Denied" }],
  ["another event token", { eventToken: "22752066" }],
  ["another type", { type: "pending_review" }],
  ["another time, more than 2 s away", { at: AT + 2_001 }],
] as const;

describe("two reports", () => {
  test.each(SAID_BY_ONE_SIDE)("may be of one event when one side does not say %s", (_, changes) => {
    const full = aReport(FULL);
    const other = aReport({ ...FULL, at: AT + 1, ...changes });

    expect(mayBeOneEvent(full, other)).toBe(true);
    expect(mayBeOneEvent(other, full)).toBe(true);
    expect(recordsOf([full], [other])).toEqual([0]);
    expect(recordsOf([other], [full])).toEqual([0]);
  });

  test.each(CONTRADICTED)("are of two events when they name %s", (_, changes) => {
    const tokens = "eventToken" in changes ? {} : { eventToken: null };
    const full = aReport(FULL);
    const other = aReport({ ...FULL, at: AT + 1, ...tokens, ...changes });

    expect(mayBeOneEvent(full, other)).toBe(false);
    expect(mayBeOneEvent(other, full)).toBe(false);
    expect(recordsOf([full], [other])).toEqual([null]);
  });

  test("may be of one event when outcomes differ in letters and spaces alone, as routes read them", () => {
    const one = aReport({ ...FULL, outcome: "Approved" });
    const other = aReport({ ...FULL, at: AT + 1, outcome: " approved" });

    expect(mayBeOneEvent(one, other)).toBe(true);
  });

  test("are of two events when their event tokens differ, even under one id", () => {
    const one = aReport({ ...FULL, eventToken: "1" });
    const other = aReport({ ...FULL, eventToken: "2" });

    expect(one.eventId).toBe(other.eventId);
    expect(mayBeOneEvent(one, other)).toBe(false);
  });

  test("are of one event when they bear one event token, however far apart", () => {
    const one = aReport({ ...FULL });
    const other = aReport({ ...FULL, at: AT + 60_000, nodeId: "another" });

    expect(mayBeOneEvent(one, other)).toBe(true);
    expect(recordsOf([one], [other])).toEqual([0]);
  });

  test("are of one event under one id, whatever outcome each side names", () => {
    const one = aReport({ ...FULL, eventToken: null });
    const other = aReport({ ...FULL, eventToken: null, outcome: "Denied" });

    expect(mayBeOneEvent(one, other)).toBe(true);
    expect(recordsOf([one], [other])).toEqual([0]);
  });
});

describe("of events that look alike", () => {
  const review = { ...FULL, eventToken: null, outcome: null } as const;

  test("the applicant's is missing when only the application's came, and the other way round", () => {
    const application = aReport({ ...review, entityApplicationToken: null, entityToken: null });
    const applicant = aReport({ ...review, at: AT + 1_000 });
    const later = { at: AT + 1_001 };

    expect(recordsOf([application, applicant], [aReport({ ...application, at: AT + 1 })])).toEqual([
      0,
      null,
    ]);
    expect(recordsOf([application, applicant], [aReport({ ...applicant, ...later })])).toEqual([
      null,
      0,
    ]);
  });

  test("the lost one of two reviews of one applicant a second apart is missing", () => {
    const [first, second] = [aReport(review), aReport({ ...review, at: AT + 1_000 })];
    const bare = { entityApplicationToken: null, nodeId: null };

    expect(recordsOf([first, second], [aReport({ ...second, ...bare })])).toEqual([null, 0]);
    expect(recordsOf([first, second], [aReport({ ...first, ...bare })])).toEqual([0, null]);
  });

  test.each([0, 1, 2])("exactly one is missing when number %d of three is lost", (lost) => {
    const three = [0, 900, 1_800].map((after) => aReport({ ...review, at: AT + after }));
    const came = three
      .filter((_, index) => index !== lost)
      .map((report) => aReport({ ...report, at: report.at + 40, entityApplicationToken: null }));

    expect(recordsOf(three, came).map((place) => place === null)).toEqual(
      three.map((_, index) => index === lost),
    );
  });

  test("each has its own record when the nearest one is another's", () => {
    // All webhooks are a second behind: the nearest to the second event is the first one's.
    const four = [0, 1_000, 2_000, 3_000].map((after) => aReport({ ...review, at: AT + after }));
    const came = four.map(({ at }) => aReport({ ...review, nodeId: null, at: at + 1_000 }));

    expect(recordsOf(four, came)).toEqual([0, 1, 2, 3]);
  });

  test("no event is left alone because another one took the only record it could have", () => {
    const either = aReport({ ...review, entityApplicationToken: null, at: AT });
    const named = aReport({ ...review, entityApplicationToken: "EA-1", at: AT + 1_500 });
    // The nearest to `either`, and all that `named` could have.
    const near = aReport({ ...review, entityApplicationToken: "EA-1", nodeId: null, at: AT + 1 });
    const far = aReport({ ...review, entityApplicationToken: "EA-2", nodeId: null, at: AT - 900 });

    expect(recordsOf([either, named], [near, far])).toEqual([1, 0]);
  });

  test("of two equally near ones it is the one that agrees in more fields", () => {
    const [unnamed, named] = [
      aReport({ ...review, entityApplicationToken: null, entityToken: null }),
      aReport({ ...review, at: AT + 8 }),
    ];

    // The list rounds, or its clock differs a little: 1 ms and 7 ms are the same.
    expect(recordsOf([unnamed, named], [aReport({ ...review, at: AT + 1 })])).toEqual([null, 0]);
    const application = { ...unnamed, at: AT + 7 };
    expect(recordsOf([unnamed, named], [aReport(application)])).toEqual([0, null]);
  });

  test("a neighbour that alone names the applicant does not take the record of the nearer one", () => {
    const [silent, naming] = [
      aReport({ ...review, entityApplicationToken: null, entityToken: null }),
      aReport({ ...review, at: AT + 19 }),
    ];
    const [first, second] = [
      aReport({ ...review, nodeId: null, at: AT - 1 }),
      aReport({ ...review, nodeId: null, at: AT + 23 }),
    ];

    expect(recordsOf([silent, naming], [first])).toEqual([0, null]);
    expect(recordsOf([silent, naming], [second])).toEqual([null, 0]);
    expect(recordsOf([silent, naming], [first, second])).toEqual([0, 1]);
  });

  test.each(SAID_BY_ONE_SIDE.slice(0, 3))(
    "a neighbour 5 ms away does not take the record of the same millisecond when the list does not say %s",
    (_, changes) => {
      const error = { ...FULL, type: "error", outcome: null };
      const lost = aReport({ ...error, eventToken: "1" });
      const came = aReport({ ...error, at: AT + 5, eventToken: "2", ...changes });
      const record = aReport({ ...error, at: AT + 5, eventToken: null });

      expect(recordsOf([lost, came], [record])).toEqual([null, 0]);
    },
  );

  test("each of 70 a few milliseconds apart has the record of its own millisecond when some name no node", () => {
    const events = Array.from({ length: 70 }, (_, number) => {
      const nodeId = number % 2 === 0 ? null : FULL.nodeId;
      return aReport({ ...FULL, at: AT + 5 * number, eventToken: String(number), nodeId });
    });
    const records = events
      .filter((_, number) => number % 2 === 0)
      .map(({ at }) => aReport({ ...FULL, at, eventToken: null }));

    expect(recordsOf(events, records)).toEqual(
      events.map((_, number) => (number % 2 === 0 ? number / 2 : null)),
    );
  });

  test("one record never stands for two of them", () => {
    const [first, second] = [aReport(review), aReport({ ...review, at: AT + 2 })];

    expect(recordsOf([first, second], [aReport({ ...review, at: AT + 1 })])).toEqual([0, null]);
  });

  test("applicants whom the list tells apart by the entity alone have a record each", () => {
    const listed = ["P-1", "P-2"].map((entityToken) =>
      aReport({ ...review, entityApplicationToken: null, entityToken }),
    );
    const came = ["P-2", "P-1"].map((entityToken) =>
      aReport({ ...review, entityApplicationToken: `EA of ${entityToken}`, entityToken }),
    );

    expect(recordsOf(listed, came)).toEqual([1, 0]);
    expect(recordsOf(listed, came.slice(1))).toEqual([0, null]);
  });
});

describe("Alloy's list", () => {
  test("may hold an event twice: none is missing", () => {
    const event = aReport(FULL);

    expect(recordsOf([event, { ...event }], [aReport({ ...FULL, at: AT + 1 })])).toEqual([0, 0]);
  });

  test("may hold two events of one id: what cannot be recorded apart is not missed for ever", () => {
    const [one, other] = [
      aReport({ ...FULL, eventToken: "1" }),
      aReport({ ...FULL, eventToken: "2" }),
    ];

    expect(recordsOf([one, other], [aReport({ ...FULL, eventToken: "1" })])).toEqual([0, 0]);
  });

  test("may give many events one event token, which then tells nothing", () => {
    const [one, other] = [aReport(FULL), aReport({ ...FULL, at: AT + 60_000 })];
    const came = [aReport({ ...FULL, at: AT + 60_001 }), aReport({ ...FULL, at: AT + 1 })];

    expect(recordsOf([one, other], came)).toEqual([1, 0]);
  });

  test("keeps its order", () => {
    const listed = [3, 1, 2].map((after) => aReport({ ...FULL, at: AT + after * 60_000 }));

    expect(matchReports(listed, []).map(({ event }) => event)).toEqual(listed);
  });
});
