import { describe, expect, test } from "vitest";

import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { makeIngestHandler } from "../../lambdas/ingest/handler.ts";
import { queueEnvelopes } from "../../lambdas/poller/queue-envelopes.ts";
import { batchOfMessages, lambdaContext, webhookOf } from "../../tools/cloud-in-memory/builders.ts";
import { makeMemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { consumerOver, ingestOver } from "../../tools/cloud-in-memory/runtime.ts";
import * as codeOfLastRelease from "../fixtures/stored/0.2.0.code.mjs";
import { aDynamoDb } from "../support/dynalite.ts";
import { aBusClient } from "../support/fake-bus.ts";
import { aRequest } from "../support/ingest.ts";
import { aPollEnvelope } from "../support/poll-envelope.ts";

const NOW = Date.UTC(2026, 10, 23, 20);
const TRACE = "5759e988bd862e3fe1be46a994272793";
const TRACEPARENT = `00-${TRACE}-53995c3f42cd8ad8-01`;
const X_RAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const WEBHOOK = webhookOf("started_application", "JA-traceQ7cT2mLxR4vB9s", NOW);

/** The queue's messages after a request with these headers, in an invocation of this trace. */
async function messagesOf(headers: Readonly<Record<string, string>>, xRay?: string) {
  const cloud = makeMemoryCloud({ now: () => NOW });
  cloud.webhookSecret.put(
    JSON.stringify({ basic: [{ username: "alloy", password: "correct horse battery" }] }),
  );
  const handle = makeIngestHandler(ingestOver({ cloud, now: () => NOW, xRay: () => xRay }));
  const request = aRequest({ body: WEBHOOK });
  const { statusCode } = await handle({ ...request, headers: { ...request.headers, ...headers } });
  expect(statusCode).toBe(200);
  return cloud.events.messages().map(({ body }) => body);
}

/** What the bus gets of these messages. */
async function entriesOf(
  messages: readonly string[],
  header?: string,
  consume: (publisher: EventBridgePublisher) => ReturnType<typeof makeConsumerHandler> = (
    publisher,
  ) => makeConsumerHandler(consumerOver({ publisher })),
) {
  const { client, calls } = aBusClient((entries) => ({
    Entries: entries.map(() => ({ EventId: "taken" })),
  }));
  const publisher = new EventBridgePublisher({ client, busName: "bus", sleep: async () => {} });
  const batch = batchOfMessages(messages);
  const Records = batch.Records.map((record) => ({
    ...record,
    attributes: {
      ...record.attributes,
      ...(header !== undefined && { AWSTraceHeader: header }),
    },
  }));
  await consume(publisher)({ Records }, lambdaContext());
  return calls.flat().map(({ Detail = "", TraceHeader }) => {
    const { traceparent }: { traceparent: unknown } = JSON.parse(Detail);
    return { traceparent, TraceHeader };
  });
}

const JOINED = [{ traceparent: TRACEPARENT, TraceHeader: X_RAY }];
const ALONE = [{ traceparent: null, TraceHeader: undefined }];

describe("the trace of a request", () => {
  test("goes from the caller's header into the detail and the entry of the bus", async () => {
    const other = X_RAY.replaceAll("5", "6");

    expect(await entriesOf(await messagesOf({ traceparent: TRACEPARENT }, other))).toEqual(JOINED);
  });

  test("is AWS's own where the caller has none", async () => {
    expect(await entriesOf(await messagesOf({}, X_RAY))).toEqual(JOINED);
  });

  test.each([
    `${TRACEPARENT}\r\nX: y`,
    `${TRACEPARENT},${TRACEPARENT}`,
    '"}{"',
    "0".repeat(100_000),
  ])("is none, and no text of the header goes further, when the caller writes %j", async (text) => {
    const messages = await messagesOf({ traceparent: text });

    expect(messages.join()).not.toContain("traceparent");
    expect(await entriesOf(messages)).toEqual(ALONE);
  });

  test("is read strictly from the queue too, and a bad one holds no event up", async () => {
    const [message = ""] = await messagesOf({ traceparent: TRACEPARENT });

    for (const bad of ["evil", 1, null, { a: 1 }]) {
      const changed = JSON.stringify({ ...JSON.parse(message), traceparent: bad });
      expect(await entriesOf([changed])).toEqual(ALONE);
    }
  });

  test("is that of the sender of the message where the envelope names none", async () => {
    expect(await entriesOf(await messagesOf({}), X_RAY)).toEqual(JOINED);
  });

  test("is that of the poller's run for what the poller brings", async () => {
    const sent: unknown[] = [];
    const cloud = makeMemoryCloud({ now: () => NOW });
    const queue = {
      send: async (envelopes: readonly unknown[]) => {
        sent.push(...envelopes);
        return envelopes.map(() => null);
      },
    };
    const { payloads } = cloud;

    await queueEnvelopes([aPollEnvelope(WEBHOOK)], {
      queue,
      payloads,
      now: () => NOW,
      xRay: () => X_RAY,
    });

    expect(sent).toMatchObject([{ traceparent: TRACEPARENT }]);
  });

  test("is ignored by the release before, which reads the message all the same", async () => {
    const messages = await messagesOf({ traceparent: TRACEPARENT });
    const { client, applicationTableName: tableName } = await aDynamoDb();
    const store = new codeOfLastRelease.DynamoApplicationStore({
      client,
      tableName,
      eventRetentionMs: null,
    });

    const entries = await entriesOf(messages, X_RAY, (publisher) =>
      codeOfLastRelease.makeConsumerHandler(consumerOver({ publisher, store })),
    );

    expect(messages.join()).toContain(TRACEPARENT);
    expect(entries).toEqual([{ traceparent: undefined, TraceHeader: undefined }]);
  });
});
