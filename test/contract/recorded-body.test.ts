import { readFileSync } from "node:fs";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterAll, describe, expect, it } from "vitest";

import { decodeEnvelope } from "../../lambdas/domain/event/decode-envelope.ts";
import { readBody } from "../../lambdas/domain/event/envelope.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { replay } from "../../tools/ops/replay.ts";
import { show } from "../../tools/ops/show.ts";
import { namedBodies } from "../support/bodies.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";
import { anEventRecord } from "../support/records.ts";

function fixture(path: string): Buffer {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url));
}

/** What `replay` has put into the queue, as the consumer reads it. */
async function replayed(sqs: MemorySqs): Promise<readonly Uint8Array[]> {
  const decoded = sqs.all("events").map((message) => decodeEnvelope(message ?? ""));
  return Promise.all(
    decoded.map((read) => {
      if ("reason" in read || read.envelope.kind === "submission") throw new Error("no body");
      return readBody(read.envelope, () => Promise.reject(new Error("it is in no bucket")));
    }),
  );
}

const dynamo = await startDynamoDb();
afterAll(dynamo.close);

describe("the recorded body", () => {
  function theStack(sqs: MemorySqs) {
    return {
      ...aStack(sqs),
      dynamo: dynamo.client,
      applicationTableName: dynamo.applicationTableName,
      idempotencyTableName: dynamo.idempotencyTableName,
    };
  }

  async function record(
    applicationToken: string,
    body: Uint8Array,
    payloadKey: string | null = null,
  ): Promise<void> {
    const event = aJourneyEvent({ applicationToken });
    await dynamo.store.recordEvent(anEventRecord(event, { body, payloadKey }));
  }

  // What one message holds, escaped.
  const bodies = namedBodies().filter(([, bytes]) => bytes.length < 100_000);
  it.each(bodies)("is replayed as the bytes that came: %s", async (name, bytes) => {
    const token = `JA-${name.replace(/\W/g, "-")}`;
    await record(token, bytes);
    const sqs = new MemorySqs();

    const options = { event: null, dryRun: false, force: true, now: Date.now() };
    await replay(theStack(sqs), token, options, new KeptTerminal());

    const [sent, ...others] = await replayed(sqs);
    expect(others).toEqual([]);
    expect(Buffer.compare(sent ?? new Uint8Array([1]), bytes)).toBe(0);
  });

  it("that no message holds is replayed by its key in the bucket", async () => {
    await record("JA-large", Buffer.alloc(2_000_000, "x"), "webhooks/2026-11-23/receipt-1");
    const sqs = new MemorySqs();

    const options = { event: null, dryRun: false, force: true, now: Date.now() };
    await replay(theStack(sqs), "JA-large", options, new KeptTerminal());

    const [message = ""] = sqs.all("events");
    expect(decodeEnvelope(message)).toMatchObject({
      envelope: {
        kind: "replay",
        force: true,
        body: null,
        payloadKey: "webhooks/2026-11-23/receipt-1",
      },
    });
  });

  it("of the release 0.1.0, the webhook's data alone, is shown and replayed as the same event", async () => {
    const item: Record<string, AttributeValue> = JSON.parse(
      fixture("stored/event-0.1.0.json").toString(),
    );
    const body = { B: Buffer.from(String(item["body"]?.B), "base64") };
    await dynamo.client.send(
      new PutItemCommand({ TableName: dynamo.applicationTableName, Item: { ...item, body } }),
    );
    const webhook = parseWebhook(fixture("events/completed_application.json").toString());
    if (webhook.kind !== "journey-event") throw new Error("the fixture is a Journey event");
    const { applicationToken, eventId } = webhook.event;
    const sqs = new MemorySqs();
    const terminal = new KeptTerminal();

    await show(theStack(sqs), applicationToken, { bodies: true }, terminal);
    const options = { event: eventId, dryRun: false, force: true, now: Date.now() };
    await replay(theStack(sqs), applicationToken, options, terminal);

    expect(terminal.text).toContain(`"journey_application_token":"${applicationToken}"`);
    const [sent] = await replayed(sqs);
    const again = parseWebhook(new TextDecoder().decode(sent));
    expect(again).toMatchObject({ kind: "journey-event", event: { eventId, outcome: "Approved" } });
  });
});
