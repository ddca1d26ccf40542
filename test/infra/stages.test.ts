import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { describe, expect, it } from "vitest";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import {
  EXAMPLE_PRODUCTION,
  localStage,
  PRODUCTION,
  SANDBOX,
} from "../../lib/config/default-stages.ts";
import { omissionsFrom, stageFrom } from "../../lib/config/stage-from-context.ts";
import { STAGES } from "../../lib/stages.ts";
import {
  LEFT_OUT,
  messageOf,
  sentenceAbout,
  sentencesOf,
  withEverything,
  withSetting,
} from "../support/stages.ts";
import { templateOf } from "../support/template.ts";

describe("a stage", () => {
  it("is sandbox when nobody says which", () => {
    expect(stageFrom({}).stage).toBe("sandbox");
  });

  it("that does not exist is answered with those that do", () => {
    expect(messageOf(() => stageFrom({ stage: "prodution" }))).toBe(
      `There is no stage "prodution": the stages of lib/stages.ts are ${[...STAGES.map(({ stage }) => stage), "local"].join(", ")}.`,
    );
  });

  it("keeps what it stores in production, and lets it go elsewhere", () => {
    expect(PRODUCTION.removal).toBe("retain");
    expect(SANDBOX.removal).toBe("destroy");
    expect(localStage({}).removal).toBe("destroy");
  });

  it("drops one event type by default and publishes every route, but late steps of none", () => {
    const late = ROUTE_IDS.filter((route) => SANDBOX.routes[route].publishLate);

    expect(SANDBOX.events.handled.allBut).toEqual(["visited_node"]);
    expect(ROUTE_IDS.filter((route) => !SANDBOX.routes[route].publish)).toEqual([]);
    expect(late).toEqual(["unrecognised"]);
  });

  it.each([0, -1, "fast", Number.NaN])("local refuses the time scale %s", (timeScale) => {
    expect(messageOf(() => stageFrom({ stage: "local", timeScale }))).toMatch(
      /^The context timeScale is .*, but it must be a number of at least 1, such as 600\.$/,
    );
  });

  it("local alone leaves something out", () => {
    expect(omissionsFrom(localStage({}), "A::B::C,D::E::F/G")).toEqual(["A::B::C", "D::E::F/G"]);
    expect(messageOf(() => omissionsFrom(SANDBOX, "A::B::C"))).toBe(
      'The context omit is "A::B::C", but stage "sandbox" leaves nothing out: only stage "local" may.',
    );
  });
});

describe("the stages as they are shipped", () => {
  it.each([SANDBOX, EXAMPLE_PRODUCTION, localStage({})])("$stage has no mistake", (stage) => {
    expect(validate(stage)).toBe(stage);
  });

  it("production asks whom its pages reach: nobody else can say", () => {
    const wanted =
      'at least one channel, such as { email: "oncall@example.com" }: removal is "retain", and a page would reach nobody; or say so with channels: "none"';

    expect(sentencesOf(PRODUCTION)).toBe(
      sentenceAbout("alarms.channels.page", [], wanted, "production"),
    );
  });
});

