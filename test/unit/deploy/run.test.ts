import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stageFrom } from "../../../lib/config/stage-from-context.ts";
import { run } from "../../../tools/deploy/run.ts";
import type { Synthesised } from "../../../tools/template/synthesise.ts";
import { makeScreen } from "../../../tools/terminal/screen.ts";
import { AwsAccount, serveAccount } from "../../support/aws-account.ts";
import { templateOf } from "../../support/template.ts";

const served = serveAccount();
let told: string[] = [];
let cdkCalls: (readonly string[])[] = [];
let region: string | undefined;

// The first template takes long: all of CDK is read for it.
beforeAll(() => {
  templateFor("production", true);
  templateFor("production", false);
  templateFor("sandbox", false);
});

beforeEach(() => {
  served.current = new AwsAccount();
  region = served.region;
});

describe("a fresh account", () => {
  it("is mended line by line, and then deployed to, twice in a row", async () => {
    served.current.limit = 10;

    expect(await deploy()).toBe(1);
    expect(reds()).toEqual(["bootstrap", "concurrency"]);
    expect(cdkCalls).toEqual([]);

    served.current.bootstrap = 21;
    served.current.limit = 50;
    expect(await deploy()).toBe(1);
    expect(reds()).toEqual(["concurrency"]);
    expect(cdkCalls).toEqual([]);
    expect(told.join("\n")).toContain("Nothing was deployed");

    served.current.limit = 1_000;
    expect(await deploy()).toBe(0);
    expect(reds()).toEqual([]);
    expect(cdkCalls.map(isFirstCall)).toEqual([true, false]);
    expect(served.current.stack).toMatchObject({ status: "UPDATE_COMPLETE", isProtected: true });

    expect(await deploy()).toBe(0);
    expect(cdkCalls.map(isFirstCall)).toEqual([false]);
    expect(served.current.stack).toMatchObject({ status: "UPDATE_COMPLETE", isProtected: true });
  });

  it("in which a first try fails all the same is tried again, with nothing in the way", async () => {
    served.current.bootstrap = 21;
    const { current } = served;
    // Somebody else reserves it, between the look and the deployment.
    const race = () => (current.reservedByOthers = 900);

    expect(await deploy([], race)).toBe(1);
    expect(current.stack).toMatchObject({ status: "ROLLBACK_COMPLETE", isProtected: false });
    expect(current.left).toEqual([]);

    current.reservedByOthers = 0;
    expect(await deploy()).toBe(1);
    expect(reds()).toEqual(["stack"]);
    expect(cdkCalls).toEqual([]);

    current.deleteStack();
    expect(await deploy()).toBe(0);
    expect(await deploy()).toBe(0);
    expect(reds()).toEqual([]);
    expect(current.stack).toMatchObject({ isProtected: true });
  });

  it("with leftovers of a failed first try is told so, and deployed to once they are gone, twice in a row", async () => {
    const { current } = served;
    current.bootstrap = 21;
    const name = "AlloyJourneyWebhooks-production";
    const tags = { application: "alloy-journey-webhooks", stage: "production" };
    // A release before `RetainExceptOnCreate` kept them, and the bus has the stack's own name.
    current.left = [
      { arn: `arn:aws:events:eu-central-1:123456789012:event-bus/${name}`, tags },
      { arn: "arn:aws:sqs:eu-central-1:123456789012:EventQueue-1", tags },
    ];

    expect(await deploy()).toBe(1);
    expect(reds()).toEqual(["leftovers"]);
    expect(told.join("\n")).toContain(`event-bus/${name}`);
    expect(cdkCalls).toEqual([]);

    current.left = [];
    expect(await deploy()).toBe(0);
    expect(await deploy()).toBe(0);
    expect(reds()).toEqual([]);
    expect(current.stack).toMatchObject({ status: "UPDATE_COMPLETE", isProtected: true });
  });

  it("keeps a stage that is thrown away as it is: it is deployed once", async () => {
    served.current.bootstrap = 21;

    expect(await act(["deploy", "--stage", "sandbox"])).toBe(0);

    expect(cdkCalls.map(isFirstCall)).toEqual([false]);
    expect(served.current.stack).toMatchObject({ isProtected: false });
  });
});

describe("before anything is bundled", () => {
  it.each([
    [["deploy", "--stage", "prodution"], "There is no stage", 2],
    [["deploy", "--hotswap"], "Unknown option '--hotswap'.", 2],
    [["deploy", "production"], 'does not take "production"', 2],
    [["deploy", "--stage", "local"], "for the emulator of npm start", 2],
    [["diff", "--stage", "prodution"], "There is no stage", 2],
    [["synth", "--stage", "prodution"], "There is no stage", 2],
  ])("%j stops in a sentence, and AWS is not asked", async (args, sentence, code) => {
    expect(await act(args)).toBe(code);

    expect(told.join("\n")).toContain(sentence);
    expect([cdkCalls, served.current.calls]).toEqual([[], []]);
  });

  it.each(["deploy", "diff"])("%s without credentials that AWS knows stops", async (action) => {
    served.current.credentialsAreKnown = false;

    expect(await act([action])).toBe(1);

    expect(told).toEqual([
      'AWS did not accept your credentials (InvalidClientTokenId: The security token included is invalid.). Log in, or set AWS_PROFILE or the keys in your shell, until "aws sts get-caller-identity" answers.',
    ]);
    expect([cdkCalls, served.current.calls]).toEqual([[], ["GetCallerIdentity"]]);
  });

  it.each([
    [undefined, "The region is not set", 1],
    ["cn-north-1", "The region cn-north-1 is not in the partition aws", 2],
  ])("the region %s stops", async (of, sentence, code) => {
    region = of;

    expect(await act(["deploy"])).toBe(code);

    expect(told.join("\n")).toContain(sentence);
    expect(cdkCalls).toEqual([]);
  });
});

