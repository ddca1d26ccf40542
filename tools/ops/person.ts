import { brotliDecompressSync } from "node:zlib";

import { paginateQuery, paginateScan } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Message } from "@aws-sdk/client-sqs";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { decodeEnvelope } from "../../lambdas/domain/event/decode-envelope.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import type { Verdict } from "./dead-letter-queue.ts";
import { indexEntries } from "./index-entries.ts";
import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";

/** An item as it is stored. */
export type StoredItem = Readonly<Record<string, unknown>>;

const WRITTEN = "INVESTIGATION#";

const LegalHoldSchema = v.object({ since: v.number(), reason: v.string() });

/** Why nothing of an application may be removed. */
export type LegalHold = v.InferOutput<typeof LegalHoldSchema>;

/**
 * The tokens of a person's applications: itself, or all that have the external id.
 *
 * @throws OperatorError when there is none.
 */
export async function tokensOf(
  stack: ConnectedStack,
  tokenOrExternalId: string,
): Promise<readonly string[]> {
  if (tokenOrExternalId.startsWith("JA-")) return [tokenOrExternalId];
  // An application may have one id under two names.
  const tokens = new Set<string>();
  const key = { externalId: tokenOrExternalId };
  for await (const item of indexEntries(stack, TABLE.externalIndex, key)) tokens.add(tokenIn(item));
  if (tokens.size > 0) return [...tokens];
  throw new OperatorError(
    `No application has this external id. The index knows the ids of the group, the application and the partner, and those of entities where the stage has entityIndex: "on", from then on. An application token begins with JA-.`,
  );
}

function tokenIn({ pk }: StoredItem): string {
  return String(pk).slice(applicationKey("").pk.length);
}

/** All items of an application, its state among them. @param attributes - @default - all of each item */
export async function itemsOf(
  stack: ConnectedStack,
  token: string,
  attributes?: readonly string[],
): Promise<readonly StoredItem[]> {
  return itemsUnder(stack, applicationKey(token), attributes);
}

/** All items of one partition, as `itemsOf` reads those of an application. */
export async function itemsUnder(
  stack: ConnectedStack,
  { pk }: { readonly pk: string },
  attributes?: readonly string[],
): Promise<readonly StoredItem[]> {
  const items: StoredItem[] = [];
  const pages = paginateQuery(
    { client: stack.dynamo },
    {
      TableName: stack.applicationTableName,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: marshall({ ":pk": pk }),
      ConsistentRead: true,
      ...(attributes !== undefined && projectionOf(attributes)),
    },
  );
  for await (const { Items = [] } of pages) items.push(...Items.map((item) => unmarshall(item)));
  return items;
}

/** Names stand in for the attributes: some are words that DynamoDB reserves. */
export function projectionOf(attributes: readonly string[]) {
  const names = attributes.map((attribute, index) => [`#${index}`, attribute] as const);
  return {
    ProjectionExpression: names.map(([name]) => name).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names),
  };
}

/** A person's application, with all its items. */
interface PersonsApplication {
  readonly token: string;
  readonly items: readonly StoredItem[];
}

/** The applications of a person, as `tokensOf` finds them. @throws OperatorError when one is not known here. */
export async function applicationsOf(
  stack: ConnectedStack,
  tokenOrExternalId: string,
): Promise<readonly PersonsApplication[]> {
  const tokens = await tokensOf(stack, tokenOrExternalId);
  return Promise.all(
    tokens.map(async (token) => {
      const items = await itemsOf(stack, token);
      if (items.length > 0) return { token, items };
      throw new OperatorError(`The application ${token} is unknown here. Is --stage right?`);
    }),
  );
}

/** The legal hold of an application; null: there is none. */
export function legalHoldOf(items: readonly StoredItem[]): LegalHold | null {
  const hold = v.safeParse(LegalHoldSchema, stateIn(items)?.["legalHold"]);
  return hold.success ? hold.output : null;
}

export function stateIn(items: readonly StoredItem[]): StoredItem | undefined {
  return items.find(({ sk }) => sk === "STATE");
}

/** Tokens of Alloy's by which other bodies name a person. */
export interface Names {
  /** The person's applications. */
  readonly applications: readonly string[];
  /** Those, and the parts of the person in them: no other application has them. */
  readonly own: readonly string[];
  /** The person's entities, which other applications may have too. */
  readonly entities: readonly string[];
}

