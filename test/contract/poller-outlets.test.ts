import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";

import { EventBridgeGapAnnouncer } from "../../lambdas/adapters/event-bridge-gap-announcer.ts";
import { SqsEventQueue } from "../../lambdas/adapters/sqs-event-queue.ts";
import { decodeEnvelope } from "../../lambdas/domain/decode-envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import { QUEUE } from "../../lambdas/settings.ts";
import { A_GAP_NOTICE } from "../support/gap-notice.ts";
import { aPollEnvelope } from "../support/poll-envelope.ts";

/** A client's answers without a network: what it was asked, and what it is to say. */
interface Stub {
  readonly inputs: object[];
  readonly output: (input: object) => object;
}

function answering({ inputs, output }: Stub) {
  return () =>
    async ({ input }: { readonly input: object }) => {
      inputs.push(input);
      return { output: { ...output(input), $metadata: {} }, response: {} };
    };
}

function aQueue(output: (input: object) => object = () => ({})) {
  const inputs: object[] = [];
  const client = new SQSClient({ region: "us-east-1" });
  client.middlewareStack.add(answering({ inputs, output }), { step: "initialize" });
  const batches = () =>
    inputs.map((input) =>
      "Entries" in input && Array.isArray(input.Entries)
        ? input.Entries.map(({ MessageBody }) => String(MessageBody))
        : [],
    );
  return { queue: new SqsEventQueue(client, "https://queue"), batches };
}

describe("the event queue, as the poller fills it", () => {
  test("gets envelopes that the consumer can read", async () => {
    const { queue, batches } = aQueue();
    const envelope = aPollEnvelope(`{"data":"with \\u007f in it"}`);

    await queue.send([envelope]);

    expect(decodeEnvelope(batches()[0]?.[0] ?? "")).toEqual({ envelope });
  });

  test("gets at most ten messages with a call", async () => {
    const { queue, batches } = aQueue();

    await queue.send(Array.from({ length: 23 }, () => aPollEnvelope("{}")));

    expect(batches().map((batch) => batch.length)).toEqual([10, 10, 3]);
  });

  test("gets no call that is larger than one message may be", async () => {
    const { queue, batches } = aQueue();
    const large = "x".repeat(400_000);

    await queue.send([large, large, large, "{}"].map(aPollEnvelope));

    const sizes = batches().map((batch) => Buffer.byteLength(batch.join("")));
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(QUEUE.maxMessageBytes);
  });

  test("is a transient error when it refuses one of them", async () => {
    const { queue } = aQueue(() => ({ Failed: [{ Id: "0", Code: "InternalError" }] }));

    await expect(queue.send([aPollEnvelope("{}")])).rejects.toThrow(TransientError);
  });

  test("is not called for nothing", async () => {
    const { queue, batches } = aQueue();

    await queue.send([]);

    expect(batches()).toEqual([]);
  });
});

describe("the bus, told of gaps", () => {
  function aBus(output: () => object) {
    const inputs: object[] = [];
    const client = new EventBridgeClient({ region: "us-east-1" });
    client.middlewareStack.add(answering({ inputs, output }), { step: "initialize" });
    return { gaps: new EventBridgeGapAnnouncer(client, "bus"), inputs };
  }

  test("gets the notice under its title", async () => {
    const { gaps, inputs } = aBus(() => ({ Entries: [{}] }));

    await gaps.announce([A_GAP_NOTICE]);

    expect(inputs).toEqual([
      {
        Entries: [
          {
            EventBusName: "bus",
            Source: "alloy.journeys",
            DetailType: "Journey Application Delivery Gap",
            Resources: [],
            Detail: JSON.stringify(A_GAP_NOTICE),
          },
        ],
      },
    ]);
  });

  test("is a transient error when it refuses it", async () => {
    const { gaps } = aBus(() => ({ Entries: [{ ErrorCode: "ThrottlingException" }] }));

    await expect(gaps.announce([A_GAP_NOTICE])).rejects.toThrow("ThrottlingException");
  });
});
