import { describe, expect, it } from "vitest";
import { EVENT_TYPES } from "../../lambdas/domain/event/event-types.ts";
import { routeFor } from "../../lambdas/domain/routing/route.ts";
import { DECIDING_EVENT_TYPES } from "../../lambdas/settings/routes.ts";
import { EXAMPLE_PRODUCTION, localStage, SANDBOX } from "../../lib/config/default-stages.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { LEFT_OUT, sentencesOf, withEverything, withSetting } from "../support/stages.ts";

const DAY = 86_400_000;
const live = EXAMPLE_PRODUCTION;
const CARDS = "arn:aws:sqs:us-east-1:123456789012:cards";

describe("what is well-formed and nobody can mean is refused in a sentence", () => {
  it.each<readonly [string, StageConfiguration, readonly string[]]>([
    [
      "the poller of a live stage asks Alloy's sandbox, which knows none of its applications",
      withSetting(live, "alloy.baseUrl", "https://sandbox.alloy.co/v1"),
      [
        'alloy.baseUrl: "https://sandbox.alloy.co/v1" was given, but it must be Alloy\'s live API, such as https://api.alloy.co/v1: environment is "live"; ',
      ],
    ],
    [
      "the poller of a live stage asks a sandbox of the client's own",
      withSetting(live, "alloy.baseUrl", "https://bank-sandbox.alloy.co/v1"),
      ["Alloy's live API"],
    ],
    [
      "the poller of a live stage asks the machine of a developer",
      withSetting(live, "alloy.baseUrl", "http://127.0.0.1:4000/v1"),
      ["Alloy's live API"],
    ],
    [
      "the poller of a sandbox asks Alloy about real applicants",
      withSetting(SANDBOX, "alloy.baseUrl", "https://api.alloy.co/v1"),
      ["Alloy's sandbox, such as https://sandbox.alloy.co/v1"],
    ],
    [
      "every webhook is answered 403, because an enforced list is empty",
      enforcing(),
      [
        'Stage "sandbox", allowList.cidrs: [] was given, but it must be at least one address range: with mode "enforce" Alloy is answered 403; correct it in lib/stages.ts.',
      ],
    ],
    [
      "strangers get in, because an enforced list has every address",
      enforcing("52.7.221.27", "0.0.0.0/0", "::/0"),
      ["allowList.cidrs.1: ", "allowList.cidrs.2: "],
    ],
    [
      "no application ever ends, because its last event is dropped",
      dropping("visited_node", "completed_application"),
      [
        'Stage "sandbox", events.handled.allBut.1: "completed_application" was given, but it must be an event type in which no decision is: this one says how an application stands; to publish nothing of it, set publish: false in routes; correct it in lib/stages.ts.',
      ],
    ],
    [
      "nothing is dropped, because the event type is mistyped",
      dropping("visited_node", "visted_node", "complete_evaluation"),
      [
        'Stage "sandbox", events.handled.allBut.1: "visted_node" was given, but it must be an event type that Alloy documents, such as "visited_node": what the receiver does not know is never dropped; correct it in lib/stages.ts.',
        'events.handled.allBut.2: "complete_evaluation" was given, but it must be an event type that Alloy documents, such as "completed_evaluation": ',
      ],
    ],
    [
      "events are gone after 365 ms, because days were meant",
      withSetting(SANDBOX, "retention.eventsMs", 365),
      [
        'Stage "sandbox", retention.eventsMs: 365 was given, but it must be at least 86400000 ms, 1 day: nothing could be replayed or shown; correct it in lib/stages.ts.',
      ],
    ],
    [
      "everything is overdue at once, because minutes and days were meant",
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
      "nobody is paged, because a stage that retains has no channel",
      withSetting(live, "alarms.channels", { page: [], ticket: [{ email: "a@b.co" }] }),
      ["alarms.channels.page: "],
    ],
    [
      "gaps are found years late, because milliseconds were multiplied once more",
      {
        ...SANDBOX,
        polling: { ...SANDBOX.polling, firstCheckMs: 600_000_000, capMs: 1_000 * DAY },
        gaps: { graceMs: 120_000_000, thresholdMs: 900_000_000, staleAfterMs: 30_000 * DAY },
        retention: { ...SANDBOX.retention, eventsMs: 365_000 * DAY, payloadsMs: 40_000 * DAY },
      },
      [
        'Stage "sandbox", polling.firstCheckMs: 600000000 was given, but it must be at most 86400000 ms, 1 day: mostly it is a time in milliseconds that was multiplied once more; correct it in lib/stages.ts.',
        "polling.capMs: ",
        "gaps.graceMs: ",
        "gaps.thresholdMs: ",
        "gaps.staleAfterMs: ",
        "retention.eventsMs: ",
        "retention.payloadsMs: ",
      ],
    ],
    [
      "every webhook is answered 403, because an enforced list has the addresses of an office network",
      enforcing("10.0.0.0/8", "192.168.1.7", "fd00::/8"),
      [
        'allowList.cidrs: ["10.0.0.0/8","192.168.1.7","fd00::/8"] was given, but it must be ranges of the public internet: Alloy calls from there',
      ],
    ],
    [
      "strangers get in, because an enforced list has half of the internet",
      enforcing("52.7.221.27", "0.0.0.0/1", "2000::/3"),
      ["allowList.cidrs.1: ", "allowList.cidrs.2: "],
    ],
    [
      "the key of Alloy's API stands in the template, because it is in the URL",
      withSetting(live, "alloy.baseUrl", "https://token:hunter2@api.alloy.co/v1"),
      [
        'alloy.baseUrl: "https://…@api.alloy.co/v1" was given, but it must be a URL without a user and a password: the API key belongs into AlloyApiSecret',
      ],
    ],
    [
      "the password of an incident service stands in the template, because it is in the URL of a channel",
      withSetting(live, "alarms.channels", {
        page: [{ email: "a@b.co" }, { https: "https://bank:hunter2@incidents.example.com/" }],
        ticket: [],
      }),
      [
        'alarms.channels.page.1.https: "https://…@incidents.example.com/" was given, but it must be a URL without a user and a password: put the whole address into a secret',
      ],
    ],
    [
      "every request to Alloy is answered 404, because its URL has no version",
      withSetting(SANDBOX, "alloy.baseUrl", "https://sandbox.alloy.co/journeys"),
      ["a URL that ends with the version of Alloy's API"],
    ],
    [
      "every token is refused, because the issuer is the address of its document",
      withSetting(SANDBOX, "auth", {
        jwt: {
          issuer: "https://login.example.com/.well-known/openid-configuration",
          audience: ["alloy"],
          scopes: ["send"],
        },
      }),
      ["auth.jwt.issuer: "],
    ],
    [
      "a target gets nothing, because its route is not published",
      {
        ...SANDBOX,
        routes: {
          ...SANDBOX.routes,
          approved: { ...SANDBOX.routes.approved, publish: false, targetArn: CARDS },
          denied: {
            ...SANDBOX.routes.denied,
            publish: false,
            targets: [{ name: "cards", arn: CARDS }],
          },
          decided: { ...SANDBOX.routes.decided, targetArn: CARDS },
        },
      },
      [
        `Stage "sandbox", routes.approved.targetArn: "${CARDS}" was given, but it must be null, since the route is not published: publish is false, and the target would get nothing; correct it in lib/stages.ts.`,
        'routes.denied.targets: ["cards"] was given, but it must be left out, since',
        'publish is false, or decision is "off"',
      ],
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
  ["an office network beside Alloy's addresses", enforcing("52.7.221.27/32", "10.0.0.0/8")],
  [
    "a target of a route that one Journey alone publishes",
    {
      ...SANDBOX,
      routes: {
        ...SANDBOX.routes,
        approved: { ...SANDBOX.routes.approved, publish: false, targetArn: CARDS },
      },
      journeyRoutes: { "J-1": { routes: { approved: { publish: true } } } },
    },
  ],
  ["a stage that retains, and says that it pages nobody", live],
  [
    "a stage that retains, with a channel",
    withSetting(live, "alarms.channels", { page: [{ email: "a@b.co" }], ticket: [] }),
  ],
])("what somebody may mean is taken: %s", (_name, stage) => {
  expect(sentencesOf(stage)).toBe("");
});

it.each([
  ["whole", "https://token:hunter2@api.alloy.co/v1"],
  ["with another mistake in it", "https://token:hunter2@api.alloy.co/v1/"],
])("a password in a URL %s is repeated in no sentence", (_name, url) => {
  const sentences = sentencesOf(withSetting(live, "alloy.baseUrl", url));

  expect(sentences).toContain("https://…@api.alloy.co/v1");
  expect(sentences).not.toContain("hunter2");
});

it.each<readonly [string, string, unknown, string]>([
  ["a fraction of a call", "polling.callsPerRun", 1.5, "a whole number of call"],
  ["half a request a second", "polling.requestsPerSecond", 0.5, "at least 1 request"],
  ["a time that runs backwards", "gaps.graceMs", -60_000, "at least 1 ms"],
  ["a poller every ten seconds", "polling.rateMs", 10_000, "whole minutes"],
  ["seconds where milliseconds are meant", "polling.rateMs", 300, "whole minutes"],
  ["http where people's data goes", "alloy.baseUrl", "http://api.alloy.co/v1", "an https URL"],
  ["a channel without TLS", "alarms.channels.page.0", { https: "http://b.co/" }, "an https URL"],
  ["a route that does not exist", "routes.aproved", {}, "there is no such setting"],
  ["half a day of bodies", "retention.payloadsMs", 43_200_000, "whole days"],
])("%s is refused, and the sentence says what is wanted", (_name, path, given, wanted) => {
  const start = { ...SANDBOX, alarms: { ...SANDBOX.alarms, channels: { page: [], ticket: [] } } };

  const sentences = sentencesOf(withSetting(start, path, given));

  expect(sentences).toMatch(/^Stage "sandbox", [^\n]+ lib\/stages\.ts\.$/);
  expect(sentences).toContain(wanted);
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
