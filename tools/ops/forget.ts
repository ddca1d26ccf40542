import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { WriteRequest } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { DeleteMessageCommand } from "@aws-sdk/client-sqs";
import { marshall } from "@aws-sdk/util-dynamodb";

import { applicationKey, attributesOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { forgottenState } from "../../lambdas/domain/application/application-state.ts";
import { heldKeyOf, usualKeyOf } from "./held-bodies.ts";
import { OperatorError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import {
  applicationsOf,
  itemsOf,
  legalHoldOf,
  lookThroughLetters,
  mentionsOf,
  namesIn,
  payloadKeyOf,
  stateIn,
} from "./person.ts";
import type { Names, StoredItem } from "./person.ts";
import { printReceipt } from "./receipt.ts";
import type { Removed } from "./receipt.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

/** `BatchWriteItem`'s most. */
const MOST_WRITES = 25;

/** The last one finds nothing: whoever comes after the tombstone erases what it writes by itself. */
const LOOKS = 3;

/**
 * `forget`: removes what is stored of a person (docs/personal-data.md).
 *
 * 1. Find the applications, and stop at a legal hold.
 * 2. Leave a tombstone in the place of each state, in one write: from now on nothing brings the data back.
 * 3. Remove large bodies, then items: a run that is cut off finds the rest again. Then dead letters, and unsupported
 *    webhooks that name the person.
 * 4. Print the receipt: what was removed, and what remains where and until when.
 *
 * To run it again removes what came in between, and prints the receipt anew.
 */
export async function forget(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  options: OptionsAt<"dryRun" | "yes">,
  terminal: Terminal,
): Promise<ResultOf<"forget">> {
  const applications = await applicationsOf(stack, tokenOrExternalId);
  const tokens = applications.map(({ token }) => token);
  for (const { token, items } of applications) {
    const held = legalHoldOf(items);
    if (held !== null) throw new OperatorError(heldText(token, held));
  }
  const names = namesIn(applications);
  const neighbours = neighboursIn(
    applications.map(({ items }) => stateIn(items)),
    tokens,
  );
  if (options.dryRun) {
    const { webhooks } = await mentionsOf(stack, names);
    for (const { token, items } of applications) {
      terminal.print(`${token}: ${items.length} items`);
    }
    terminal.print(
      `Dry run: these, ${webhooks.length} other webhooks, and the dead letters of it would be removed. Nothing was changed.`,
    );
    printNeighbours(neighbours, terminal);
    return { isDryRun: true, applications: tokens, removed: noneRemoved(), remains: [] };
  }
  if (!options.yes) {
    const question = `Remove what ${stack.stackName} has stored of ${tokens.join(", ")}? Nobody can bring it back.`;
    await agreed(terminal, question, "Nothing was removed");
  }

  const removed = noneRemoved();
  for (const { token } of applications) {
    await bury(stack, token, options.now);
    // What the consumer wrote while the tombstone came is found by the second look.
    for (let look = 0; look < LOOKS; look += 1) {
      const left = await remainsOf(stack, token);
      if (left.length === 0) break;
      await removePayloads(stack, left.map(payloadKeyOf), removed);
      removed.items += await removeItems(stack, left);
    }
  }
  await removeLetters(stack, names, removed);
  const { webhooks, investigations } = await mentionsOf(stack, names);
  await removePayloads(stack, webhooks.map(payloadKeyOf), removed);
  removed.webhooks += await removeItems(stack, webhooks);
  const done = { tokens, removed, investigations, now: options.now };
  const remains = await printReceipt(stack, done, terminal);
  printNeighbours(neighbours, terminal);
  return { isDryRun: false, applications: tokens, removed, remains };
}

function noneRemoved(): Removed {
  return { items: 0, payloads: 0, deadLetters: 0, webhooks: 0 };
}

/** What is left in the place of a state. */
export function tombstoneOf(token: string, now: number): StoredItem {
  return {
    ...applicationKey(token),
    ...attributesOf(forgottenState(token, now)),
    // The consumer's usual merge refuses a settled application, and so finds the tombstone.
    settledAt: now,
  };
}

async function bury(stack: ConnectedStack, token: string, now: number): Promise<void> {
  try {
    await stack.dynamo.send(
      new PutItemCommand({
        TableName: stack.applicationTableName,
        Item: marshall(tombstoneOf(token, now)),
        ConditionExpression:
          "attribute_not_exists(legalHold) AND attribute_not_exists(forgottenAt)",
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // It is forgotten already, or somebody has put a hold on it meanwhile.
    const held = legalHoldOf(await itemsOf(stack, token));
    if (held !== null) throw new OperatorError(heldText(token, held), { cause: error });
  }
}

function heldText(token: string, { since, reason }: { since: number; reason: string }): string {
  return `${token} is under a legal hold since ${timeText(since)} (${reason}). Nothing was removed. To end the hold: npm run ops -- hold ${token} --release`;
}

async function remainsOf(stack: ConnectedStack, token: string): Promise<readonly StoredItem[]> {
  return (await itemsOf(stack, token)).filter(({ sk }) => sk !== "STATE");
}

async function removeItems(
  { dynamo, applicationTableName }: ConnectedStack,
  items: readonly StoredItem[],
): Promise<number> {
  let requests: WriteRequest[] = items.map(({ pk, sk }) => ({
    DeleteRequest: { Key: marshall({ pk, sk }) },
  }));
  while (requests.length > 0) {
    const { UnprocessedItems = {} } = await dynamo.send(
      new BatchWriteItemCommand({
        RequestItems: { [applicationTableName]: requests.slice(0, MOST_WRITES) },
      }),
    );
    requests = [...(UnprocessedItems[applicationTableName] ?? []), ...requests.slice(MOST_WRITES)];
  }
  return items.length;
}

async function removePayloads(
  { s3, payloadBucketName }: ConnectedStack,
  keys: readonly (string | null)[],
  removed: Removed,
): Promise<void> {
  for (const key of keys) {
    if (key === null) continue;
    // The other one is there where a hold, or its release, was cut off.
    for (const Key of [usualKeyOf(key), heldKeyOf(key)]) {
      await s3.send(new DeleteObjectCommand({ Bucket: payloadBucketName, Key }));
    }
    removed.payloads += 1;
  }
}

async function removeLetters(stack: ConnectedStack, names: Names, removed: Removed): Promise<void> {
  await lookThroughLetters(
    stack,
    names,
    async ({ message: { ReceiptHandle }, payloadKey, payload }) => {
      if (payload !== null) await removePayloads(stack, [payloadKey], removed);
      await stack.sqs.send(
        new DeleteMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, ReceiptHandle }),
      );
      removed.deadLetters += 1;
      return "gone";
    },
  );
}

/** Applications of the same chain of reruns: they are the same person's. */
function neighboursIn(
  states: readonly (StoredItem | undefined)[],
  tokens: readonly string[],
): readonly string[] {
  const named = states.flatMap((state) =>
    ["chainPrevious", "chainRoot", "chainNext"].map((name) => state?.[name]),
  );
  const found = named.flatMap((one) =>
    typeof one === "object" && one !== null && "token" in one ? [String(one.token)] : [],
  );
  return [...new Set(found)].filter((token) => !tokens.includes(token));
}

function printNeighbours(neighbours: readonly string[], terminal: Terminal): void {
  for (const token of neighbours) {
    terminal.warn(
      `${token} is a rerun or an origin of it, and so the same person's: npm run ops -- forget ${token}`,
    );
  }
}
