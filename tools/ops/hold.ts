import { ConditionalCheckFailedException, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { copyBody, heldKeyOf, removeHeldBody, usualKeyOf } from "./held-bodies.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import { itemsOf, payloadKeyOf, tokensOf } from "./person.ts";
import type { StoredItem } from "./person.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `hold`: keeps `forget` from an application until the hold is released, takes the end of life from its stored events,
 * and puts their large bodies where none ends. Events that come later get the usual end: hold again after them.
 */
export async function hold(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  { reason, release, now }: OptionsAt<"reason" | "release">,
  terminal: Terminal,
): Promise<ResultOf<"hold">> {
  if (!release && reason === null) {
    throw new UsageError(
      '"hold" needs --reason <text>, such as the number of the case, or --release.',
    );
  }
  const tokens = await tokensOf(stack, tokenOrExternalId);
  for (const token of tokens) {
    await update(stack, applicationKey(token), {
      UpdateExpression: release ? "REMOVE legalHold" : "SET legalHold = :hold",
      ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(forgottenAt)",
      ...(!release && {
        ExpressionAttributeValues: marshall({ ":hold": { since: now, reason: reason ?? "" } }),
      }),
    });
    const events = (await itemsOf(stack, token)).filter(({ sk }) =>
      String(sk).startsWith("EVENT#"),
    );
    if (release) await releaseAll(stack, token, events, terminal);
    else await keepAll(stack, token, events, terminal);
  }
  return { applications: [...tokens], isHeld: !release };
}

async function keepAll(
  stack: ConnectedStack,
  token: string,
  events: readonly StoredItem[],
  terminal: Terminal,
): Promise<void> {
  let [kept, gone] = [0, 0];
  for (const event of events) {
    if (event[TABLE.expiryAttribute] !== undefined) {
      await updateEvent(stack, event, { UpdateExpression: `REMOVE ${TABLE.expiryAttribute}` });
      kept += 1;
    }
    const key = payloadKeyOf(event);
    if (key === null || key === heldKeyOf(key)) continue;
    // What waits in a queue names the usual key, so that one stays until its end.
    if (await copyBody(stack, { from: key, to: heldKeyOf(key) })) {
      await moveTo(stack, event, heldKeyOf(key));
    } else gone += 1;
  }
  terminal.print(
    `${token} is under a legal hold; ${kept} of its events no longer end by themselves.`,
  );
  if (gone > 0) terminal.warn(`${gone} of its bodies above 1 MiB had ended before.`);
}

async function releaseAll(
  stack: ConnectedStack,
  token: string,
  events: readonly StoredItem[],
  terminal: Terminal,
): Promise<void> {
  for (const event of events) {
    const key = payloadKeyOf(event);
    if (key === null) continue;
    if (key === heldKeyOf(key)) {
      // A new object: it ends as late as one that came today.
      await copyBody(stack, { from: key, to: usualKeyOf(key) });
      await moveTo(stack, event, usualKeyOf(key));
    }
    await removeHeldBody(stack, key);
  }
  terminal.print(
    `The legal hold on ${token} is released. To give its events their end again: npm run ops -- retention <days>`,
  );
}

function moveTo(stack: ConnectedStack, event: StoredItem, key: string): Promise<void> {
  return updateEvent(stack, event, {
    UpdateExpression: "SET payloadKey = :key",
    ExpressionAttributeValues: marshall({ ":key": key }),
  });
}

function updateEvent(
  stack: ConnectedStack,
  { pk, sk }: StoredItem,
  change: Parameters<typeof update>[2],
): Promise<void> {
  const key = { pk: String(pk), sk: String(sk) };
  return update(stack, key, { ...change, ConditionExpression: "attribute_exists(pk)" });
}

async function update(
  { dynamo, applicationTableName }: ConnectedStack,
  key: Readonly<Record<string, string>>,
  change: Omit<ConstructorParameters<typeof UpdateItemCommand>[0], "TableName" | "Key">,
): Promise<void> {
  try {
    await dynamo.send(
      new UpdateItemCommand({ TableName: applicationTableName, Key: marshall(key), ...change }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const name = key["pk"]?.slice(applicationKey("").pk.length) ?? "";
    throw new OperatorError(
      `The application ${name} is unknown here, or forgotten. Is --stage right?`,
    );
  }
}
