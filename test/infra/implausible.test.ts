import { describe, expect, it } from "vitest";
import { EVENT_TYPES } from "../../lambdas/domain/event/event-types.ts";
import { routeFor } from "../../lambdas/domain/routing/route.ts";
import { DECIDING_EVENT_TYPES } from "../../lambdas/settings/routes.ts";
import { EXAMPLE_PRODUCTION, localStage, SANDBOX } from "../../lib/config/default-stages.ts";
import { ConfigurationError } from "../../lib/config/stage-configuration.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";

const DAY = 86_400_000;
const live = EXAMPLE_PRODUCTION;

describe("what is well-formed and nobody can mean is refused in a sentence", () => {
  it.each<readonly [string, StageConfiguration, readonly string[]]>([
    [
      "a live stage that asks Alloy's sandbox",
      { ...live, alloy: { ...live.alloy, baseUrl: "https://sandbox.alloy.co/v1" } },
      [
        'Stage "production", alloy.baseUrl: "https://sandbox.alloy.co/v1" was given, but it must be Alloy\'s live API, such as https://api.alloy.co/v1: environment is "live"; correct it in lib/stages.ts.',
      ],
    ],
    [
      "a live stage that asks a sandbox of the client's own",
      { ...live, alloy: { ...live.alloy, baseUrl: "https://bank-sandbox.alloy.co/v1" } },
      ["Alloy's live API"],
    ],
    [
      "a live stage that asks this machine",
      { ...live, alloy: { ...live.alloy, baseUrl: "http://127.0.0.1:4000/v1" } },
      ["Alloy's live API"],
    ],
    [
      "a sandbox stage that asks Alloy's live API",
      { ...SANDBOX, alloy: { ...SANDBOX.alloy, baseUrl: "https://api.alloy.co/v1" } },
      ["Alloy's sandbox, such as https://sandbox.alloy.co/v1"],
    ],
    [
      "an allow-list that lets nobody in",
      { ...SANDBOX, allowList: { mode: "enforce", cidrs: [] } },
      [
        'Stage "sandbox", allowList.cidrs: [] was given, but it must be at least one address range: with mode "enforce" Alloy is answered 403; correct it in lib/stages.ts.',
      ],
    ],
    [
      "an allow-list that lets everybody in",
      { ...SANDBOX, allowList: { mode: "enforce", cidrs: ["52.7.221.27", "0.0.0.0/0", "::/0"] } },
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
      { ...SANDBOX, retention: { ...SANDBOX.retention, eventsMs: 365 } },
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
      {
        ...live,
        alarms: { ...live.alarms, channels: { page: [], ticket: [{ email: "a@b.co" }] } },
      },
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

describe("what somebody may mean is taken", () => {
  it.each<readonly [string, StageConfiguration]>([
    ["steps that are dropped", dropping("visited_node", "started_evaluation", "completed_branch")],
    [
      "a live API of the client's own",
      { ...live, alloy: { ...live.alloy, baseUrl: "https://bank.alloy.example/v1" } },
    ],
    [
      "no range, when nothing is enforced",
      { ...SANDBOX, allowList: { mode: "observe", cidrs: [] } },
    ],
    ["a year of bodies", { ...SANDBOX, retention: { ...SANDBOX.retention, eventsMs: 365 * DAY } }],
    ["a local stage that is a million times faster", localStage({ timeScale: "1000000" })],
    ["a sandbox that pages nobody", SANDBOX],
    ["a stage that retains, and says that it pages nobody", live],
    [
      "a stage that retains, with a channel",
      {
        ...live,
        alarms: { ...live.alarms, channels: { page: [{ email: "a@b.co" }], ticket: [] } },
      },
    ],
  ])("%s", (_name, stage) => {
    expect(sentencesOf(stage)).toBe("");
  });
});

describe("a value of any other kind, anywhere", () => {
  it("is refused without a word of the validator's own", () => {
    const raw = [...spoiled(withEverything(), change)].filter(([, , stage]) =>
      /Invalid|Expected|received/.test(sentencesOf(stage)),
    );

    expect(raw.map(([path, change]) => `${path}, ${change}`)).toEqual([]);
  });
});

/** What `validate` says to it; nothing when it takes it. */
function sentencesOf(stage: StageConfiguration): string {
  try {
    validate(stage);
    return "";
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

function dropping(...allBut: readonly string[]): StageConfiguration {
  return { ...SANDBOX, events: { handled: { allBut } } };
}

/** A stage that has a value in each optional place. */
function withEverything(): StageConfiguration {
  const { alarms } = SANDBOX;
  return {
    ...localStage({}),
    stage: "sandbox",
    journeys: ["J-1"],
    auth: { jwt: { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] } },
    submissions: { sources: ["bank.onboarding"] },
    journeyRoutes: {
      "J-1": { outcomes: { Fine: "approved" }, routes: { denied: { publish: false } } },
    },
    domain: {
      name: "webhooks.example.com",
      certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/0",
      executeApi: "open",
    },
    alarms: {
      ...alarms,
      teams: { desk: [{ email: "desk@example.com" }] },
      channels: {
        page: [{ https: "https://events.example.com/key" }],
        ticket: [{ slack: { workspaceId: "T0123456789", channelId: "C0123456789" } }],
      },
    },
  };
}

function change(to: object): StageConfiguration {
  return Object.assign({}, withEverything(), to);
}

/** The same with each value in turn, at any depth, left out or of another kind. */
function* spoiled(
  value: object,
  put: (changed: object) => StageConfiguration,
  path = "",
): Generator<readonly [path: string, change: string, configuration: StageConfiguration]> {
  for (const [key, inner] of Object.entries(value)) {
    const changed = (to: unknown) => {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      Reflect.set(copy, key, to);
      return put(copy);
    };
    const copy = Array.isArray(value) ? [...value] : { ...value };
    Reflect.deleteProperty(copy, key);
    const here = path === "" ? key : `${path}.${key}`;
    yield [here, "left out", path === "" ? without(key) : put(copy)];
    for (const other of [undefined, null, 7, "seven", true, [], {}, [7], Number.NaN]) {
      yield [here, `given ${JSON.stringify(other)}`, changed(other)];
    }
    if (typeof inner === "object" && inner !== null) yield* spoiled(inner, changed, here);
  }
}

function without(setting: string): StageConfiguration {
  const copy = withEverything();
  Reflect.deleteProperty(copy, setting);
  return copy;
}
