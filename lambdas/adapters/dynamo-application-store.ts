import { brotliCompressSync, constants } from "node:zlib";

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

import { hasEnded, lastReopeningOf, mergeState } from "../domain/application-state.ts";
import type { ApplicationState } from "../domain/application-state.ts";
import { TransientError } from "../domain/errors.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import type {
  ApplicationStore,
  CheckRequest,
  EventRecord,
  FailureRecord,
  Merged,
  Recording,
} from "../domain/ports.ts";
import { TWIN_MS } from "../domain/reconciliation.ts";
import type { ToldEvent } from "../domain/twin.ts";
import {
  applicationKey,
  applicationStateOf,
  attributesOf,
  constantAttributesOf,
  dueShardOf,
  eventKey,
  eventsFrom,
  failureKey,
  healedAttribute,
  present,
  receiptIdOf,
  toldEventOf,
  ToldEventSchema,
} from "./application-item.ts";
import { translateAwsError } from "./aws-error.ts";
import { DynamoUpdate } from "./dynamo-update.ts";

/** A body that stays larger than this when compressed is left out of the item, whose limit is 400 KB. */
const MAX_STORED_BODY_BYTES = 300_000;

/** Attempts of the slow merge; each refusal means that somebody else's merge succeeded. */
const MERGE_ATTEMPTS = 10;

type Item = Readonly<Record<string, unknown>>;

/**
 * `ApplicationStore` on DynamoDB.
 *
 * A merge in the usual order costs one write unit and no read: one conditional update that is right
 * if the observation is the newest of its kind (`fastMerge`). When it is not, DynamoDB hands back the
 * item with the refusal, and the merge is done in memory and written under optimistic concurrency.
 */
export class DynamoApplicationStore implements ApplicationStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #eventRetentionMs: number | null;

  constructor(options: {
    readonly client: DynamoDBClient;
    readonly tableName: string;
    /** Null keeps events for good. */
    readonly eventRetentionMs: number | null;
  }) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#eventRetentionMs = options.eventRetentionMs;
  }

  async recordEvent(event: EventRecord): Promise<Recording> {
    const { applicationToken, eventId, at, body: bytes, ...attributes } = event;
    const body = brotliCompressSync(bytes, {
      // An event is 1 to 2 KB: quality 5 is within a tenth of the best, at a tenth of its time.
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
    });
    const item = {
      ...eventKey(applicationToken, eventId, at),
      eventId,
      eventAt: at,
      ...present(attributes),
      ...(body.length <= MAX_STORED_BODY_BYTES ? { body } : { bodyOmittedBytes: body.length }),
      ...(this.#eventRetentionMs === null
        ? {}
        : { expiresAt: Math.ceil((event.receivedAt + this.#eventRetentionMs) / 1_000) }),
    };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: marshall(item),
          ConditionExpression: "attribute_not_exists(pk)",
          // It costs no read unit, and tells an SDK's second try, or a message's, from another telling.
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return { isNew: true, receiptId: event.receiptId };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) {
        return { isNew: false, receiptId: receiptIdOf(unmarshall(error.Item)) };
      }
      throw translateAwsError("Recording an event", error);
    }
  }

  async forgetEvent({ applicationToken, eventId, at }: JourneyEvent): Promise<void> {
    await this.#delete("Forgetting an event", eventKey(applicationToken, eventId, at));
  }

  async eventsNear({ applicationToken, at }: JourneyEvent): Promise<readonly ToldEvent[]> {
    const names = Object.keys(ToldEventSchema.entries);
    try {
      const { Items = [] } = await this.#client.send(
        new QueryCommand({
          TableName: this.#tableName,
          KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
          ExpressionAttributeValues: marshall({
            ":pk": applicationKey(applicationToken).pk,
            ":from": eventsFrom(at - TWIN_MS),
            ":to": eventsFrom(at + TWIN_MS + 1),
          }),
          ProjectionExpression: names.map((name) => `#${name}`).join(", "),
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          // The other telling may have been recorded a moment ago.
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => toldEventOf(unmarshall(item)));
    } catch (error) {
      throw translateAwsError("Reading an application's events", error);
    }
  }

  async readState(applicationToken: string): Promise<ApplicationState | null> {
    try {
      const { Item } = await this.#client.send(
        new GetItemCommand({
          TableName: this.#tableName,
          Key: marshall(applicationKey(applicationToken)),
          ConsistentRead: true,
        }),
      );
      return Item === undefined ? null : applicationStateOf(unmarshall(Item));
    } catch (error) {
      throw translateAwsError("Reading an application's state", error);
    }
  }

  async mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged> {
    const { applicationToken } = observation;
    let attempt = await this.#update(applicationToken, fastMerge(observation, check));
    if ("written" in attempt) return mergedFrom(attempt.written, observation);
    for (let left = MERGE_ATTEMPTS; left > 0; left -= 1) {
      const before = applicationStateOf(attempt.refusedBy);
      const after = mergeState(before, observation);
      const update = slowMerge({ item: attempt.refusedBy, before, merged: after, check });
      if (update === null) return { before, after };
      attempt = await this.#update(applicationToken, update);
      if ("written" in attempt) return mergedFrom(attempt.written, observation);
    }
    throw new TransientError(
      `Merging into an application's state lost against ${MERGE_ATTEMPTS} other merges in a row.`,
    );
  }

  async recordFailure(failure: FailureRecord): Promise<void> {
    const { applicationToken, eventId, ...attributes } = failure;
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: marshall({ ...failureKey(applicationToken, eventId), eventId, ...attributes }),
        }),
      );
    } catch (error) {
      throw translateAwsError("Recording a failure", error);
    }
  }

  async clearFailure(applicationToken: string, eventId: string): Promise<void> {
    await this.#delete("Clearing a failure", failureKey(applicationToken, eventId));
  }

  async #delete(what: string, key: Readonly<Record<string, string>>): Promise<void> {
    try {
      await this.#client.send(
        new DeleteItemCommand({ TableName: this.#tableName, Key: marshall(key) }),
      );
    } catch (error) {
      throw translateAwsError(what, error);
    }
  }

  async #update(
    applicationToken: string,
    update: DynamoUpdate,
  ): Promise<{ readonly written: Item | null } | { readonly refusedBy: Item }> {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: marshall(applicationKey(applicationToken)),
          ...update.expression(),
          // The item as it was before. Neither of the two costs a read unit.
          ReturnValues: "ALL_OLD",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return { written: Attributes === undefined ? null : unmarshall(Attributes) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) {
        return { refusedBy: unmarshall(error.Item) };
      }
      throw translateAwsError("Merging into an application's state", error);
    }
  }
}