describe("the preflight alone", () => {
  it("makes nothing, and says it all as JSON", async () => {
    served.current.limit = 10;

    expect(await act(["deploy", "--stage", "production", "--preflight-only", "--json"])).toBe(1);

    const report = JSON.parse(told.slice(0, told.indexOf("}") + 1).join("\n"));
    expect(report).toMatchObject({
      stage: "production",
      account: "123456789012",
      region: served.region,
      isGood: false,
    });
    expect(report.checks).toContainEqual(
      expect.objectContaining({ check: "bootstrap", state: "red", fix: "npx cdk bootstrap" }),
    );
    expect(cdkCalls).toEqual([]);
  });

  it("ends with 0 when nothing is red", async () => {
    served.current.bootstrap = 21;

    expect(await act(["deploy", "--preflight-only"])).toBe(0);
    expect(cdkCalls).toEqual([]);
  });
});

it("synth needs no credentials, and says the stage to the CDK", async () => {
  served.current.credentialsAreKnown = false;

  expect(await act(["synth", "--stage", "production", "--quiet"])).toBe(0);

  expect(cdkCalls).toEqual([["synth", "--context", "stage=production", "--quiet"]]);
});

/** `npm run deploy -- --stage production …`; `before` comes after the look, and before CloudFormation. */
async function deploy(more: readonly string[] = [], before?: () => void): Promise<number> {
  return act(["deploy", "--stage", "production", ...more], before);
}

describe("a deployment that rings an alarm", () => {
  beforeEach(async () => {
    served.current.bootstrap = 21;
    await deploy();
  });

  it("is taken back by the alarms that the first deployment has told CloudFormation", async () => {
    const { current } = served;
    expect(current.stack?.triggers.map((arn) => arn.split(":alarm:")[1])).toEqual([
      "AlloyJourneyWebhooks-production-ingest-failing",
      "AlloyJourneyWebhooks-production-credentials-missing",
      "AlloyJourneyWebhooks-production-consumer-failing",
      "AlloyJourneyWebhooks-production-events-too-old",
      "AlloyJourneyWebhooks-production-poller-silent",
    ]);
    const bad = () => (current.ringing = ["AlloyJourneyWebhooks-production-consumer-failing"]);

    expect(await deploy([], bad)).toBe(1);
    expect(current.stack?.status).toBe("UPDATE_ROLLBACK_COMPLETE");

    current.ringing = [];
    expect(await deploy()).toBe(0);
    // They are kept, and told once.
    expect(current.stack?.triggers).toHaveLength(5);
    expect(current.calls.filter((call) => call === "UpdateStack")).toHaveLength(1);
  });

  it("is not begun while such an alarm rings already: it would be taken back for another's fault", async () => {
    served.current.ringing = ["AlloyJourneyWebhooks-production-ingest-failing"];

    expect(await deploy()).toBe(1);
    expect(reds()).toEqual(["rollback alarms"]);
    expect(cdkCalls).toEqual([]);
    expect(told.join("\n")).toContain("in ALARM: AlloyJourneyWebhooks-production-ingest-failing");
  });

  it("of a stage that goes live at once is not taken back by the triggers of an earlier setting", async () => {
    const { current } = served;
    if (current.stack !== null) current.deleteStack();
    await act(["deploy", "--stage", "sandbox"]);
    if (current.stack !== null) current.stack.triggers = ["arn:aws:cloudwatch:x:y:alarm:left"];
    current.ringing = ["left"];

    expect(await act(["deploy", "--stage", "sandbox"])).toBe(0);
    expect(current.stack?.triggers).toEqual([]);
  });

  it("says what to do when the role may not tell CloudFormation, and has deployed all the same", async () => {
    served.current = new AwsAccount();
    served.current.bootstrap = 21;
    served.current.denied = ["UpdateStack"];

    expect(await deploy()).toBe(0);
    expect(told.join("\n")).toMatch(
      /did not take the alarms .*AccessDenied.* cloudformation:UpdateStack/,
    );
  });
});

async function act(args: readonly string[], before?: () => void): Promise<number> {
  told = [];
  cdkCalls = [];
  const write = (text: string) => void told.push(...text.trimEnd().split("\n"));
  return run(args, {
    screen: makeScreen({ isTerminal: false, write, writeError: write, paint: (_, text) => text }),
    templateOf: (stage) => templateFor(stage.stage, false),
    regionOf: async () => region,
    cdk: async (given) => {
      cdkCalls.push(given);
      if (given[0] !== "deploy") return 0;
      before?.();
      const stage = given.find((word) => word.startsWith("stage="))?.slice("stage=".length);
      return served.current.deploy(templateFor(stage, isFirstCall(given)));
    },
  });
}

function templateFor(stage: string | undefined, isFirstDeployment: boolean): Synthesised {
  return templateOf(stageFrom({ stage }), { isFirstDeployment });
}

function isFirstCall(args: readonly string[]): boolean {
  return args.includes("firstDeployment=true");
}

/** The checks of the table that are marked as bad. */
function reds(): readonly string[] {
  return told.flatMap((line) => /^✘ (.+?) {2}/.exec(line)?.[1]?.trim() ?? []);
}
