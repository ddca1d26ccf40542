import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { describe, expect, it } from "vitest";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { ConfigurationError } from "../../lib/config/stage-configuration.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import {
  EXAMPLE_PRODUCTION,
  localStage,
  PRODUCTION,
  SANDBOX,
} from "../../lib/config/default-stages.ts";
import { omissionsFrom, stageFrom } from "../../lib/config/stage-from-context.ts";
import { STAGES } from "../../lib/stages.ts";
import { synthesise } from "../../tools/template/synthesise.ts";

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
    expect(messageOf(() => validate(PRODUCTION))).toBe(
      'Stage "production", alarms.channels.page: [] was given, but it must be at least one channel, such as { email: "oncall@example.com" }: removal is "retain", and a page would reach nobody; or say so with channels: "none"; correct it in lib/stages.ts.',
    );
  });
});

describe("the stages of lib/stages.ts", () => {
  it.each(STAGES)("$stage has no mistake, and makes a template", (stage) => {
    expect(synthesise(stage).stage).toEqual(stage);
  });

  it("have names that differ", () => {
    const names = [...STAGES.map(({ stage }) => stage), "local"];

    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a mistake in a stage is one sentence", () => {
  it.each<readonly [string, object, string]>([
    [
      "a name that no stack can have",
      { stage: "Prod_1" },
      'Stage "Prod_1", stage: "Prod_1" was given, but it must be lower-case letters, digits and hyphens, 20 at most; correct it in lib/stages.ts.',
    ],
    [
      "an environment that Alloy does not have",
      { environment: "prod" },
      'Stage "sandbox", environment: "prod" was given, but it must be "sandbox" or "live"; correct it in lib/stages.ts.',
    ],
    [
      "an API over plain HTTP",
      { alloy: { baseUrl: "http://sandbox.alloy.co/v1", auth: "basic" } },
      'Stage "sandbox", alloy.baseUrl: "http://sandbox.alloy.co/v1" was given, but it must be an https URL with Alloy\'s version and no slash at its end, such as https://sandbox.alloy.co/v1; correct it in lib/stages.ts.',
    ],
    [
      "something that is no Journey",
      { journeys: ["J-1", "JA-1"] },
      'Stage "sandbox", journeys.1: "JA-1" was given, but it must be a Journey token, such as J-VCQoADBJxeHtmdAvFqoS; correct it in lib/stages.ts.',
    ],
    [
      "a way to authenticate that does not exist",
      { auth: "none" },
      'Stage "sandbox", auth: "none" was given, but it must be "secret" or { jwt: { issuer: "https://…", audience: ["…"], scopes: ["…"] } }; correct it in lib/stages.ts.',
    ],
    [
      "tokens without a scope, with which any token of that audience would get in",
      tokens({ scopes: [] }),
      'Stage "sandbox", auth.jwt.scopes: [] was given, but it must be at least one scope, such as alloy/webhooks.write: without one every token of that issuer and audience gets in; correct it in lib/stages.ts.',
    ],
    [
      "tokens for a scope without a name",
      tokens({ scopes: ["send", ""] }),
      'Stage "sandbox", auth.jwt.scopes.1: "" was given, but it must be a scope, without a space in it; correct it in lib/stages.ts.',
    ],
    [
      "tokens for nobody",
      tokens({ audience: [] }),
      'Stage "sandbox", auth.jwt.audience: [] was given, but it must be at least one audience: the token\'s aud, or its client_id; correct it in lib/stages.ts.',
    ],
    [
      "tokens for an audience without a name",
      tokens({ audience: [" "] }),
      'Stage "sandbox", auth.jwt.audience.0: " " was given, but it must be an audience, without a space in it; correct it in lib/stages.ts.',
    ],
    [
      "tokens of an issuer over plain HTTP",
      tokens({ issuer: "http://login.example.com" }),
      'Stage "sandbox", auth.jwt.issuer: "http://login.example.com" was given, but it must be an https URL without a slash at its end; correct it in lib/stages.ts.',
    ],
    [
      "tokens without an issuer",
      tokens({ issuer: undefined }),
      'Stage "sandbox", auth.jwt.issuer: nothing was given, but it must be an https URL; correct it in lib/stages.ts.',
    ],
    [
      "submissions from nobody",
      { submissions: { sources: [] } },
      'Stage "sandbox", submissions.sources: [] was given, but it must be at least one Source, or "any": nothing could announce a submission; correct it in lib/stages.ts.',
    ],
    [
      "submissions from a word",
      { submissions: { sources: "bank.onboarding" } },
      'Stage "sandbox", submissions.sources: "bank.onboarding" was given, but it must be a list of Sources, or "any"; correct it in lib/stages.ts.',
    ],
    [
      "submissions from ourselves",
      { submissions: { sources: ["bank.onboarding", "alloy.journeys"] } },
      'Stage "sandbox", submissions.sources.1: "alloy.journeys" was given, but it must be another Source than alloy.journeys: that is ours, and what we publish would come back as a submission; correct it in lib/stages.ts.',
    ],
    [
      "submissions from AWS",
      { submissions: { sources: ["aws.events"] } },
      'Stage "sandbox", submissions.sources.0: "aws.events" was given, but it must be another Source: what begins with aws. is AWS\'s own, and no onboarding service can use it; correct it in lib/stages.ts.',
    ],
    [
      "submissions from a pattern, of which EventBridge would take the letters",
      { submissions: { sources: ["bank.*"] } },
      'Stage "sandbox", submissions.sources.0: "bank.*" was given, but it must be the Source of an event as it stands there, such as bank.onboarding: letters, digits and . _ - / alone; correct it in lib/stages.ts.',
    ],
    [
      "submissions from one twice",
      { submissions: { sources: ["bank.onboarding", "bank.onboarding"] } },
      'Stage "sandbox", submissions.sources: ["bank.onboarding","bank.onboarding"] was given, but it must be Sources that differ; correct it in lib/stages.ts.',
    ],
    [
      "an address that is none",
      { allowList: { mode: "enforce", cidrs: ["52.7.221.300/32"] } },
      'Stage "sandbox", allowList.cidrs.0: "52.7.221.300/32" was given, but it must be an IPv4 or IPv6 range, such as 52.7.221.27/32; correct it in lib/stages.ts.',
    ],
    [
      "a target that EventBridge cannot reach from here",
      {
        routes: {
          ...SANDBOX.routes,
          approved: { ...SANDBOX.routes.approved, targetArn: "arn:aws:s3:::a-bucket" },
        },
      },
      'Stage "sandbox", routes.approved.targetArn: "arn:aws:s3:::a-bucket" was given, but it must be the ARN of one of sqs, sns, lambda, events, states, kinesis, firehose; correct it in lib/stages.ts.',
    ],
    [
      "routes of something that is no Journey",
      { journeyRoutes: { "JA-1": {} } },
      'Stage "sandbox", journeyRoutes.JA-1: "JA-1" was given, but it must be a Journey token, such as J-VCQoADBJxeHtmdAvFqoS; correct it in lib/stages.ts.',
    ],
    [
      "routes of a Journey that is not accepted",
      { journeys: ["J-1"], journeyRoutes: { "J-2": {} } },
      'Stage "sandbox", journeyRoutes.J-2: this Journey is not among the journeys that are accepted; add it to journeys, or remove it here, in lib/stages.ts.',
    ],
    [
      "an outcome that means what no outcome can",
      { journeyRoutes: { "J-1": { outcomes: { Fine: "superseded" } } } },
      'Stage "sandbox", journeyRoutes.J-1.outcomes.Fine: "superseded" was given, but it must be one of approved, denied, manual-review, needs-action, errored, expired, completed; correct it in lib/stages.ts.',
    ],
    [
      "an outcome without a name",
      { journeyRoutes: { "J-1": { outcomes: { " ": "approved" } } } },
      'Stage "sandbox", journeyRoutes.J-1.outcomes. : " " was given, but it must be the name of an outcome; correct it in lib/stages.ts.',
    ],
    [
      "one outcome with two meanings",
      { journeyRoutes: { "J-1": { outcomes: { Fine: "approved", "FINE ": "denied" } } } },
      'Stage "sandbox", journeyRoutes.J-1.outcomes: {"Fine":"approved","FINE ":"denied"} was given, but it must be outcomes that differ in more than the case of their letters; correct it in lib/stages.ts.',
    ],
    [
      "a Journey's route that does not exist",
      { journeyRoutes: { "J-1": { routes: { aproved: { publish: false } } } } },
      'Stage "sandbox", journeyRoutes.J-1.routes.aproved: there is no such setting; remove it in lib/stages.ts.',
    ],
    [
      "a Journey's route of what belongs to no Journey",
      { journeyRoutes: { "J-1": { routes: { other: { publish: false } } } } },
      'Stage "sandbox", journeyRoutes.J-1.routes.other: there is no such setting; remove it in lib/stages.ts.',
    ],
    [
      "a Journey's route with a queue of its own",
      { journeyRoutes: { "J-1": { routes: { approved: { queue: true } } } } },
      'Stage "sandbox", journeyRoutes.J-1.routes.approved.queue: there is no such setting; remove it in lib/stages.ts.',
    ],
    [
      "a Journey's route that is left as it is",
      { journeyRoutes: { "J-1": { routes: { approved: {} } } } },
      'Stage "sandbox", journeyRoutes.J-1.routes.approved: {} was given, but it must be { publish, publishLate }, or one of them; correct it in lib/stages.ts.',
    ],
    [
      "a schedule finer than a minute",
      { polling: { ...SANDBOX.polling, rateMs: 90_000 } },
      'Stage "sandbox", polling.rateMs: 90000 was given, but it must be whole minutes: EventBridge Scheduler ticks once a minute; correct it in lib/stages.ts.',
    ],
    [
      "a retention that CloudWatch Logs does not have",
      { retention: { ...SANDBOX.retention, logs: 31 } },
      'Stage "sandbox", retention.logs: 31 was given, but it must be one of the RetentionDays of aws-cdk-lib/aws-logs; correct it in lib/stages.ts.',
    ],
    [
      "a channel that nobody listens to",
      { alarms: { ...SANDBOX.alarms, channels: { page: [{ phone: "110" }], ticket: [] } } },
      'Stage "sandbox", alarms.channels.page.0: {"phone":"110"} was given, but it must be one of { email: "…@…" }, { https: "https://…" or "{{resolve:secretsmanager:…}}" }, { slack: { workspaceId: "T…", channelId: "C…" } }; correct it in lib/stages.ts.',
    ],
    [
      "a page that goes over the net in the clear",
      channelled({ https: "http://events.example.com/key" }),
      'Stage "sandbox", alarms.channels.page.0.https: "http://events.example.com/key" was given, but it must be an https URL, or "{{resolve:secretsmanager:…}}"; correct it in lib/stages.ts.',
    ],
    [
      "an e-mail address that is none",
      channelled({ email: "oncall" }),
      'Stage "sandbox", alarms.channels.page.0.email: "oncall" was given, but it must be an e-mail address; correct it in lib/stages.ts.',
    ],
    [
      "a Slack channel by its name instead of its id",
      channelled({ slack: { workspaceId: "T0123456789", channelId: "#oncall" } }),
      'Stage "sandbox", alarms.channels.page.0.slack.channelId: "#oncall" was given, but it must be the id of a Slack channel, such as C0123456789; correct it in lib/stages.ts.',
    ],
    [
      "a setting that does not exist",
      { polling: { ...SANDBOX.polling, rate: 5 } },
      'Stage "sandbox", polling.rate: there is no such setting; remove it in lib/stages.ts.',
    ],
    [
      "channels that are a word",
      { alarms: { ...SANDBOX.alarms, channels: "nobody" } },
      'Stage "sandbox", alarms.channels: "nobody" was given, but it must be { page: [ … ], ticket: [ … ] }, or "none"; correct it in lib/stages.ts.',
    ],
    [
      "a list of channels that is left out",
      { alarms: { ...SANDBOX.alarms, channels: { page: [] } } },
      'Stage "sandbox", alarms.channels.ticket: nothing was given, but it must be there, as lib/config/default-stages.ts has it; correct it in lib/stages.ts.',
    ],
    [
      "a time that never comes",
      { gaps: { ...SANDBOX.gaps, staleAfterMs: Number.POSITIVE_INFINITY } },
      'Stage "sandbox", gaps.staleAfterMs: Infinity was given, but it must be a finite number of ms; correct it in lib/stages.ts.',
    ],
    [
      "a setting that is missing",
      { removal: undefined },
      'Stage "sandbox", removal: nothing was given, but it must be "retain" or "destroy"; correct it in lib/stages.ts.',
    ],
  ])("%s", (_mistake, change, sentence) => {
    expect(messageOf(() => validate(changed(change)))).toBe(sentence);
  });

  it("and several mistakes are several sentences", () => {
    const message = messageOf(() => validate(changed({ environment: "prod", removal: "maybe" })));

    expect(message.split("\n")).toHaveLength(2);
  });
});

describe("a stage without a mistake", () => {
  it.each<readonly [string, Partial<StageConfiguration>]>([
    [
      "with tokens",
      {
        auth: {
          jwt: { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] },
        },
      },
    ],
    [
      "with submissions from two services",
      { submissions: { sources: ["bank.onboarding", "bank.imports/v2"] } },
    ],
    [
      "with IPv6 and single addresses",
      { allowList: { mode: "enforce", cidrs: ["2a05:d018::/36", "10.0.0.1"] } },
    ],
    [
      "with a base URL of a client's own",
      { alloy: { baseUrl: "https://bank.alloy.example/v1", auth: "bearer" } },
    ],
    [
      "with logs kept for ever",
      { retention: { ...SANDBOX.retention, logs: RetentionDays.INFINITE } },
    ],
  ])("%s", (_name, change) => {
    const stage = { ...SANDBOX, ...change };

    expect(validate(stage)).toBe(stage);
  });
});

/** A stage with values that the compiler would refuse, as JSON or a cast would bring them. */
function changed(change: object): StageConfiguration {
  return Object.assign({}, SANDBOX, change);
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

/** Alloy's OAuth 2.0 mode. */
function tokens(change: object): object {
  const right = { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] };
  return { auth: { jwt: { ...right, ...change } } };
}

/** One who is paged. */
function channelled(channel: object): object {
  return { alarms: { ...SANDBOX.alarms, channels: { page: [channel], ticket: [] } } };
}
