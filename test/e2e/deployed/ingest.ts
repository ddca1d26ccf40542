import { isUtf8 } from "node:buffer";

import { GetObjectCommand } from "@aws-sdk/client-s3";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { decodeEnvelope } from "../../../lambdas/domain/event/decode-envelope.ts";
import { readBody } from "../../../lambdas/domain/event/envelope.ts";
import { namedBodies } from "../../support/bodies.ts";
import { signatureOf } from "../../support/ingest.ts";
import { asOften } from "../driver.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

/** Posts bytes as Alloy does; or, when they are no text, as what API Gateway does not decode as text. */
async function post(body: Uint8Array, authorization: string): Promise<number> {
  const contentType = isUtf8(body) ? "application/json" : "application/octet-stream";
  const { status } = await fetch(makeDriver().stack.webhookUrl, {
    method: "POST",
    headers: { "content-type": contentType, authorization },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(300_000),
  });
  return status;
}

describe.skipIf(isSkipped)(
  "the bytes posted to the deployed stack are the bytes in its queue",
  () => {
    /** Generated bodies on top of the named ones; each is a request to the emulator. */
    const GENERATED_BODIES = 20;

    // The consumer is stopped meanwhile, so that the messages can be looked at.
    beforeAll(async () => {
      await makeDriver().setConsumer("Disabled");
      await drain();
    });

    afterAll(() => makeDriver().setConsumer("Enabled"));

    async function drain(): Promise<void> {
      while ((await receive()) !== undefined);
    }

    /** Takes one message out of the queue; undefined when it stays empty for two seconds. */
    async function receive(): Promise<string | undefined> {
      const { clients, output } = makeDriver();
      const QueueUrl = output("EventQueueUrl");
      const { Messages = [] } = await clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2 }),
      );
      const [message] = Messages;
      if (message === undefined) return undefined;
      const { ReceiptHandle, Body } = message;
      await clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      return Body;
    }

    /** The next webhook's bytes, as the consumer reads them. */
    async function bytesInQueue(): Promise<Uint8Array> {
      const decoded = decodeEnvelope((await receive()) ?? "");
      if (!("envelope" in decoded) || decoded.envelope.kind === "submission") {
        throw new Error("There is no webhook in the queue.");
      }
      return readBody(decoded.envelope, readPayload);
    }

    async function readPayload(Key: string): Promise<Uint8Array> {
      const { clients, output } = makeDriver();
      const { Body } = await clients.s3.send(
        new GetObjectCommand({ Bucket: output("PayloadBucketName"), Key }),
      );
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    }

    async function roundTrip(posted: Uint8Array) {
      const { stack } = makeDriver();
      const authorization = signatureOf(stack.hmac, posted);
      const { status } = await asOften(
        async () => ({ status: await post(posted, authorization) }),
        drain,
      );
      const isEqual = status === 200 && Buffer.compare(await bytesInQueue(), posted) === 0;
      return { status, isEqual };
    }

    it.each(namedBodies())("of a body that is %s", async (_, posted) => {
      expect(await roundTrip(posted)).toEqual({ status: 200, isEqual: true });
    });

    it(`of ${GENERATED_BODIES} generated bodies`, async () => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 500 }),
        fc.string({ unit: "binary", maxLength: 500 }).map((text) => Buffer.from(text)),
      );

      await fc.assert(
        fc.asyncProperty(bytes, async (posted) => {
          expect(await roundTrip(posted)).toEqual({ status: 200, isEqual: true });
        }),
        { numRuns: GENERATED_BODIES, endOnFailure: true },
      );
    });
  },
);