/** What an update has made of the item that it was written over: its condition made it the pure merge. */
function mergedFrom(over: Item | null, observation: ApplicationState): Merged {
  if (over === null) return { before: null, after: observation };
  const before = applicationStateOf(over);
  return { before, after: mergeState(before, observation) };
}

/**
 * The update that is right if nothing newer of its kind is there, and whose condition says so. Then
 * the stored status follows from the observation alone, without reading the item.
 */
function fastMerge(observation: ApplicationState, check: CheckRequest): DynamoUpdate {
  const update = new DynamoUpdate();
  const { lastEventAt, submittedAt, startedAt, progress, final, chain } = observation;

  // Rare, and their effect depends on all that is there: right at once only for a new application.
  const isRare =
    lastReopeningOf(observation) !== null ||
    observation.isShadow ||
    Object.values(chain).some((neighbour) => neighbour !== null);
  if (isRare) update.requireAbsent("pk");
  update.requireAbsent("settledAt");

  for (const [name, value] of Object.entries(attributesOf(observation))) update.set(name, value);
  for (const [name, value] of Object.entries(constantAttributesOf(observation))) {
    update.requireAbsentOr(name, "=", value);
  }
  // With the conditions on progress and the end, this also keeps what is newer of an entity.
  if (lastEventAt !== null) update.requireAbsentOr("lastEventAt", "<=", lastEventAt);
  if (submittedAt !== null) update.requireAbsentOr("submittedAt", ">=", submittedAt);
  if (startedAt !== null) update.requireAbsentOr("startedAt", ">=", startedAt);
  for (const eventId of Object.keys(observation.healed)) {
    update.requireAbsent(healedAttribute(eventId));
  }
  if (progress !== null) {
    // Open, or open again: then what was the outcome is none any more.
    update.requireAbsentOrOlder("final", "lastReopening");
    update.requireAbsentOr("lastReopening", "<", progress.stamp);
    update.requireOlder("progress", progress.stamp);
    update.remove("outcome");
  }
  if (final !== null) {
    update.requireOlder("final", final.stamp);
    update.requireAbsentOr("lastReopening", "<", final.stamp);
    if (attributesOf(observation)["outcome"] === undefined) update.remove("outcome");
  }
  planCheck(update, observation.applicationToken, check);
  update.increment("revision");
  return update;
}

/** The update that writes a merged state over the item it was merged with; null when nothing changes. */
function slowMerge(options: {
  readonly item: Item;
  readonly before: ApplicationState;
  readonly merged: ApplicationState;
  readonly check: CheckRequest;
}): DynamoUpdate | null {
  const { item, before, merged, check } = options;
  const isSettled = item["settledAt"] !== undefined;
  const isReopened = isSettled && !hasEnded(merged);
  const isChanged = JSON.stringify(merged) !== JSON.stringify(before);
  if (!isChanged && !isReopened && check.when === "first") return null;

  const update = new DynamoUpdate();
  const attributes = attributesOf(merged);
  for (const [name, value] of Object.entries(attributes)) update.set(name, value);
  if (attributes["outcome"] === undefined) update.remove("outcome");
  if (!isSettled || isReopened || check.when === "now") {
    planCheck(update, merged.applicationToken, check);
    if (isSettled) update.remove("settledAt");
  }
  // The poller settles without a new revision.
  if (!isSettled) update.requireAbsent("settledAt");
  const revision = item["revision"];
  if (revision === undefined) update.requireAbsent("revision");
  else update.requireEqual("revision", revision);
  update.increment("revision");
  return update;
}

/** Puts the application into the `due` index: once, or anew when the check is wanted now. */
function planCheck(update: DynamoUpdate, applicationToken: string, check: CheckRequest): void {
  const shard = dueShardOf(applicationToken);
  switch (check.when) {
    case "first":
      update.setIfAbsent("duePk", shard);
      update.setIfAbsent("dueAt", check.dueAt);
      return;
    case "now":
      update.set("duePk", shard);
      update.set("dueAt", check.dueAt);
      return;
  }
}
