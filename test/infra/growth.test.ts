import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { App } from "aws-cdk-lib";
import { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { describe, expect, it, onTestFinished } from "vitest";

import {
  consumerSettings,
  ingestSettings,
  pollerSettings,
  statementSettings,
} from "../../lib/config/function-settings.ts";
import { AlloyJourneyWebhooks } from "../../lib/pipeline-stack.ts";
import { environment, environmentBytes } from "../../lib/proofs/environment.ts";
import { violations } from "../../lib/proofs/inequality.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { LIMITS } from "../../tools/strict-aws/limits.ts";
import { isRecord } from "../../tools/template/template.ts";
import { templateOf } from "../support/template.ts";
import { sandbox, VARIANTS } from "../../tools/template/variants.ts";

const tokens = (count: number) =>
  Array.from({ length: count }, (_, index) => `J-${String(index).padStart(20, "V")}`);

const cidrs = (count: number): StageConfiguration["allowList"] => ({
  mode: "observe",
  cidrs: Array.from({ length: count }, (_, index) => `203.0.${index % 256}.128/25`),
});

const journeysWithRoutes = (count: number): StageConfiguration => ({
  ...sandbox,
  journeys: tokens(count),
  journeyRoutes: Object.fromEntries(
    tokens(count).map((token) => [
      token,
      {
        outcomes: { "Approved with conditions": "approved", "Referred to branch": "manual-review" },
        routes: { progressed: { publish: true, publishLate: true } },
      },
    ]),
  ),
});

/** What a stage's configuration may grow to, all at once; none of it is bounded by Lambda's environment. */
const GROWN: readonly (readonly [string, StageConfiguration])[] = [
  [
    "200 Journeys with routes of their own, and 250 address ranges",
    { ...journeysWithRoutes(200), allowList: cidrs(250) },
  ],
];

function environmentsOf(stage: StageConfiguration) {
  const stack = templateOf(stage);
  const typeOf = (id: string) => stack.resources.find(({ logicalId }) => logicalId === id)?.Type;
  return stack.ofType("AWS::Lambda::Function").map(({ logicalId, Properties }) => {
    const { Environment } = Properties;
    const variables = isRecord(Environment) ? Environment["Variables"] : undefined;
    const bytes = isRecord(variables) ? environmentBytes(variables, typeOf) : 0;
    return { logicalId, bytes };
  });
}

describe.each([...VARIANTS, ...GROWN])("with %s", (_, stage) => {
  it("every function has an environment that Lambda takes", () => {
    for (const { logicalId, bytes } of environmentsOf(stage)) {
      expect([logicalId, Math.max(bytes, LIMITS.environmentBytes.most)]).toEqual([
        logicalId,
        LIMITS.environmentBytes.most,
      ]);
    }
  });
});

/** The files of every function's asset, of stacks that are made in one synth, with their code bundled. */
function assetsOf(stages: readonly StageConfiguration[]): ReadonlyMap<string, string> {
  const outdir = mkdtempSync(join(tmpdir(), "cdk-out-"));
  onTestFinished(() => rmSync(outdir, { recursive: true }));
  // CDK's own look at the templates takes seconds, and only warns.
  const app = new App({ outdir, builtinCloudFormationValidation: false });
  const stacks = stages.map((stage) => new AlloyJourneyWebhooks(app, `Of-${stage.stage}`, stage));
  expect(stacks.map(({ node }) => node.scope)).toEqual(stages.map(() => app));
  app.synth();
  return new Map(
    readdirSync(outdir)
      .filter((name) => name.startsWith("asset."))
      .map((name) => [name, readFileSync(join(outdir, name, "settings.json"), "utf8")]),
  );
}

it("the settings of the functions stand beside the code, each Journey once, and are another asset for another stage", () => {
  const grown = journeysWithRoutes(200);
  const other = { ...journeysWithRoutes(199), stage: "other" };

  const settings = [...assetsOf([grown, other]).values()];

  const wanted = [grown, other].flatMap((stage) => [
    ingestSettings(stage),
    consumerSettings(stage),
    pollerSettings(stage),
    statementSettings(stage),
  ]);
  // Ingest's and the statement's are the same for both, and so are their assets.
  const distinct = new Set(wanted.map((one) => JSON.stringify(one)));
  expect(distinct.size).toBe(6);
  expect(new Set(settings)).toEqual(distinct);
  expect(settings).toHaveLength(distinct.size);
  expect(consumerSettings(grown)).toMatchObject({ journeys: tokens(200), countedJourneys: [] });
});

describe("an environment that grows", () => {
  const typeOf = (logicalId: string) => (logicalId === "Events" ? "AWS::SQS::Queue" : undefined);

  it("fails the synth with a sentence that says what to do, whoever has added to it", () => {
    const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
    const stack = new AlloyJourneyWebhooks(app, "Sandbox", sandbox);
    const [made] = stack.node.findAll().filter((one) => one instanceof LambdaFunction);
    made?.addEnvironment("LIST", "x".repeat(4_000));

    expect(() => app.synth()).toThrow(
      /Lambda's limit of environment variables \(4,096 bytes\) must be at least names and values of ingest's, at their longest \([\d,]+ bytes\), or the deployment is rolled back; what grows .* \(lib\/config\/function-settings\.ts\)/,
    );
  });

  it.each([
    ["up to 4 KB", { NAME: "x".repeat(4_092) }, 0],
    ["beyond 4 KB", { NAME: "x".repeat(4_093) }, 1],
    ["in bytes, not characters", { NAME: "é".repeat(2_047) }, 1],
    ["of a queue's URL as long as it may get", { URL: { Ref: "Events" } }, 0],
    ["of what nobody knows as long as an ARN", { A: { Ref: "X" }, B: { "Fn::GetAtt": ["Y"] } }, 1],
    ["of joined parts", { A: { "Fn::Join": ["-", [{ Ref: "X" }, "x".repeat(2_046)]] } }, 0],
    [
      "of joined parts that are too long",
      { A: { "Fn::Join": ["-", [{ Ref: "X" }, "x".repeat(2_047)]] } },
      1,
    ],
  ])("is counted %s", (_, variables, count) => {
    expect(violations(environment("one", variables, typeOf))).toHaveLength(count);
  });
});
