import { describe, expect, it } from "vitest";
import { CONCURRENCY, REQUESTS_PER_EXECUTION } from "../../lambdas/settings/limits.ts";
import { isRecord, listOf, objectsIn } from "../../tools/template/template.ts";
import type { TemplateResource } from "../../tools/template/template.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

/** Rules for what bites on this platform, each in the index of docs/pitfalls.md. */
describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);
  const sources = stack.ofType("AWS::Lambda::EventSourceMapping");
  const queues = stack.ofType("AWS::SQS::Queue");

  const byId = (value: unknown): TemplateResource | undefined =>
    objectsIn(value)
      .map((one) => one["Ref"] ?? listOf(one["Fn::GetAtt"])[0])
      .flatMap((id) => stack.resources.filter(({ logicalId }) => logicalId === id))
      .at(0);
  const scalingOf = ({ Properties }: TemplateResource) =>
    isRecord(Properties["ScalingConfig"]) ? Properties["ScalingConfig"] : {};
  const redriveOf = ({ Properties }: TemplateResource) =>
    isRecord(Properties["RedrivePolicy"]) ? Properties["RedrivePolicy"] : null;

  it("every event source hands out ten records at most: all of a batch run at once", () => {
    for (const { Properties } of sources) expect(Properties["BatchSize"]).toBeLessThanOrEqual(10);
    expect(sources.length).toBeGreaterThan(0);
  });

  it("every event source takes back single records: it is off by default", () => {
    for (const { Properties } of sources) {
      expect(Properties["FunctionResponseTypes"]).toEqual(["ReportBatchItemFailures"]);
    }
  });

  it("no event source has a filter: what does not match would be deleted", () => {
    for (const { Properties } of sources) expect(Properties).not.toHaveProperty("FilterCriteria");
  });

  it("no event source has provisioned pollers beside its maximum", () => {
    for (const source of sources) {
      expect(scalingOf(source)["MaximumConcurrency"]).toBeGreaterThanOrEqual(2);
      expect(source.Properties).not.toHaveProperty("ProvisionedPollerConfig");
    }
  });

  it("no event source hands out more batches than its function may run", () => {
    for (const source of sources) {
      const reserved = byId(source.Properties["FunctionName"])?.Properties[
        "ReservedConcurrentExecutions"
      ];
      // An account too small to reserve from has no share of its own to exceed.
      const most = stage.concurrency === "shared" ? Number.POSITIVE_INFINITY : Number(reserved);
      expect(scalingOf(source)["MaximumConcurrency"]).toBeLessThanOrEqual(most);
    }
  });

  it("every queue that a function reads hides a record six times the function's limit", () => {
    for (const { Properties } of sources) {
      const queue = byId(Properties["EventSourceArn"]);
      const limit = byId(Properties["FunctionName"])?.Properties["Timeout"];
      expect(queue?.Properties["VisibilityTimeout"]).toBeGreaterThanOrEqual(6 * Number(limit));
    }
  });

  it("every queue gives up after five receives at least: throttles count", () => {
    const redrives = queues.map(redriveOf).filter((redrive) => redrive !== null);

    for (const redrive of redrives) expect(redrive["maxReceiveCount"]).toBeGreaterThanOrEqual(5);
    expect(redrives.length).toBeGreaterThan(0);
  });

  it("every dead-letter queue keeps for 14 days what is as old as its first sending", () => {
    for (const queue of queues) {
      const redrive = redriveOf(queue);
      if (redrive === null) continue;
      const deadLetters = byId(redrive["deadLetterTargetArn"]);
      expect(deadLetters?.Properties["MessageRetentionPeriod"]).toBe(14 * 24 * 3_600);
    }
  });

  it("no alarm counts what was sent to a queue: a move by redrive is not in it", () => {
    const metrics = stack
      .ofType("AWS::CloudWatch::Alarm")
      .flatMap(({ Properties }) => objectsIn(Properties))
      .flatMap((one) => (typeof one["MetricName"] === "string" ? [one] : []))
      .filter(({ Namespace }) => Namespace === "AWS/SQS");

    const names = metrics.map(({ MetricName }) => MetricName);
    expect(names).toContain("ApproximateNumberOfMessagesVisible");
    // It does count towards the event queue's own inflow, where a redrive is nothing that was sent.
    const ofDeadLetters = metrics.filter(({ Dimensions }) =>
      objectsIn(Dimensions).some((one) => byId(one)?.logicalId.includes("DeadLetter")),
    );
    expect(ofDeadLetters.map(({ MetricName }) => MetricName)).not.toContain("NumberOfMessagesSent");
  });

  it("every integration of the API is a function: a signature is checked before the 200", () => {
    const integrations = stack.ofType("AWS::ApiGatewayV2::Integration");

    for (const { Properties } of integrations) {
      expect(Properties["IntegrationType"]).toBe("AWS_PROXY");
      expect(Properties).not.toHaveProperty("IntegrationSubtype");
      // Under an alias, where a new build takes over by parts.
      const called = byId(Properties["IntegrationUri"]);
      const ingest =
        called?.Type === "AWS::Lambda::Alias" ? byId(called.Properties["FunctionName"]) : called;
      expect(ingest?.Type).toBe("AWS::Lambda::Function");
    }
    expect(integrations.length).toBeGreaterThan(0);
  });

  it("a burst that API Gateway lets through finds an execution for each request: nothing queues between them", () => {
    const [api] = stack.ofType("AWS::ApiGatewayV2::Stage");
    const settings = api?.Properties["DefaultRouteSettings"];
    const { ThrottlingBurstLimit: burst, ThrottlingRateLimit: perSecond } = isRecord(settings)
      ? settings
      : {};
    const ingest = stack
      .ofType("AWS::Lambda::Function")
      .find(({ logicalId }) => logicalId.includes("Ingest"));
    const reserved = ingest?.Properties["ReservedConcurrentExecutions"];

    // A stage that reserves nothing promises nothing.
    expect(reserved).toBe(stage.concurrency === "reserved" ? CONCURRENCY.ingest : undefined);
    expect(burst).toBe(CONCURRENCY.ingest);
    expect(perSecond).toBe(REQUESTS_PER_EXECUTION * CONCURRENCY.ingest);
  });
});
