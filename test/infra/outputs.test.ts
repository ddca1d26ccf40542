import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { INVESTIGATION_ROUTE_IDS, ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { OUTPUTS } from "../../lib/outputs.ts";
import { referredId } from "../../tools/template/template.ts";
import {
  sandbox,
  withDecisions,
  withInvestigations,
  withOwnName,
} from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const ROUTE_QUEUES = [
  "ApprovedQueueUrl",
  "DeniedQueueUrl",
  "ManualReviewQueueUrl",
  "NeedsActionQueueUrl",
  "ErroredQueueUrl",
  "ExpiredQueueUrl",
  "CompletedQueueUrl",
  "SupersededQueueUrl",
  "ProgressedQueueUrl",
  "UnrecognisedQueueUrl",
  "OtherQueueUrl",
];

describe("the outputs", () => {
  it("are exactly those that the contract names", () => {
    const { outputs } = templateOf(sandbox);
    const page = readFileSync("docs/contracts.md", "utf8");
    const [, sentence = ""] = /Outputs: (.*?), and\s+`<Route>QueueUrl`/s.exec(page) ?? [];
    const inContract = [...sentence.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);

    expect(Object.keys(outputs).toSorted(), "lib/outputs.ts").toEqual(
      [...OUTPUTS, ...ROUTE_QUEUES].toSorted(),
    );
    expect(inContract.toSorted(), "docs/contracts.md, Stack and outputs").toEqual(
      OUTPUTS.toSorted(),
    );
    expect(ROUTE_QUEUES).toHaveLength(
      // The routes that a stage has to ask for: of Investigations, and of decisions.
      ROUTE_IDS.length - INVESTIGATION_ROUTE_IDS.length - 1,
    );
  });

  it("name the queues of the Investigations where the stage handles them", () => {
    const { outputs } = templateOf(withInvestigations);

    expect(Object.keys(outputs).toSorted()).toEqual(
      [
        ...OUTPUTS,
        ...ROUTE_QUEUES,
        "InvestigationCreatedQueueUrl",
        "InvestigationPromotedQueueUrl",
        "InvestigationClosedQueueUrl",
      ].toSorted(),
    );
  });

  it("name the queue of decisions where the stage publishes them", () => {
    const { outputs } = templateOf(withDecisions);

    expect(Object.keys(outputs).toSorted()).toEqual(
      [...OUTPUTS, ...ROUTE_QUEUES, "DecidedQueueUrl"].toSorted(),
    );
  });

  it("name a queue for a route only when it has one of its own", () => {
    const approved = { ...sandbox.routes.approved, queue: false };
    const denied = { ...sandbox.routes.denied, publish: false };

    const { outputs } = templateOf({ ...sandbox, routes: { ...sandbox.routes, approved, denied } });

    expect(outputs).not.toHaveProperty("ApprovedQueueUrl");
    expect(outputs).not.toHaveProperty("DeniedQueueUrl");
    expect(outputs).toHaveProperty("ErroredQueueUrl");
  });

  it("point at the resources that they name", () => {
    const { outputs, resources } = templateOf(sandbox);
    const typeOf = (output: string) =>
      resources.find(({ logicalId }) => logicalId === referredId(outputs[output]))?.Type;

    expect(typeOf("EventQueueUrl")).toBe("AWS::SQS::Queue");
    expect(typeOf("ManualReviewQueueUrl")).toBe("AWS::SQS::Queue");
    expect(typeOf("ApplicationTableName")).toBe("AWS::DynamoDB::GlobalTable");
    expect(typeOf("PayloadBucketName")).toBe("AWS::S3::Bucket");
    expect(typeOf("AlloyApiSecretArn")).toBe("AWS::SecretsManager::Secret");
    expect(typeOf("PollerFunctionName")).toBe("AWS::Lambda::Function");
    expect(typeOf("PageTopicArn")).toBe("AWS::SNS::Topic");
    expect(outputs["DashboardName"]).toBe("AlloyJourneyWebhooks-sandbox");
  });

  it("give the webhook's own name, when it has one", () => {
    const url = JSON.stringify(templateOf(withOwnName).outputs["WebhookUrl"]);

    expect(url).toContain("/webhooks/alloy");
    expect(url).not.toContain("execute-api");
  });
});
