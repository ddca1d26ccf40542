import { randomUUID } from "node:crypto";

import { SendMessageCommand } from "@aws-sdk/client-sqs";

import { encodeEnvelope } from "../../lambdas/domain/envelope.ts";
import { contentOf, readApplication } from "./application.ts";
import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";

/**
 * `replay`: sends the recorded events of an application through the queue again. What had its effect
 * within the idempotency window (40 days) is a duplicate and has none again; what had not, gets it.
 */
export async function replay(
  stack: ConnectedStack,
  token: string,
  eventId: string | undefined,
): Promise<void> {
  const { events } = await readApplication(stack, token);
  const chosen = events.filter((event) => eventId === undefined || event.eventId === eventId);
  if (chosen.length === 0) {
    throw new OperatorError(
      `The application ${token} has no event ${eventId ?? "at all"}: npm run ops -- show ${token} lists them.`,
    );
  }
  let sent = 0;
  for (const event of chosen) {
    const body = contentOf(event);
    if (body === null) {
      console.error(`${event.eventId} (${event.type}) was too large to keep its body: left out.`);
      continue;
    }
    const envelope = {
      v: 1,
      kind: "replay",
      receiptId: `replay-${randomUUID()}`,
      receivedAt: Date.now(),
      body,
      payloadKey: null,
      sourceIp: null,
    } as const;
    await stack.sqs.send(
      new SendMessageCommand({
        QueueUrl: stack.eventQueueUrl,
        MessageBody: encodeEnvelope(envelope),
      }),
    );
    sent += 1;
  }
  console.log(`Sent ${sent} of ${chosen.length} events of ${token} through the queue again.`);
}
