import { createHash } from "node:crypto";

import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand } from "@aws-sdk/client-s3";
import { DeleteMessageCommand } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { DISCARDS } from "../../lambdas/settings/names.ts";
import { choiceOf, choiceText, isChosen, isEverything, NO_REASON } from "./dead-letter.ts";
import type { ChoiceOptions, DeadLetter } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import { letterQueueNamed } from "./letter-queues.ts";
import { stoppedAfter } from "./move-by-hand.ts";
import { UsageError } from "./operator-error.ts";
import type { Given } from "./options.ts";
import { DiscardSchema } from "./results.ts";
import type { Discard, ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

type DiscardOptions = ChoiceOptions &
  Pick<Given, "all" | "limit" | "reason" | "dryRun" | "yes"> & { readonly now: number };

/**
 * `discard`: removes dead letters that nobody can ever process, with a reason.
 *
 * 1. Each is recorded first, in the bucket of the daily statements, where nobody can change it: what it was, why it was
 *    dead-lettered, why it is discarded, and the digest of its body. Bodies are not kept.
 * 2. It is deleted after that: a run that is cut off has recorded one too many, and the next one records it again.
 */
export async function discard(
  stack: ConnectedStack,
  options: DiscardOptions,
  terminal: Terminal,
): Promise<ResultOf<"discard">> {
  const { reason, limit, all, dryRun, yes, now } = options;
  const choice = choiceOf(options, now);
  const queue = await letterQueueNamed(stack, options.queue);
  if (reason === null || reason.trim() === "") {
    throw new UsageError(
      '"discard" needs --reason <text>, such as the number of the ticket; never a name.',
    );
  }
  if (isEverything(choice) && limit === null && !all) {
    throw new UsageError(
      '"discard" needs to know which: --event, --application, --matching, --since, --until or --limit; --all means every message.',
    );
  }
  if (!dryRun && !yes) {
    const question = `Discard the messages of ${queue.id}${choiceText(choice)} of ${stack.stackName}? They cannot be brought back.`;
    await agreed(terminal, question, "No message was discarded");
  }
  const discarded: Discard[] = [];
  try {
    await lookThrough(
      stack,
      async (letter, message) => {
        if (!isChosen(letter, choice) || letter.sentAt > now) return "keep";
        if (discarded.length === limit) return "stop";
        const record = recordOf(letter, message, { queue: queue.id, reason, now });
        if (!dryRun) {
          await keep(stack, record);
          const { ReceiptHandle } = message;
          await stack.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }));
        }
        discarded.push(record);
        terminal.print(lineOf(record));
        return dryRun ? "keep" : "gone";
      },
      queue.url,
    );
  } catch (error) {
    throw stoppedAfter("command", discarded.length, error);
  }
  terminal.print(
    dryRun
      ? `Dry run: ${counted(discarded.length, "message")} of ${queue.id} would be discarded. Nothing was changed.`
      : `Discarded ${counted(discarded.length, "message")} of ${queue.id}. The record: npm run ops -- discards`,
  );
  return { isDryRun: dryRun, discarded };
}

/** `discards`: what people have discarded, oldest first. */
export async function discards(
  stack: ConnectedStack,
  terminal: Terminal,
): Promise<ResultOf<"discards">> {
  const { s3, statementBucketName: Bucket } = stack;
  const discarded: Discard[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket, Prefix: DISCARDS.prefix },
  )) {
    for (const { Key = "" } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const json = (await Body?.transformToString()) ?? "";
      const record = v.parse(v.pipe(v.string(), v.parseJson(), DiscardSchema), json);
      discarded.push(record);
      terminal.print(lineOf(record));
    }
  }
  if (discarded.length === 0) terminal.print("Nobody has discarded a dead letter.");
  return { discarded };
}

function recordOf(
  letter: DeadLetter,
  { MessageId = "", Body = "" }: Message,
  how: { readonly queue: string; readonly reason: string; readonly now: number },
): Discard {
  return {
    v: 1,
    queue: how.queue,
    messageId: MessageId,
    discardedAt: new Date(how.now).toISOString(),
    reason: how.reason,
    sentAt: Number.isNaN(letter.sentAt) ? null : new Date(letter.sentAt).toISOString(),
    deadLetterReason: letter.reason ?? letter.earlierReason ?? NO_REASON,
    about: letter.about,
    applicationToken: letter.applicationToken,
    eventId: letter.eventId,
    sha256: createHash("sha256").update(Body).digest("hex"),
  };
}

async function keep({ s3, statementBucketName }: ConnectedStack, record: Discard): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: statementBucketName,
      Key: `${DISCARDS.prefix}${record.discardedAt}-${record.messageId}.json`,
      Body: JSON.stringify(record),
      ContentType: "application/json",
      // A bucket with an object lock takes nothing without one.
      ChecksumAlgorithm: "SHA256",
    }),
  );
}

function lineOf({ discardedAt, queue, about, deadLetterReason, reason }: Discard): string {
  return `${discardedAt}  ${queue}  ${about}: ${deadLetterReason}; discarded: ${reason}`;
}
