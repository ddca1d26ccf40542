import { describe, expect, test } from "vitest";

import { bothSides } from "../../support/both-sides.ts";
import type { Said } from "../../support/both-sides.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const STARTED: Said = { type: "started_application", timestamp: AT - MINUTE };

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

/** Checks twice: what the first queued must leave nothing for the second. */
async function checkTwice(sides: ReturnType<typeof bothSides>, events: readonly Said[]) {
  for (const minutes of [15, 30]) {
    await sides.check(AT + minutes * MINUTE, { events, status: "completed", outcome: "Approved" });
  }
}

/** What downstream heard of the end, by Alloy's events or by its own answer. */
function ends({ published }: ReturnType<typeof bothSides>) {
  return published.map(({ route }) => route).filter((route) => route !== "progressed");
}

describe.each(Object.entries(FIELDS))("an end of which one side does not say %s", (_, field) => {
  test.each([0, 1, -400])(
    "is published once, and no gap is told, when the list lacks it and is %i ms off",
    async (off) => {
      const sides = bothSides();
      await sides.webhook(STARTED);
      await sides.webhook(END);

      await checkTwice(sides, [STARTED, without(field, AT + off)]);

      expect(ends(sides)).toEqual(["approved"]);
      expect(sides.notices).toEqual([]);
    },
  );

  test.each([0, 1, -400])(
    "is published once, and no gap is told, when the webhook lacks it and is %i ms off",
    async (off) => {
      const sides = bothSides();
      await sides.webhook(STARTED);
      await sides.webhook(without(field, AT + off));

      await checkTwice(sides, [STARTED, END]);

      expect(ends(sides)).toEqual(["approved"]);
      expect(sides.notices).toEqual([]);
    },
  );
});

describe("an end whose webhook names no outcome", () => {
  test.each([
    ["at the time of Alloy's list", {}],
    ["a millisecond after Alloy's list", { timestamp: AT + 1 }],
    ["1.9 s after Alloy's list", { timestamp: AT + 1_900 }],
    ["400 ms before Alloy's list", { timestamp: AT - 400 }],
    ["without the node", { _embedded: null }],
    ["without the node, and a millisecond later", { _embedded: null, timestamp: AT + 1 }],
    ["without the applicant", { entity_application_token: null, timestamp: AT + 1 }],
  ])("is published as approved once, by Alloy's word, when it came %s", async (__, changes) => {
    const sides = bothSides();
    await sides.webhook(STARTED);
    await sides.webhook({ ...END, outcome: null, ...changes });

    await checkTwice(sides, [STARTED, END]);

    expect(ends(sides)).toEqual(["completed", "approved"]);
    expect(sides.notices).toEqual([]);
  });

  test("is published as approved once when only the event of the list names the outcome", async () => {
    const sides = bothSides();
    await sides.webhook(STARTED);
    await sides.webhook({ ...END, outcome: null, timestamp: AT + 1 });

    for (const minutes of [15, 30]) {
      await sides.check(AT + minutes * MINUTE, { events: [STARTED, END], status: "completed" });
    }

    expect(ends(sides)).toEqual(["completed", "approved"]);
    expect(sides.notices).toEqual([]);
  });
});

test("an end whose webhook names the outcome is not taken back by a list that does not", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  await sides.webhook({ ...END, timestamp: AT + 1 });

  for (const minutes of [15, 30]) {
    const events = [STARTED, without("outcome", AT)];
    await sides.check(AT + minutes * MINUTE, { events, status: "completed" });
  }

  expect(ends(sides)).toEqual(["approved"]);
  expect(sides.notices).toEqual([]);
});

describe("of two reviews of one applicant a second apart", () => {
  const review = (timestamp: number, changes: object = {}): Said => ({
    type: "completed_review",
    timestamp,
    entity_application_token: "EA-1",
    entity_token: "P-1",
    _embedded: { node: { id: "1632850500102", type: "review" } },
    ...changes,
  });
  const listed = [
    STARTED,
    review(AT, { journey_application_event_token: "1" }),
    review(AT + 1_000, { journey_application_event_token: "2" }),
  ];
  const bare = { entity_application_token: null, _embedded: null };

  test.each([
    ["first", AT],
    ["second", AT + 1_000],
  ])("the lost one is healed, and nothing else, when the %s came", async (__, came) => {
    const sides = bothSides();
    await sides.webhook(STARTED);
    await sides.webhook(review(came + 3, bare));

    await sides.check(AT + 15 * MINUTE, { events: listed, status: "running" });
    await sides.check(AT + 30 * MINUTE, { events: listed, status: "running" });

    const lost = came === AT ? AT + 1_000 : AT;
    const { events } = await sides.store.history("JA-exampleBothSides0001");
    expect(events.filter(({ origin }) => origin === "poll").map(({ at }) => at)).toEqual([lost]);
    expect(sides.notices.map(({ change, eventCount }) => [change, eventCount])).toEqual([
      ["opened", 1],
      ["closed", 1],
    ]);
  });

  test("none is told as missing when both came, whatever the list leaves out", async () => {
    const sides = bothSides();
    for (const event of [STARTED, review(AT), review(AT + 1_000)]) await sides.webhook(event);

    const events = listed.map((event) => ({ ...event, ...bare, entity_token: null }));
    await sides.check(AT + 15 * MINUTE, { events, status: "running" });

    expect(sides.notices).toEqual([]);
  });
});

test("of two errors of one applicant 5 ms apart, each is recorded once when the list names no node of the one that came", async () => {
  const sides = bothSides();
  const error = (timestamp: number, changes: object = {}): Said => ({
    type: "error",
    timestamp,
    entity_application_token: "EA-1",
    entity_token: "P-1",
    _embedded: { node: { id: "1632850500102", type: "service" } },
    ...changes,
  });
  await sides.webhook(STARTED);
  await sides.webhook(error(AT + 5));

  const events = [
    STARTED,
    error(AT, { journey_application_event_token: "1" }),
    error(AT + 5, { journey_application_event_token: "2", _embedded: null }),
  ];
  await sides.check(AT + 15 * MINUTE, { events, status: "running" });
  await sides.webhook(error(AT), AT + 20 * MINUTE);
  await sides.check(AT + 30 * MINUTE, { events, status: "running" });

  const { events: recorded } = await sides.store.history("JA-exampleBothSides0001");
  const errors = recorded.filter(({ type }) => type === "error");
  expect(errors.map(({ at, origin }) => [at, origin])).toEqual([
    [AT, "poll"],
    [AT + 5, "webhook"],
  ]);
});

test("a webhook that comes after its gap was told is not told as late too, however it names the event", async () => {
  const sides = bothSides();
  await sides.webhook(STARTED);
  const events = [STARTED, END];
  const answer = { events, status: "completed", outcome: "Approved" };
  // What the poller queued is held up in the queue.
  await sides.check(AT + 15 * MINUTE, answer, { heal: false });

  await sides.webhook(without("_embedded", AT + 3), AT + 20 * MINUTE);
  await sides.check(AT + 30 * MINUTE, answer);

  expect(ends(sides)).toEqual(["approved"]);
  expect(sides.notices.map(({ change, stage }) => [change, stage])).toEqual([
    ["opened", "not-delivered"],
    ["closed", "not-delivered"],
  ]);
});
