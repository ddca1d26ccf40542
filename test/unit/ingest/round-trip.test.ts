import { isUtf8 } from "node:buffer";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { reasonBeside } from "../../../lambdas/domain/event/dead-letter-reason.ts";
import { decodeEnvelope } from "../../../lambdas/domain/event/decode-envelope.ts";
import { encodeEnvelope, readBody } from "../../../lambdas/domain/event/envelope.ts";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { isSqsText, namedBodies } from "../../support/bodies.ts";
import { postTo } from "../../support/ingest.ts";
import { anEnvelope } from "../../support/poll-envelope.ts";
import { anyText } from "../../support/any-text.ts";

/** The forms in which API Gateway may hand over the bytes: base64, and text where they are text. */
function formsOf(bytes: Uint8Array): (string | Uint8Array)[] {
  return isUtf8(bytes) ? [bytes, Buffer.from(bytes).toString()] : [bytes];
}

/** Posts a body, and returns what the consumer sees of it. */
async function seenByConsumer(body: string | Uint8Array) {
  const { answer, messages, payloads } = await postTo({}, { body });
  const [message = ""] = messages;
  const decoded = decodeEnvelope(message);
  if (!("envelope" in decoded) || decoded.envelope.kind === "submission") {
    throw new Error("The consumer cannot read what ingest has put into the queue.");
  }
  const { envelope } = decoded;
  const bytes = await readBody(envelope, (key) =>
    Promise.resolve(payloads.get(key) ?? Buffer.from("no such payload")),
  );
  const { statusCode } = answer;
  return { statusCode, message, envelope, bytes, payloads: payloads.size };
}

describe("the bytes that were posted are the bytes that the consumer sees", () => {
  it.each(namedBodies())("of a body that is %s", async (_, posted) => {
    for (const form of formsOf(posted)) {
      const { statusCode, message, bytes } = await seenByConsumer(form);

      expect(statusCode).toBe(200);
      expect(Buffer.compare(bytes, posted)).toBe(0);
      expect(isSqsText(message)).toBe(true);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(QUEUE.maxMessageBytes);
    }
  });

  it("of any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (posted) => {
        for (const form of formsOf(posted)) {
          const { message, bytes } = await seenByConsumer(form);

          expect(Buffer.compare(bytes, posted)).toBe(0);
          expect(isSqsText(message)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of any text", async () => {
    const text = anyText({ maxLength: 200 });

    await fc.assert(
      fc.asyncProperty(text, async (posted) => {
        for (const form of formsOf(Buffer.from(posted))) {
          const { message, bytes, envelope } = await seenByConsumer(form);

          expect(envelope.body).toBe(posted);
          expect(Buffer.from(bytes).toString()).toBe(posted);
          expect(isSqsText(message)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps even a lone surrogate that API Gateway should hand over as text", async () => {
    const { envelope, message } = await seenByConsumer("{\ud800}");

    expect(envelope.body).toBe("{\ud800}");
    expect(isSqsText(message)).toBe(true);
  });
});

describe("a body at the limit of one SQS message", () => {
  const most = QUEUE.maxMessageBytes - QUEUE.reasonRoomBytes;

  /** Bytes that the envelope takes around a body of plain letters. */
  async function room(): Promise<number> {
    const { message } = await seenByConsumer("");
    return most - Buffer.byteLength(message);
  }

  it("stands in the message when it just fits", async () => {
    const { message, payloads } = await seenByConsumer("x".repeat(await room()));

    expect(Buffer.byteLength(message)).toBe(most);
    expect(payloads).toBe(0);
  });

  it("leaves room for the longest reason when it is dead-lettered", async () => {
    const { message } = await seenByConsumer("x".repeat(await room()));

    const reason = reasonBeside(message, "x".repeat(10_000)) ?? "";

    const attribute = Buffer.byteLength(`reasonString${reason}`);
    expect(Buffer.byteLength(reason)).toBe(QUEUE.maxReasonBytes);
    expect(Buffer.byteLength(message) + attribute).toBeLessThanOrEqual(QUEUE.maxMessageBytes);
  });

  it("stands in the bucket when it is one byte longer", async () => {
    const { envelope, payloads } = await seenByConsumer("x".repeat((await room()) + 1));

    expect(envelope).toMatchObject({ body: null, payloadKey: "webhooks/2026-11-23/receipt" });
    expect(payloads).toBe(1);
  });
});

it.each([
  ["{", "the queue message is not JSON"],
  ["[]", "the queue message is not a version 1 envelope: wrong at"],
  [`{"v":2,"kind":"webhook"}`, "the queue message is not a version 1 envelope: wrong at v"],
  [encodeEnvelope(anEnvelope()), "the queue message must have either a body or a payloadKey"],
])("an envelope that is none is refused with its reason: %s", (text, reason) => {
  const decoded = decodeEnvelope(text);

  expect("reason" in decoded && decoded.reason).toContain(reason);
});
