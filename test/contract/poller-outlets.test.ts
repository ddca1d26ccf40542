import { EventBridge } from "@aws-sdk/client-eventbridge";
import { SQS } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";

import { EventBridgeGapAnnouncer } from "../../lambdas/adapters/event-bridge-gap-announcer.ts";
import { SqsEventQueue } from "../../lambdas/adapters/sqs-event-queue.ts";
import { decodeEnvelope } from "../../lambdas/domain/event/decode-envelope.ts";
import { PermanentError, TransientError } from "../../lambdas/domain/errors.ts";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { anAwsError } from "../support/fake-bus.ts";
import { A_GAP_NOTICE } from "../support/gap-notice.ts";
import { aPollEnvelope } from "../support/poll-envelope.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

type Batch = readonly { readonly Id: string; readonly MessageBody: string }[];

/** The answer that names each message, or a part of them. */
const allSent = (batch: Batch): object => ({ Successful: batch.map(({ Id }) => ({ Id })) });

function aQueue(output: (batch: Batch, call: number) => object = allSent) {
  const inputs: object[] = [];
  const batchOf = (input: object): Batch =>
    "Entries" in input && Array.isArray(input.Entries) ? input.Entries : [];
  const client = answered(new SQS({ region: "us-east-1" }), (input) => {
    inputs.push(input);
    return output(batchOf(input), inputs.length);
  });
  const batches = () => inputs.map((input) => batchOf(input).map(({ MessageBody }) => MessageBody));
  return { queue: new SqsEventQueue(client, "https://queue", async () => {}), batches };
}

const THREE = ["1", "2", "3"].map(aPollEnvelope);
/** What the queue does about the second of them; the others it takes. */
function aboutTheSecond(failure: object | null) {
  return (batch: Batch): object => {
    const isIt = ({ MessageBody }: Batch[number]) => MessageBody.includes(`"body":"2"`);
    return {
      Successful: batch.filter((one) => !isIt(one)).map(({ Id }) => ({ Id })),
      ...(failure !== null && {
        Failed: batch.filter(isIt).map(({ Id }) => ({ Id, ...failure })),
      }),
    };
  };
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

  test("is asked again, message by message, for what it refused", async () => {
    const { queue, batches } = aQueue((batch, call) =>
      call === 1
        ? aboutTheSecond({ Code: "InternalError", SenderFault: false })(batch)
        : allSent(batch),
    );

    expect(await queue.send(THREE)).toEqual([null, null, null]);
    expect(batches().map((batch) => batch.length)).toEqual([3, 1]);
  });

  test.each([
    ["InternalError", false, "transient"],
    ["InvalidMessageContents", true, "permanent"],
  ])("holds nothing else by a message that it refuses: %s", async (Code, SenderFault, kind) => {
    const { queue } = aQueue(aboutTheSecond({ Code, SenderFault }));

    expect(await queue.send(THREE)).toEqual([null, { kind, reason: Code }, null]);
  });

  test.each<readonly [string, (batch: Batch) => object]>([
    ["all of them", () => ({})],
    ["one of them", aboutTheSecond(null)],
  ])("has not got a message that `Successful` does not name: %s", async (_, output) => {
    const { queue } = aQueue(output);

    const [, second] = await queue.send(THREE);

    expect(second).toMatchObject({ kind: "transient" });
  });

  test("gets the neighbours of a message for which it refuses a whole call", async () => {
    const { queue, batches } = aQueue((batch) => {
      if (batch.some(({ MessageBody }) => MessageBody.includes(`"body":"2"`))) {
        throw anAwsError("BatchRequestTooLong", 400);
      }
      return allSent(batch);
    });

    const answers = await queue.send(THREE);

    expect(answers).toMatchObject([null, { kind: "permanent" }, null]);
    expect(batches().map((batch) => batch.length)).toEqual([3, 1, 1, 1]);
  });

  test("keeps the messages of a call that fails", async () => {
    const { queue } = aQueue(() => {
      throw new Error("the connection was reset");
    });

    expect(await queue.send(THREE)).toMatchObject(THREE.map(() => ({ kind: "transient" })));
  });

  test("is not waited for over and over when it is out", async () => {
    const { queue, batches } = aQueue(() => {
      throw anAwsError("ServiceUnavailable", 503);
    });

    const answers = await queue.send(Array.from({ length: 50 }, () => aPollEnvelope("{}")));

    expect(answers.every((answer) => answer?.kind === "transient")).toBe(true);
    expect(batches()).toHaveLength(2);
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
    const client = answered(new EventBridge({ region: "us-east-1" }), (input) => {
      inputs.push(input);
      return output();
    });
    return { gaps: new EventBridgeGapAnnouncer(client, "bus", async () => {}), inputs };
  }

  test("gets the notice under its title", async () => {
    const { gaps, inputs } = aBus(() => ({ Entries: [{ EventId: "taken" }] }));

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

  test.each([
    ["ThrottlingException", TransientError],
    ["MalformedDetail", PermanentError],
  ])("is an error when it refuses it: %s", async (ErrorCode, error) => {
    const { gaps } = aBus(() => ({ Entries: [{ ErrorCode }] }));

    const announced = gaps.announce([A_GAP_NOTICE]);

    await expect(announced).rejects.toThrow(error);
    await expect(announced).rejects.toThrow(ErrorCode);
  });

  test.each([{}, { FailedEntryCount: 1, Entries: [] }, { Entries: [{}] }])(
    "has not heard of a notice when it does not say so: %j",
    async (answer) => {
      const { gaps } = aBus(() => answer);

      await expect(gaps.announce([A_GAP_NOTICE])).rejects.toThrow(TransientError);
    },
  );
});
