import { expect, test } from "vitest";

import { makeConsumerHandler } from "../../../lambdas/consumer/handler.ts";
import { makeIngestHandler } from "../../../lambdas/ingest/handler.ts";
import { makePollerHandler } from "../../../lambdas/poller/handler.ts";
import type { Authorize } from "../../../lambdas/ingest/authorize.ts";
import { SUBMISSION_DETAIL_TYPE } from "../../../lambdas/settings/routes.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { settleBatch, sqsEventOf } from "../../../tools/cloud-in-memory/event-source.ts";
import {
  lambdaContext,
  webhookOf,
  alloyAnswer,
  alloyThatAnswers,
} from "../../../tools/cloud-in-memory/builders.ts";
import { aRequest } from "../../support/ingest.ts";
import { consumerOver, ingestOver, pollerOver } from "../../../tools/cloud-in-memory/runtime.ts";

const START = 1_760_000_000_000;
const MINUTE = 60_000;

/** The three real handlers over one cloud in memory. */
function aWorld() {
  const clock = { now: START };
  const now = () => clock.now;
  const cloud = makeMemoryCloud({ now, routes: ["approved"] });
  const authorize: Authorize = async ({ headers }) =>
    headers["authorization"] === undefined ? "malformed" : "authentic";
  const ingest = makeIngestHandler(ingestOver({ cloud, now, authorize }));
  const consume = makeConsumerHandler(consumerOver({ cloud, now }));
  const alloy = alloyThatAnswers(({ applicationToken }) => alloyAnswer(applicationToken, []));
  const poll = makePollerHandler(pollerOver({ cloud, now, alloy }));
  return {
    clock,
    cloud,
    post: async (body: string, requestId: string) => {
      const { statusCode = 0 } = await ingest(aRequest({ body, requestId }));
      cloud.deliveries.note(statusCode, now());
      return statusCode;
    },
    drain: async () => {
      for (let batch = cloud.events.receive(); batch.length > 0; batch = cloud.events.receive()) {
        settleBatch(cloud.events, batch, await consume(sqsEventOf(batch), lambdaContext()));
      }
    },
    poll: () => poll({}),
  };
}

const routeQueueOf = ({ routes }: MemoryCloud) => routes.get("approved")?.messages() ?? [];

test("takes a webhook from the request to its route's queue, and twice without a second effect", async () => {
  const { post, drain, cloud } = aWorld();
  const webhook = webhookOf("completed_application", "JA-1", START);

  const answers = [await post(webhook, "request-1"), await post(webhook, "request-2")];
  await drain();

  expect(answers).toEqual([200, 200]);
  expect(cloud.bus.published).toMatchObject([{ route: "approved", applicationToken: "JA-1" }]);
  const [message] = routeQueueOf(cloud);
  expect(JSON.parse(message?.body ?? "")).toMatchObject({
    source: "alloy.journeys",
    "detail-type": "Journey Application Approved",
    time: "2025-10-09T08:53:20Z",
    detail: { applicationToken: "JA-1", outcome: "Approved" },
  });
  expect([cloud.events.messages(), cloud.deadLetters.messages()]).toEqual([[], []]);
});

test("takes a body that no message can hold through the bucket", async () => {
  const { post, drain, cloud } = aWorld();

  await post(JSON.stringify({ filler: "x".repeat(1_100_000) }), "request-1");
  await drain();

  expect([...cloud.payloads.payloads.keys()]).toEqual(["webhooks/2025-10-09/request-1"]);
  expect(cloud.bus.published).toMatchObject([{ route: "unrecognised" }]);
});

test("takes a submission from the bus, and lets the poller find that nothing came of it", async () => {
  const { cloud, clock, drain, poll } = aWorld();

  cloud.bus.put("onboarding", SUBMISSION_DETAIL_TYPE, {
    journey_application_token: "JA-1",
    journey_token: "J-1",
  });
  await drain();
  clock.now += 10 * MINUTE;
  const report = await poll();

  expect(report).toMatchObject({ due: 1, checked: 1 });
  expect(cloud.applications.applications.get("JA-1")).toMatchObject({
    state: { journeyToken: "J-1", submittedAt: START },
    memory: { checkedAt: clock.now },
  });
});

test("tells the poller what webhooks were answered, and what waits in the queue", async () => {
  const { cloud, post, clock } = aWorld();
  await post("{}", "request-1");
  clock.now += MINUTE;
  cloud.deliveries.note(401, clock.now);
  cloud.deliveries.note(503, clock.now);

  const record = await cloud.deliveries.record(START, clock.now + MINUTE);

  const minute = START - (START % MINUTE);
  expect(record).toEqual({
    minutes: [
      { at: minute, accepted: 1, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0 },
      {
        at: minute + MINUTE,
        accepted: 0,
        credentials: 1,
        addresses: 0,
        faults: 1,
        alloyRefused: 2,
      },
    ],
    oldestQueuedAt: START,
    queued: 1,
  });
});

test("gives a batch back as a whole when the answer names none of its messages", async () => {
  const { cloud, post } = aWorld();
  await post("{}", "request-1");
  const batch = cloud.events.receive();

  settleBatch(cloud.events, batch, { batchItemFailures: [{ itemIdentifier: "another" }] });

  expect(cloud.events.messages()).toHaveLength(1);
});
