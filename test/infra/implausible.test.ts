import { describe, expect, it } from "vitest";
import { EVENT_TYPES } from "../../lambdas/domain/event/event-types.ts";
import { routeFor } from "../../lambdas/domain/routing/route.ts";
import { DECIDING_EVENT_TYPES } from "../../lambdas/settings/routes.ts";
import { EXAMPLE_PRODUCTION, localStage, SANDBOX } from "../../lib/config/default-stages.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { LEFT_OUT, sentencesOf, withEverything, withSetting } from "../support/stages.ts";

const DAY = 86_400_000;
const live = EXAMPLE_PRODUCTION;

describe("what is well-formed and nobody can mean is refused in a sentence", () => {
  it.each<readonly [string, StageConfiguration, readonly string[]]>([
    [
      "a live stage that asks Alloy's sandbox",
      withSetting(live, "alloy.baseUrl", "https://sandbox.alloy.co/v1"),
      [
        'alloy.baseUrl: "https://sandbox.alloy.co/v1" was given, but it must be Alloy\'s live API, such as https://api.alloy.co/v1: environment is "live"; ',
      ],
    ],
    [
      "a live stage that asks a sandbox of the client's own",
      withSetting(live, "alloy.baseUrl", "https://bank-sandbox.alloy.co/v1"),
      ["Alloy's live API"],
    ],
    [
      "a live stage that asks this machine",
      withSetting(live, "alloy.baseUrl", "http://127.0.0.1:4000/v1"),
      ["Alloy's live API"],
    ],
    [
      "a sandbox stage that asks Alloy's live API",
      withSetting(SANDBOX, "alloy.baseUrl", "https://api.alloy.co/v1"),
      ["Alloy's sandbox, such as https://sandbox.alloy.co/v1"],
    ],
    [
      "an allow-list that lets nobody in",
      enforcing(),
      [
        'Stage "sandbox", allowList.cidrs: [] was given, but it must be at least one address range: with mode "enforce" Alloy is answered 403; correct it in lib/stages.ts.',
      ],
    ],
    [
      "an allow-list that lets everybody in",
      enforcing("52.7.221.27", "0.0.0.0/0", "::/0"),
      ["allowList.cidrs.1: ", "allowList.cidrs.2: "],
    ],
    [
      "the end of an application, dropped",
      dropping("visited_node", "completed_application"),
      [
        'Stage "sandbox", events.handled.allBut.1: "completed_application" was given, but it must be an event type in which no decision is: this one says how an application stands; to publish nothing of it, set publish: false in routes; correct it in lib/stages.ts.',
      ],
    ],
    [
      "days where milliseconds are meant",
      withSetting(SANDBOX, "retention.eventsMs", 365),
      [
        'Stage "sandbox", retention.eventsMs: 365 was given, but it must be at least 86400000 ms, 1 day: nothing could be replayed or shown; correct it in lib/stages.ts.',
      ],
    ],
    [
      "minutes and days where milliseconds are meant, everywhere",
      {
        ...SANDBOX,
        polling: {
          ...SANDBOX.polling,
          firstCheckMs: 10,
          secondCheckMs: 15,
          capMs: 1_440,
          finalCheckMs: 1_500,
          rerunCheckMs: 7,
          runMs: 42,
        },
        gaps: { graceMs: 2, thresholdMs: 15, staleAfterMs: 30 },
      },
      [
        "polling.firstCheckMs: ",
        "polling.secondCheckMs: ",
        "polling.capMs: ",
        "polling.finalCheckMs: ",
        "polling.rerunCheckMs: ",
        "polling.runMs: ",
        "gaps.graceMs: ",
        "gaps.thresholdMs: ",
        "gaps.staleAfterMs: ",
      ],
    ],
    [
      "pages of a stage that retains, for nobody",
      withSetting(live, "alarms.channels", { page: [], ticket: [{ email: "a@b.co" }] }),
      ["alarms.channels.page: "],
    ],
  ])("%s", (_name, stage, sentences) => {
    const lines = sentencesOf(stage).split("\n");

    expect(lines).toEqual(sentences.map((sentence) => expect.stringContaining(sentence)));
  });

  it("every event type that decides, when it is dropped", () => {
    for (const type of DECIDING_EVENT_TYPES) expect(sentencesOf(dropping(type))).toContain(type);
  });

  it("and the types that decide are those of the domain", () => {
    const deciding = Object.entries(EVENT_TYPES).filter(
      ([type, { meaning }]) =>
        meaning.kind === "final" ||
        meaning.kind === "reopening" ||
        routeFor({ type, outcome: null }, {}) !== "progressed",
    );

    expect(deciding.map(([type]) => type).toSorted()).toEqual(DECIDING_EVENT_TYPES.toSorted());
  });
});

it.each<readonly [string, StageConfiguration]>([
  ["steps that are dropped", dropping("visited_node", "started_evaluation", "completed_branch")],
  [
    "a live API of the client's own",
    withSetting(live, "alloy.baseUrl", "https://bank.alloy.example/v1"),
  ],
  ["no range, when nothing is enforced", { ...SANDBOX, allowList: { mode: "observe", cidrs: [] } }],
  ["a year of bodies", withSetting(SANDBOX, "retention.eventsMs", 365 * DAY)],
  ["a local stage that is a million times faster", localStage({ timeScale: "1000000" })],
  ["a sandbox that pages nobody", SANDBOX],
  ["a stage that retains, and says that it pages nobody", live],
  [
    "a stage that retains, with a channel",
    withSetting(live, "alarms.channels", { page: [{ email: "a@b.co" }], ticket: [] }),
  ],
])("what somebody may mean is taken: %s", (_name, stage) => {
  expect(sentencesOf(stage)).toBe("");
});

it("a value of any other kind, anywhere, is refused without a word of the validator's own", () => {
  const others = [LEFT_OUT, undefined, null, 7, "seven", true, [], {}, [7], Number.NaN];

  const raw = pathsIn(withEverything).flatMap((path) =>
    others
      .filter((other) =>
        /Invalid|Expected|received/.test(sentencesOf(withSetting(withEverything, path, other))),
      )
      .map((other) => `${path}, given ${JSON.stringify(other)}`),
  );

  expect(raw).toEqual([]);
});

function dropping(...allBut: readonly string[]): StageConfiguration {
  return withSetting(SANDBOX, "events.handled.allBut", allBut);
}

function enforcing(...cidrs: readonly string[]): StageConfiguration {
  return { ...SANDBOX, allowList: { mode: "enforce", cidrs } };
}

/** Where a value is, at any depth. */
function pathsIn(value: object, before = ""): readonly string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const path = `${before}${key}`;
    const isNested = typeof inner === "object" && inner !== null;
    return [path, ...(isNested ? pathsIn(inner, `${path}.`) : [])];
  });
}
