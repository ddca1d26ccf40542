import { describe, expect, test } from "vitest";

import {
  AT,
  decided,
  MINUTE,
  minutes,
  sidesAfter,
  STARTED,
  TOKEN,
} from "../../support/both-sides.ts";
import type { Said, Sides } from "../../support/both-sides.ts";

/** All that a side could say of the end. */
const END = {
  type: "completed_application",
  timestamp: AT,
  outcome: "Approved",
  entity_token: "G-1",
  entity_application_token: "EA-1",
  journey_application_event_token: "22752065",
  _embedded: { node: { id: "1632850500102", type: "outcome" } },
} as const;

/** The fields that one side may not say; Alloy's own example of its list names no applicant's token. */
const FIELDS = {
  "the applicant's token": "entity_application_token",
  "the entity's token": "entity_token",
  "the event token": "journey_application_event_token",
  "the node": "_embedded",
} as const;

function without(field: string, timestamp: number): Said {
  const { [field]: _, ...rest }: Readonly<Record<string, unknown>> = END;
  return { type: END.type, ...rest, timestamp };
}

/** Of one applicant, of which a side says besides. */
const ofApplicant = (type: string, timestamp: number, says: object = {}): Said => ({
  type,
  timestamp,
  entity_application_token: "EA-1",
  entity_token: "P-1",
  _embedded: { node: { id: "1632850500102", type: "review" } },
  ...says,
});

const noticesOf = ({ notices }: Sides) =>
  notices.map(({ change, eventCount }) => [change, eventCount]);

describe.each(Object.entries(FIELDS))("an end of which one side does not say %s", (_, field) => {
  describe.each([0, 1, -400])("is published once, and no gap is told, %i ms off,", (off) => {
    test.each([
      ["the list", END, without(field, AT + off)],
      ["the webhook", without(field, AT + off), END],
    ])("when %s lacks it", async (__, webhook, listed) => {
      const sides = await sidesAfter(STARTED, webhook);

      // What the first check queued must leave nothing for the second.
      await sides.check(minutes(15, 30), decided("Approved", STARTED, listed));

      expect(sides.ends()).toEqual(["approved"]);
      expect(sides.notices).toEqual([]);
    });
  });
});

test.each([
  ["at the time of Alloy's list", {}],
  ["a millisecond after Alloy's list", { timestamp: AT + 1 }],
  ["1.9 s after Alloy's list", { timestamp: AT + 1_900 }],
  ["400 ms before Alloy's list", { timestamp: AT - 400 }],
  ["without the node", { _embedded: null }],
  ["without the node, and a millisecond later", { _embedded: null, timestamp: AT + 1 }],
  ["without the applicant", { entity_application_token: null, timestamp: AT + 1 }],
])(
  "an end whose webhook names no outcome is published as approved once, by Alloy's word, when it came %s",
  async (__, changes) => {
    const sides = await sidesAfter(STARTED, { ...END, outcome: null, ...changes });

    await sides.check(minutes(15, 30), decided("Approved", STARTED, END));

    expect(sides.ends()).toEqual(["completed", "approved"]);
    expect(sides.notices).toEqual([]);
  },
);

test.each([
  [
    "is published as approved once when only the event of the list names the outcome",
    { ...END, outcome: null, timestamp: AT + 1 },
    END,
    ["completed", "approved"],
  ],
  [
    "whose webhook names the outcome is not taken back by a list that does not",
    { ...END, timestamp: AT + 1 },
    without("outcome", AT),
    ["approved"],
  ],
])("an end %s", async (_, webhook, listed, ends) => {
  const sides = await sidesAfter(STARTED, webhook);

  await sides.check(minutes(15, 30), { events: [STARTED, listed], status: "completed" });

  expect(sides.ends()).toEqual(ends);
  expect(sides.notices).toEqual([]);
});

describe("of two reviews of one applicant a second apart", () => {
  const review = (at: number, says?: object) => ofApplicant("completed_review", at, says);
  const listed = [
    STARTED,
    review(AT, { journey_application_event_token: "1" }),
    review(AT + 1_000, { journey_application_event_token: "2" }),
  ];
  const bare = { entity_application_token: null, _embedded: null };

  test.each([
    ["first", AT, AT + 1_000],
    ["second", AT + 1_000, AT],
  ])("the lost one is healed, and nothing else, when the %s came", async (__, came, lost) => {
    const sides = await sidesAfter(STARTED, review(came + 3, bare));

    await sides.check(minutes(15, 30), { events: listed, status: "running" });

    const { events } = await sides.store.history(TOKEN);
    expect(events.filter(({ origin }) => origin === "poll").map(({ at }) => at)).toEqual([lost]);
    expect(noticesOf(sides)).toEqual([
      ["opened", 1],
      ["closed", 1],
    ]);
  });

  test("none is told as missing when both came, whatever the list leaves out", async () => {
    const sides = await sidesAfter(STARTED, review(AT), review(AT + 1_000));

    const events = listed.map((event) => ({ ...event, ...bare, entity_token: null }));
    await sides.check(minutes(15), { events, status: "running" });

    expect(sides.notices).toEqual([]);
  });
});

test("of two errors of one applicant 5 ms apart, each is recorded once when the list names no node of the one that came", async () => {
  const error = (at: number, says?: object) => ofApplicant("error", at, says);
  const events = [
    STARTED,
    error(AT, { journey_application_event_token: "1" }),
    error(AT + 5, { journey_application_event_token: "2", _embedded: null }),
  ];
  const sides = await sidesAfter(STARTED, error(AT + 5));

  await sides.check(minutes(15), { events, status: "running" });
  await sides.webhook(error(AT), AT + 20 * MINUTE);
  await sides.check(minutes(30), { events, status: "running" });

  const { events: recorded } = await sides.store.history(TOKEN);
  const errors = recorded.filter(({ type }) => type === "error");
  expect(errors.map(({ at, origin }) => [at, origin])).toEqual([
    [AT, "poll"],
    [AT + 5, "webhook"],
  ]);
});

test("a webhook that comes after its gap was told is not told as late too, however it names the event", async () => {
  const sides = await sidesAfter(STARTED);
  const answer = decided("Approved", STARTED, END);
  // What the poller queued is held up in the queue.
  await sides.check(minutes(15), answer, { heal: false });

  await sides.webhook(without("_embedded", AT + 3), AT + 20 * MINUTE);
  await sides.check(minutes(30), answer);

  expect(sides.ends()).toEqual(["approved"]);
  expect(sides.notices.map(({ change, stage }) => [change, stage])).toEqual([
    ["opened", "not-delivered"],
    ["closed", "not-delivered"],
  ]);
});