export function namesIn(applications: readonly PersonsApplication[]): Names {
  const items = applications.flatMap((one) => one.items);
  const tokens = applications.map(({ token }) => token);
  const parts = items.flatMap((item) => [
    item["entityApplicationToken"],
    ...Object.keys(item).flatMap((name) => (name.startsWith("entity#") ? [name.slice(7)] : [])),
  ]);
  const texts = (values: readonly unknown[]) =>
    values.filter((value): value is string => typeof value === "string" && value !== "");
  return {
    applications: tokens,
    own: [...new Set([...tokens, ...texts(parts)])],
    entities: [...new Set(texts(items.map((item) => item["entityToken"])))],
  };
}

/** A dead letter that is about the person, with its large body as text, and the key of that; null: it has none. */
interface PersonsLetter {
  readonly letter: DeadLetter;
  readonly message: Message;
  readonly payloadKey: string | null;
  readonly payload: string | null;
}

/** Goes through the dead letters about the person, as `lookThrough` does; the others stay. */
export async function lookThroughLetters(
  stack: ConnectedStack,
  names: Names,
  visit: (found: PersonsLetter) => Promise<Verdict>,
): Promise<void> {
  await lookThrough(stack, async (letter, message) => {
    const { Body = "" } = message;
    const payloadKey = payloadKeyIn(Body);
    const payload = payloadKey === null ? null : await readPayload(stack, payloadKey);
    if (!isAbout(letter, Body, payload, names)) return "keep";
    return visit({ letter, message, payloadKey, payload });
  });
}

/**
 * Whether a dead letter is about the person. One that names an application is about that one alone: to remove it would
 * lose an event of another application.
 *
 * @param payload - its large body; null: it has none.
 */
function isAbout(
  { applicationToken, body }: DeadLetter,
  message: string,
  payload: string | null,
  { applications, own }: Names,
): boolean {
  const named = applicationToken ?? (payload === null ? null : applicationIn(payload));
  if (named !== null) return applications.includes(named);
  // Also of a body that is no JSON, or base64 in its envelope.
  const text = `${message} ${body ?? ""} ${payload ?? ""}`;
  return own.some((name) => text.includes(name));
}

function applicationIn(body: string): string | null {
  const parsed = parseWebhook(body);
  return parsed.kind === "journey-event" ? parsed.event.applicationToken : null;
}

/** Items of no application whose body names the person: it goes through the whole table. */
export async function mentionsOf(
  stack: ConnectedStack,
  { own, entities }: Names,
): Promise<{ readonly webhooks: readonly StoredItem[]; readonly investigations: number }> {
  const webhooks: StoredItem[] = [];
  const names = [...own, ...entities];
  let investigations = 0;
  const pages = paginateScan(
    { client: stack.dynamo },
    {
      TableName: stack.applicationTableName,
      FilterExpression: "begins_with(pk, :webhook) OR begins_with(pk, :investigation)",
      ExpressionAttributeValues: marshall({ ":webhook": "WEBHOOK#", ":investigation": WRITTEN }),
    },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items.map((one) => unmarshall(one))) {
      const text = `${bodyTextOf(item) ?? ""} ${JSON.stringify(item)}`;
      if (!names.some((name) => text.includes(name))) continue;
      if (String(item["pk"]).startsWith(WRITTEN)) investigations += 1;
      else webhooks.push(item);
    }
  }
  return { webhooks, investigations };
}

/** What Alloy sent, as text; null where no body is stored in the item. */
export function bodyTextOf({ body }: StoredItem): string | null {
  if (!(body instanceof Uint8Array)) return null;
  try {
    return brotliDecompressSync(body).toString();
  } catch {
    return Buffer.from(body).toString();
  }
}

export function payloadKeyOf({ payloadKey }: StoredItem): string | null {
  return typeof payloadKey === "string" ? payloadKey : null;
}

/** The key of a queue message's body in the payload bucket; null where the message holds its body. */
function payloadKeyIn(queueMessage: string): string | null {
  const decoded = decodeEnvelope(queueMessage);
  if ("reason" in decoded || decoded.envelope.kind === "submission") return null;
  return decoded.envelope.payloadKey;
}

/** A large body, as text; null when it is gone. */
export async function readPayload(stack: ConnectedStack, key: string): Promise<string | null> {
  return (await readPayloadBytes(stack, key))?.toString() ?? null;
}

/** A large body; null when it is gone. */
export async function readPayloadBytes(
  { s3, payloadBucketName }: ConnectedStack,
  key: string,
): Promise<Buffer | null> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: payloadBucketName, Key: key }));
    return Body === undefined ? null : Buffer.from(await Body.transformToByteArray());
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchKey") return null;
    throw error;
  }
}
