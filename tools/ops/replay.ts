import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";

import { SendMessageCommand } from "@aws-sdk/client-sqs";

import { fitsQueue } from "../../lambdas/domain/event/claim-check.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { bodyOf, readApplication } from "./application.ts";
import type { StoredEvent } from "./application.ts";
import { OperatorError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

type ReplayOptions = OptionsAt<"event" | "dryRun" | "force">;

/**
 * `replay`: sends the recorded events of an application through the queue again. What had its effect
 * is a duplicate and has none again, however old it is; what had not, gets it. With `force` each is
 * published again, with the origin `replay`.
 */
export async function replay(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  options: ReplayOptions,
  terminal: Terminal,
): Promise<ResultOf<"replay">> {
  const { event: eventId, dryRun } = options;
  const { token, events, unreadable } = await readApplication(stack, tokenOrExternalId, "all");
  for (const sk of unreadable) terminal.warn(`${sk} cannot be read, so it is left out.`);
  const chosen = events.filter((event) => eventId === null || event.eventId === eventId);
  if (chosen.length === 0) {
    throw new OperatorError(
      `The application ${token} has no ${eventId === null ? "events" : `event ${eventId}`}. For the list: npm run ops -- show ${token}`,
    );
  }
  let sent = 0;
  for (const event of chosen) {
    const message = readableMessageOf(event, options);
    if (message instanceof Error) {
      terminal.warn(
        `${event.eventId} (${event.type}) cannot be read (${message.message}), so it is left out.`,
      );
      continue;
    }
    if (message === null) {
      terminal.warn(
        `The body of ${event.eventId} (${event.type}) was too large to keep, so it is left out.`,
      );
      continue;
    }
    if (dryRun) {
      terminal.print(`${timeText(event.eventAt)}  ${event.type} ${event.eventId}`);
    } else await send(stack, message);
    sent += 1;
  }
  terminal.print(
    dryRun
      ? `Dry run: ${sent} of ${chosen.length} events of ${token} would go through the queue again.`
      : `Sent ${sent} of ${chosen.length} events of ${token} through the queue again.`,
  );
  return { isDryRun: dryRun, sent, chosen: chosen.length, leftOut: chosen.length - sent };
}

/** One event whose body is damaged must not keep the others from being sent. */
function readableMessageOf(event: StoredEvent, options: ReplayOptions): string | null | Error {
  try {
    return messageOf(event, options);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The message that brings the event's body again; null when the body is nowhere any more. */
function messageOf(event: StoredEvent, { force, now }: ReplayOptions): string | null {
  const envelope = {
    v: 1,
    kind: "replay",
    receiptId: `replay-${randomUUID()}`,
    receivedAt: now,
    sourceIp: null,
    ...(force && { force: true }),
  } as const;
  const body = bodyOf(event);
  if (body !== null) {
    const encoding = isUtf8(body) ? "utf8" : "base64";
    const message = encodeEnvelope({
      ...envelope,
      body: body.toString(encoding),
      bodyEncoding: encoding,
      payloadKey: null,
    });
    if (fitsQueue(message)) return message;
  }
  // The bucket keeps what no message holds, for a while.
  const { payloadKey } = event;
  return payloadKey === undefined ? null : encodeEnvelope({ ...envelope, body: null, payloadKey });
}

async function send(stack: ConnectedStack, message: string): Promise<void> {
  const { MessageId } = await stack.sqs.send(
    new SendMessageCommand({ QueueUrl: stack.eventQueueUrl, MessageBody: message }),
  );
  if (MessageId === undefined) throw new Error("the event queue names no message in its answer");
}
