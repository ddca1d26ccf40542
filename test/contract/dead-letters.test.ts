import { SendMessageCommand, SQS } from "@aws-sdk/client-sqs";
import type { SendMessageRequest } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";

import { SqsDeadLetters } from "../../lambdas/adapters/sqs-queues.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import { anAwsError } from "../support/fake-bus.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

/** Dead letters over a queue that answers so. */
function deadLettersOver(answer: (request: SendMessageRequest) => object) {
  const requests: SendMessageRequest[] = [];
  const client = answered(new SQS({ region: "us-east-1" }), (input) => {
    const request = new SendMessageCommand({ QueueUrl: "", MessageBody: "", ...input }).input;
    requests.push(request);
    return answer(request);
  });
  const reasons = () =>
    requests.map(({ MessageAttributes }) => MessageAttributes?.["reason"]?.StringValue);
  return { deadLetters: new SqsDeadLetters(client, "https://queue"), reasons };
}

describe("SqsDeadLetters", () => {
  test.each(["InvalidParameterValue", "InvalidMessageContents", "InvalidAttributeValue"])(
    "sends without its reason what the queue does not take with it: %s",
    async (name) => {
      const { deadLetters, reasons } = deadLettersOver(({ MessageAttributes }) => {
        if (MessageAttributes !== undefined) throw anAwsError(name, 400);
        return { MessageId: "id" };
      });

      await deadLetters.send("the message", "the reason");

      expect(reasons()).toEqual(["the reason", undefined]);
    },
  );

  test.each([
    ["ThrottlingException", 400],
    ["ServiceUnavailable", 503],
    ["AccessDenied", 403],
  ])("does not lose its reason by %s", async (name, status) => {
    const { deadLetters, reasons } = deadLettersOver(() => {
      throw anAwsError(name, status);
    });

    await expect(deadLetters.send("the message", "the reason")).rejects.toThrow(TransientError);
    expect(reasons()).toEqual(["the reason"]);
  });

  test("does not take for sent what the answer does not name", async () => {
    const { deadLetters } = deadLettersOver(() => ({}));

    await expect(deadLetters.send("the message", "the reason")).rejects.toThrow(TransientError);
  });
});