describe("the stages of lib/stages.ts", () => {
  it.each(STAGES)("$stage has no mistake, and makes a template", (stage) => {
    expect(templateOf(stage).stage).toEqual(stage);
  });

  it("have names that differ", () => {
    const names = [...STAGES.map(({ stage }) => stage), "local"];

    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a mistake in a stage is one sentence", () => {
  it.each<readonly [where: string, given: unknown, wanted: string]>([
    ["environment", "prod", '"sandbox" or "live"'],
    [
      "alloy.baseUrl",
      "http://sandbox.alloy.co/v1",
      "an https URL with Alloy's version and no slash at its end, such as https://sandbox.alloy.co/v1",
    ],
    ["journeys.1", "JA-1", "a Journey token, such as J-VCQoADBJxeHtmdAvFqoS"],
    [
      "auth",
      "none",
      '"secret" or { jwt: { issuer: "https://…", audience: ["…"], scopes: ["…"] } }',
    ],
    [
      "auth.jwt.scopes",
      [],
      "at least one scope, such as alloy/webhooks.write: without one every token of that issuer and audience gets in",
    ],
    ["auth.jwt.scopes.1", "", "a scope, without a space in it"],
    ["auth.jwt.audience", [], "at least one audience: the token's aud, or its client_id"],
    ["auth.jwt.audience.0", " ", "an audience, without a space in it"],
    ["auth.jwt.issuer", "http://login.example.com", "an https URL without a slash at its end"],
    ["auth.jwt.issuer", undefined, "an https URL"],
    [
      "submissions.sources",
      [],
      'at least one Source, or "any": nothing could announce a submission',
    ],
    ["submissions.sources", "bank.onboarding", 'a list of Sources, or "any"'],
    [
      "submissions.sources.1",
      "alloy.journeys",
      "another Source than alloy.journeys: that is ours, and what we publish would come back as a submission",
    ],
    [
      "submissions.sources.0",
      "aws.events",
      "another Source: what begins with aws. is AWS's own, and no onboarding service can use it",
    ],
    [
      // EventBridge would take its letters.
      "submissions.sources.0",
      "bank.*",
      "the Source of an event as it stands there, such as bank.onboarding: letters, digits and . _ - / alone",
    ],
    ["submissions.sources", ["bank.imports", "bank.imports"], "Sources that differ"],
    ["allowList.cidrs.0", "52.7.221.300/32", "an IPv4 or IPv6 range, such as 52.7.221.27/32"],
    [
      "routes.approved.targetArn",
      "arn:aws:s3:::a-bucket",
      "the ARN of one of sqs, sns, lambda, events, states, kinesis, firehose",
    ],
    [
      "journeyRoutes.J-1.outcomes.Fine",
      "superseded",
      "one of approved, denied, manual-review, needs-action, errored, expired, completed",
    ],
    [
      "journeyRoutes.J-1.outcomes",
      { Fine: "approved", "FINE ": "denied" },
      "outcomes that differ in more than the case of their letters",
    ],
    ["journeyRoutes.J-1.routes.approved", {}, "{ publish, publishLate }, or one of them"],
    ["polling.rateMs", 90_000, "whole minutes: EventBridge Scheduler ticks once a minute"],
    ["retention.logs", 31, "one of the RetentionDays of aws-cdk-lib/aws-logs"],
    ["alarms.channels", "nobody", '{ page: [ … ], ticket: [ … ] }, or "none"'],
    [
      "alarms.channels.page.0",
      { phone: "110" },
      'one of { email: "…@…" }, { https: "https://…" or "{{resolve:secretsmanager:…}}" }, { slack: { workspaceId: "T…", channelId: "C…" } }',
    ],
    [
      "alarms.channels.page.0.https",
      "http://events.example.com/key",
      'an https URL, or "{{resolve:secretsmanager:…}}"',
    ],
    ["alarms.channels.page.1.email", "oncall", "an e-mail address"],
    [
      "alarms.channels.ticket.0.slack.channelId",
      "#oncall",
      "the id of a Slack channel, such as C0123456789",
    ],
    ["gaps.staleAfterMs", Number.POSITIVE_INFINITY, "a finite number of ms"],
    ["removal", undefined, '"retain" or "destroy"'],
  ])("%s: %j was given, but it must be %s", (where, given, wanted) => {
    const wrong = withSetting(withEverything, where, given);

    expect(sentencesOf(wrong)).toBe(sentenceAbout(where, given, wanted));
  });

  it.each([
    "journeyRoutes.J-1.routes.aproved",
    // What belongs to no Journey has no Journey's route.
    "journeyRoutes.J-1.routes.other",
    "journeyRoutes.J-1.routes.approved.queue",
    "polling.rate",
  ])("%s: there is no such setting", (where) => {
    expect(sentencesOf(withSetting(withEverything, where, { publish: false }))).toBe(
      `Stage "sandbox", ${where}: there is no such setting; remove it in lib/stages.ts.`,
    );
  });

  it("a name that no stack can have", () => {
    expect(sentencesOf(withSetting(SANDBOX, "stage", "Prod_1"))).toBe(
      sentenceAbout(
        "stage",
        "Prod_1",
        "lower-case letters, digits and hyphens, 20 at most",
        "Prod_1",
      ),
    );
  });

  it("routes of something that is no Journey", () => {
    expect(sentencesOf(withSetting(SANDBOX, "journeyRoutes", { "JA-1": {} }))).toBe(
      sentenceAbout(
        "journeyRoutes.JA-1",
        "JA-1",
        "a Journey token, such as J-VCQoADBJxeHtmdAvFqoS",
      ),
    );
  });

  it("routes of a Journey that is not accepted", () => {
    expect(sentencesOf(withSetting(withEverything, "journeyRoutes.J-2", {}))).toBe(
      'Stage "sandbox", journeyRoutes.J-2: this Journey is not among the journeys that are accepted; add it to journeys, or remove it here, in lib/stages.ts.',
    );
  });

  it("an outcome without a name", () => {
    expect(
      sentencesOf(withSetting(withEverything, "journeyRoutes.J-1.outcomes. ", "approved")),
    ).toBe(sentenceAbout("journeyRoutes.J-1.outcomes. ", " ", "the name of an outcome"));
  });

  it("a list of channels that is left out", () => {
    expect(sentencesOf(withSetting(withEverything, "alarms.channels.ticket", LEFT_OUT))).toBe(
      sentenceAbout(
        "alarms.channels.ticket",
        undefined,
        "there, as lib/config/default-stages.ts has it",
      ),
    );
  });

  it("and several mistakes are several sentences", () => {
    const wrong = withSetting(withSetting(SANDBOX, "environment", "prod"), "removal", "maybe");

    expect(sentencesOf(wrong).split("\n")).toHaveLength(2);
  });
});

it.each<readonly [string, string, unknown]>([
  ["tokens", "auth", withEverything.auth],
  ["submissions from two services", "submissions.sources", ["bank.onboarding", "bank.imports/v2"]],
  ["IPv6 and single addresses", "allowList.cidrs", ["2a05:d018::/36", "10.0.0.1"]],
  ["a base URL of a client's own", "alloy.baseUrl", "https://bank.alloy.example/v1"],
  ["logs kept for ever", "retention.logs", RetentionDays.INFINITE],
])("a stage has no mistake with %s", (_name, setting, value) => {
  const stage = withSetting(SANDBOX, setting, value);

  expect(validate(stage)).toBe(stage);
});
