import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import * as v from "valibot";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { METRICS } from "../../lambdas/settings/metrics.ts";
import { EVENT_SOURCE, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { settleBatch, sqsEventOf } from "../../tools/cloud-in-memory/event-source.ts";
import { PLACE } from "../../tools/template/resolve.ts";
import { roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import { policiesOf } from "../../tools/strict-aws/iam/policies.ts";
import type { DeployedPolicies } from "../../tools/strict-aws/iam/policies.ts";
import { LIMITS } from "../../tools/strict-aws/limits.ts";
import { synthesise } from "../../tools/template/synthesise.ts";
import { sandbox } from "../../tools/template/variants.ts";
import { startAlloyOfThePast } from "../support/alloy-of-the-past.ts";
import { bundledFunction } from "../support/bundled-functions.ts";
import { aRequest, countedIn, signatureOf } from "../support/ingest.ts";
import { startStrictAws } from "../support/strict-aws.ts";

const HMAC = "9f2c7b1e5d8a4063b7e1c4d2a6f80935";
const API_KEY = { token: "tok-8d1f6a2b9c", secret: "sec-3e7a1c5f9b2d" };
const SECRETS = { WebhookSecret: { hmac: [HMAC] }, AlloyApiSecret: API_KEY };

const DetailSchema = v.object({
  route: v.string(),
  eventType: v.string(),
  applicationToken: v.string(),
  origin: v.string(),
});
const BatchAnswerSchema = v.object({
  batchItemFailures: v.array(v.object({ itemIdentifier: v.string() })),
});

/** The check is due after `polling.firstCheckMs`, and the poller lists what has been due for some seconds. */
const FIRST_CHECK_MS = sandbox.polling.firstCheckMs + 60_000;

const alloy = await startAlloyOfThePast({ hmac: HMAC, apiKey: API_KEY });
afterAll(() => alloy.close());
const assembly = mkdtempSync(join(tmpdir(), "assembly-"));
afterAll(() => rmSync(assembly, { recursive: true }));
const stage = { ...sandbox, alloy: { ...sandbox.alloy, baseUrl: alloy.baseUrl } };
const deployed = policiesOf(synthesise(stage, [], assembly));

/** The three bundles over an AWS of their own. */
async function aDeployment(policies: DeployedPolicies = deployed) {
  let aheadMs = 0;
  const aws = await startStrictAws(policies, SECRETS, () => Date.now() + aheadMs);
  const place = { assembly, deployed, endpoint: aws.endpoint, aheadMs: () => aheadMs };
  const ingest = bundledFunction("ingest", place);
  const consumer = bundledFunction("consumer", place);
  const poller = bundledFunction("poller", place);
  onTestFinished(async () => {
    await Promise.all([ingest.close(), consumer.close(), poller.close()]);
    await aws.close();
  });

  async function consume(): Promise<void> {
    for (;;) {
      const messages = aws.events.receive();
      if (messages.length === 0) return;
      const answer = await consumer.invoke(sqsEventOf(messages));
      settleBatch(aws.events, messages, v.parse(BatchAnswerSchema, answer));
    }
  }

  const published = () =>
    aws.published.flatMap(({ detail }) => (v.is(DetailSchema, detail) ? [detail] : []));
  return {
    aws,
    consume,
    post: ({ headers, body }: { headers: Readonly<Record<string, string>>; body: string }) =>
      ingest.invoke(aRequest({ headers, body })),
    /** When the first check is due. */
    poll() {
      aheadMs += FIRST_CHECK_MS;
      return poller.invoke({});
    },
    /** As the rule of the bus puts it into the queue. */
    async submit(submission: unknown): Promise<void> {
      const envelope = { v: 1, kind: "submission", receiptId: "announced", submission };
      aws.events.send(JSON.stringify({ ...envelope, receivedAt: new Date().toISOString() }));
      await consume();
    },
    published,
    /** How many events of an application are on the bus, by route. */
    routes: (applicationToken: string) =>
      routesOf(published().filter((one) => one.applicationToken === applicationToken)),
    healed: () => countedIn(consumer.lines, METRICS.eventsHealed),
    /** All that AWS has to say against it: refused calls, and messages that are left. */
    complaints: () => [
      ...aws.refused,
      ...aws.events.messages().map(({ body }) => `not consumed: ${body}`),
      ...aws.deadLetters.messages().map(({ body }) => `dead-lettered: ${body}`),
    ],
  };
}

/** A webhook whose body waits in the bucket. @returns its application's token. */
async function postLarge(deployment: Awaited<ReturnType<typeof aDeployment>>): Promise<string> {
  const { webhooks, created } = await alloy.play("approved-at-once");
  const body = `${webhooks[0]?.body}${" ".repeat(1_100_000)}`;
  const headers = { authorization: signatureOf(HMAC, body) };
  expect(await deployment.post({ headers, body })).toMatchObject({ statusCode: 200 });
  return created.journey_application_token;
}

/** The same policies without one action of the consumer's. */
function withoutRight(action: string): DeployedPolicies {
  const role = roleOf("consumer", deployed);
  const policies = deployed.policies.map((policy) => {
    if (policy.kind !== "identity" || !policy.of.includes(role)) return policy;
    const Statement = policy.document.Statement.map((statement) => ({
      ...statement,
      Action: statement.Action.filter((one) => one !== action),
    })).filter(({ Action }) => Action.length > 0);
    return { ...policy, document: { ...policy.document, Statement } };
  });
  return { ...deployed, policies };
}

function routesOf(events: readonly { readonly route: string }[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { route } of events) counts[route] = (counts[route] ?? 0) + 1;
  return counts;
}

/** An application is announced, none of its webhooks arrives, and the poller looks. */
async function healing(policies?: DeployedPolicies, unlisted?: string) {
  const deployment = await aDeployment(policies);
  const { created, held } = await alloy.play("all-webhooks-lost");
  const token = created.journey_application_token;
  if (unlisted !== undefined) alloy.unlist(token, unlisted);
  await deployment.submit(created);
  await deployment.poll();
  await deployment.consume();
  return { ...deployment, routes: deployment.routes(token), expected: held[0]?.expected.published };
}

describe("the bundles, as they are deployed", () => {
  it.each([
    ["bring a signed webhook from Alloy to the bus", "approved-at-once", 1],
    ["tell of a rerun under a token that nobody announced", "rerun-of-completed", 2],
  ])("%s", async (_, scenario, applications) => {
    const deployment = await aDeployment();
    const { webhooks, held } = await alloy.play(scenario);

    for (const webhook of webhooks) {
      expect(await deployment.post(webhook)).toMatchObject({ statusCode: 200 });
    }
    await deployment.consume();

    expect(held).toHaveLength(applications);
    for (const { applicationToken, expected } of held) {
      expect(deployment.routes(applicationToken)).toEqual(expected.published);
    }
    expect(deployment.complaints()).toEqual([]);
  });

  it("bring a webhook that no message can hold through the bucket", async () => {
    const deployment = await aDeployment();
    const token = await postLarge(deployment);

    await deployment.consume();

    expect(deployment.aws.objects.size).toBe(1);
    expect(deployment.routes(token)).toEqual({ progressed: 1 });
    expect(deployment.complaints()).toEqual([]);
  });

  it.each([
    ["dead-letter it when its body is gone", "", /^dead-lettered: /],
    [
      "keep it when S3 may not say that its body is gone",
      "s3:ListBucket",
      /s3:ListBucket .+ no statement allows it\nnot consumed: /,
    ],
  ])("%s", async (_, lacking, complaint) => {
    const deployment = await aDeployment(withoutRight(lacking));
    await postLarge(deployment);
    deployment.aws.objects.clear();

    await deployment.consume();

    expect(deployment.complaints().join("\n")).toMatch(complaint);
  });

  it("heal an application whose webhooks are all lost", async () => {
    const { routes, expected, healed, complaints } = await healing();

    expect(complaints()).toEqual([]);
    expect(routes).toEqual(expected);
    expect(healed()).toBe(7);
  });

  it("tell of an end that Alloy's answer has and its events have not", async () => {
    const { published, routes, expected, complaints } = await healing(
      deployed,
      "completed_application",
    );

    expect(complaints()).toEqual([]);
    expect(routes).toEqual(expected);
    expect(published().find(({ route }) => route === "approved")?.eventType).toBe("snapshot");
  });

  it.each([
    ["dynamodb:Query", undefined],
    ["dynamodb:GetItem", "completed_application"],
  ])("do not heal it, and show why, when the consumer lacks %s", async (action, unlisted) => {
    const { routes, expected, complaints } = await healing(withoutRight(action), unlisted);

    expect(routes).not.toEqual(expected);
    expect(complaints().join("\n")).toContain(action);
  });

  it("would be refused what is beyond a documented limit", async () => {
    const { aws, complaints, post } = await aDeployment();
    const bus = new EventBridgeClient({
      endpoint: aws.endpoint,
      region: PLACE.region,
      credentials: { accessKeyId: roleOf("consumer", deployed), secretAccessKey: "secret" },
    });
    const entry = {
      EventBusName: deployed.arns.refOf("EventBus"),
      Source: EVENT_SOURCE,
      DetailType: ROUTE_TITLES.approved,
      Detail: "{}",
    };

    const eleven = bus.send(
      new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => entry) }),
    );

    await expect(eleven).rejects.toMatchObject({ name: "ValidationException" });
    const tooLarge = post({ headers: {}, body: "x".repeat(LIMITS.invocationBytes.most) });
    await expect(tooLarge).rejects.toMatchObject({ name: "RequestTooLargeException" });
    expect(complaints()).toMatchObject([expect.stringContaining("PutEvents")]);
  });
});
