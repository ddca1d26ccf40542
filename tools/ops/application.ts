import { brotliDecompressSync } from "node:zlib";

import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import {
  applicationKey,
  failureKey,
  gapListKey,
} from "../../lambdas/adapters/dynamo/application-item.ts";
import { METADATA_ATTRIBUTES } from "../../lambdas/settings/names.ts";
import { OperatorError } from "./operator-error.ts";
import { itemsOf, projectionOf, tokensOf } from "./person.ts";
import type { ConnectedStack } from "./stack.ts";

export const EventSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  eventAt: v.number(),
  receivedAt: v.number(),
  origin: v.string(),
  route: v.string(),
  outcome: v.optional(v.string()),
  body: v.optional(v.instance(Uint8Array)),
  bodyOmittedBytes: v.optional(v.number()),
  payloadKey: v.optional(v.string()),
  isWithheld: v.optional(v.boolean()),
  lock: v.optional(v.object({ by: v.string(), until: v.number() })),
});

const FailureSchema = v.object({
  eventId: v.string(),
  eventType: v.string(),
  reason: v.string(),
  failedAt: v.number(),
  deadLettered: v.boolean(),
});

export type StoredEvent = v.InferOutput<typeof EventSchema>;
export type StoredFailure = v.InferOutput<typeof FailureSchema>;

/** The idempotency record of an event, or the lock in the event itself, which its first message has in place of one. */
export interface IdempotencyRecord {
  readonly isCompleted: boolean;
  /** It is a lock in the event: an event that came late keeps its lock. */
  readonly isInEvent?: boolean;
  /** When the consumer completed it, epoch milliseconds. */
  readonly completedAt: number | null;
}

/** All that the table holds of one application. */
export interface StoredApplication {
  readonly token: string;
  /** The `STATE` item; undefined when only events are there. */
  readonly state: Readonly<Record<string, unknown>> | undefined;
  /** In the order in which they happened at Alloy. */
  readonly events: readonly StoredEvent[];
  readonly failures: readonly StoredFailure[];
  /** Items that are not of our form, by their sort key; they hide none of the others. */
  readonly unreadable: readonly string[];
  /** By event id. @default - they were not read */
  readonly records?: ReadonlyMap<string, IdempotencyRecord>;
}

/**
 * Reads an application by its token, or by the id that the client gave it.
 *
 * @param attributes - `metadata`: what an operator may read, without bodies and external ids. `all`: that takes the right
 *   to read bodies.
 * @throws OperatorError when nothing is known of it.
 */
export async function readApplication(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  attributes: "metadata" | "all",
): Promise<StoredApplication> {
  const token = await tokenOf(stack, tokenOrExternalId);
  const events: StoredEvent[] = [];
  const failures: StoredFailure[] = [];
  const unreadable: string[] = [];
  let state: StoredApplication["state"];
  let gapList: StoredApplication["state"];
  const projected = attributes === "metadata" ? METADATA_ATTRIBUTES : undefined;
  for (const item of await itemsOf(stack, token, projected)) {
    const sk = String(item["sk"]);
    if (sk === "STATE") state = item;
    else if (sk === gapListKey(token).sk) gapList = item;
    else if (sk.startsWith("EVENT#")) {
      const event = v.safeParse(EventSchema, item);
      if (event.success) events.push(event.output);
      else unreadable.push(sk);
    } else if (sk.startsWith("FAILURE#")) {
      const failure = v.safeParse(FailureSchema, item);
      if (failure.success) failures.push(failure.output);
      else unreadable.push(sk);
    }
  }
  if (state === undefined && events.length + unreadable.length === 0) {
    throw new OperatorError(
      `The application ${token} is unknown here: neither a submission nor a webhook has come. Is --stage right?`,
    );
  }
  return { token, state: withGapList(state, gapList), events, failures, unreadable };
}

const GapSchema = v.looseObject({ gapId: v.string(), events: v.array(v.unknown()) });

/** The state with the events of its gap, which stand beside it. */
function withGapList(
  state: StoredApplication["state"],
  gapList: StoredApplication["state"],
): StoredApplication["state"] {
  const [gap, list] = [state, gapList].map((item) => v.safeParse(GapSchema, item?.["gap"]));
  if (!gap?.success || !list?.success || gap.output.gapId !== list.output.gapId) return state;
  // The release before has them in the state.
  if (gap.output.events.length > 0) return state;
  return { ...state, gap: { ...gap.output, events: list.output.events } };
}

/**
 * The application's token, by itself or by the id that the client gave it.
 *
 * @throws OperatorError when no application has that id, or several have.
 */
export async function tokenOf(stack: ConnectedStack, tokenOrExternalId: string): Promise<string> {
  const [only = "", ...more] = await tokensOf(stack, tokenOrExternalId);
  if (more.length === 0) return only;
  throw new OperatorError(
    `${more.length + 1} applications have the external id "${tokenOrExternalId}". Choose one of ${[only, ...more].join(", ")}.`,
  );
}

/** Whether the application's `STATE` item is there. */
export async function isKnown(stack: ConnectedStack, token: string): Promise<boolean> {
  return (await attributeOf(stack, applicationKey(token), "pk")) !== undefined;
}

/** Whether a person had the application forgotten. */
export async function isForgotten(stack: ConnectedStack, token: string): Promise<boolean> {
  return (await attributeOf(stack, applicationKey(token), "forgottenAt")) !== undefined;
}

/** What the consumer noted when it failed at the event the last time; null when it noted nothing. */
export async function noteOfFailure(
  stack: ConnectedStack,
  token: string,
  eventId: string,
): Promise<string | null> {
  const reason = await attributeOf(stack, failureKey(token, eventId), "reason");
  return typeof reason === "string" ? reason : null;
}

/**
 * One attribute of one item. It is a Query, since IAM holds a Query to the attributes that it names; of a GetItem that
 * names none, DynamoDB's guide does not say what IAM sees.
 */
async function attributeOf(
  { dynamo, applicationTableName }: ConnectedStack,
  { pk, sk }: { readonly pk: string; readonly sk: string },
  attribute: (typeof METADATA_ATTRIBUTES)[number],
): Promise<unknown> {
  const { Items: [item] = [] } = await dynamo.send(
    new QueryCommand({
      TableName: applicationTableName,
      KeyConditionExpression: "pk = :pk AND sk = :sk",
      ExpressionAttributeValues: marshall({ ":pk": pk, ":sk": sk }),
      ...projectionOf([attribute]),
    }),
  );
  return item === undefined ? undefined : unmarshall(item)[attribute];
}

/**
 * The body as it came, or, of an event of the release before, the webhook's `data` as JSON: both are
 * bodies that the consumer reads. Null when it was too large to keep.
 */
export function bodyOf(event: StoredEvent): Buffer | null {
  return event.body === undefined ? null : brotliDecompressSync(event.body);
}
