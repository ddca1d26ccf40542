import { ChangeMessageVisibilityCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";

import { decodeEnvelope } from "../../lambdas/domain/decode-envelope.ts";
import { parseWebhook } from "../../lambdas/domain/journey-event.ts";
import { QUEUE } from "../../lambdas/settings.ts";
import type { ConnectedStack } from "./stack.ts";

/** Long enough to look at all of them without meeting one twice. */
const LOOK_SECONDS = 60;

/** `dead-letters`: prints what is dead-lettered, and puts everything back as it was. */
export async function listDeadLetters(stack: ConnectedStack, limit: number): Promise<void> {
  const seen: Message[] = [];
  try {
    while (seen.length < limit) {
      const { Messages = [] } = await stack.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: stack.deadLetterQueueUrl,
          MaxNumberOfMessages: Math.min(10, limit - seen.length),
          VisibilityTimeout: LOOK_SECONDS,
          WaitTimeSeconds: 1,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["SentTimestamp", "ApproximateReceiveCount"],
        }),
      );
      if (Messages.length === 0) break;
      seen.push(...Messages);
    }
  } finally {
    for (const { ReceiptHandle } of seen) {
      await stack.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: stack.deadLetterQueueUrl,
          ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
    }
  }
  console.log(seen.length === 0 ? "Nothing is dead-lettered." : seen.map(describe).join("\n"));
  if (seen.length === limit) console.log(`(There may be more: --limit ${limit * 10} shows more.)`);
}

/** One line; no body, and nothing of it but tokens and types. */
export function describe(message: Message): string {
  const sent = new Date(Number(message.Attributes?.SentTimestamp)).toISOString();
  const reason =
    message.MessageAttributes?.[QUEUE.reasonAttribute]?.StringValue ??
    "no reason given: it was received too often in vain; look into the consumer's log";
  return `${sent}  ${subjectOf(message.Body ?? "")}\n    ${reason}`;
}

function subjectOf(body: string): string {
  const decoded = decodeEnvelope(body);
  if ("reason" in decoded) return "not an envelope";
  const { envelope } = decoded;
  const { kind, receiptId } = envelope;
  if (envelope.kind === "submission" || envelope.body === null) return `${kind} ${receiptId}`;
  const parsed = parseWebhook(envelope.body);
  if (parsed.kind !== "journey-event") return `${kind} ${receiptId}, ${parsed.kind}`;
  const { applicationToken, type, eventId } = parsed.event;
  return `${kind} ${receiptId}, ${applicationToken} ${type} ${eventId}`;
}
