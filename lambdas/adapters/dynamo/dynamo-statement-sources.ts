import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import type { StatementSources } from "../../domain/statement/statement-ports.ts";
import type { Effects } from "../../domain/statement/statement.ts";
import { numberOf } from "../../domain/application/effect-numbers.ts";
import { translateAwsError } from "../aws-error.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";
import { idempotencyKeyOf } from "../idempotency-key.ts";
import { applicationKey } from "./application-item.ts";
import { DynamoDueApplications } from "./dynamo-due-applications.ts";
import { DynamoTable } from "./dynamo-table.ts";

const EventSchema = v.object({
  eventId: v.string(),
  route: v.string(),
  lock: v.exactOptional(v.unknown()),
});

/** `BatchGetItem`'s most. */
const MOST_KEYS = 100;

/** More than a partition of the index ever has: all of them are wanted. */
const ALL = 1_000_000;

/** Powertools' word for an event that took effect. */
const COMPLETED = "COMPLETED";

/** `StatementSources` on DynamoDB: the poller's index, its items, and the records of what took effect. */
export class DynamoStatementSources implements StatementSources {
  readonly #client: DynamoDbOperations;
  readonly #applicationTable: DynamoTable;
  readonly #idempotencyTable: string;
  readonly #applications: DynamoDueApplications;

  constructor(
    client: DynamoDbOperations,
    names: { readonly applicationTableName: string; readonly idempotencyTableName: string },
  ) {
    this.#client = client;
    this.#applicationTable = new DynamoTable(client, names.applicationTableName);
    this.#idempotencyTable = names.idempotencyTableName;
    this.#applications = new DynamoDueApplications(client, names.applicationTableName);
  }

  async unsettled(): Promise<readonly string[]> {
    // Whatever is due at any time.
    const due = await this.#applications.list(Number.MAX_SAFE_INTEGER, ALL);
    return due.map(({ applicationToken }) => applicationToken);
  }

  look(applicationToken: string) {
    return this.#applications.look(applicationToken);
  }

  async effects(
    { applicationToken, effects }: Parameters<StatementSources["effects"]>[0],
    { from, until, routes }: Parameters<StatementSources["effects"]>[1],
  ): Promise<Effects> {
    const ids: string[] = [];
    /** Events that somebody locked by their records, and was to publish. */
    const begun = new Set<string>();
    const items = this.#applicationTable.query("Reading the events of a day", {
      KeyConditionExpression: "pk = :pk AND begins_with(sk, :event)",
      FilterExpression: "receivedAt >= :from AND receivedAt < :until",
      ProjectionExpression: "eventId, #route, #lock",
      ExpressionAttributeNames: { "#route": "route", "#lock": "lock" },
      ExpressionAttributeValues: {
        ":pk": applicationKey(applicationToken).pk,
        ":event": "EVENT#",
        ":from": from,
        ":until": until,
      },
    });
    for await (const item of items) {
      const { eventId, route, lock } = v.parse(EventSchema, item);
      if (!routes.some((one) => one === route)) continue;
      ids.push(eventId);
      if (lock !== undefined && numberOf(effects, [eventId]) !== null) begun.add(eventId);
    }
    let published = 0;
    for (let at = 0; at < ids.length; at += MOST_KEYS) {
      for (const [eventId, status] of await this.#statusesOf(ids.slice(at, at + MOST_KEYS))) {
        if (status === COMPLETED) published += 1;
        if (status === COMPLETED) begun.delete(eventId);
        else begun.add(eventId);
      }
    }
    return { published, unfinished: begun.size };
  }

  /** What published nothing has no record (docs/decisions/0018), nor has what its first message has not finished (0079). */
  async #statusesOf(eventIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const statuses = new Map<string, string>();
    const eventIdOf = new Map(eventIds.map((eventId) => [idempotencyKeyOf(eventId), eventId]));
    let keys = [...eventIdOf.keys()].map((id) => marshall({ id }));
    try {
      while (keys.length > 0) {
        const { Responses = {}, UnprocessedKeys = {} } = await this.#client.batchGetItem({
          RequestItems: {
            [this.#idempotencyTable]: {
              Keys: keys,
              ProjectionExpression: "id, #status",
              ExpressionAttributeNames: { "#status": "status" },
            },
          },
        });
        for (const item of Responses[this.#idempotencyTable] ?? []) {
          const { id, status } = unmarshall(item);
          const eventId = eventIdOf.get(String(id));
          if (eventId !== undefined) statuses.set(eventId, String(status));
        }
        keys = UnprocessedKeys[this.#idempotencyTable]?.Keys ?? [];
      }
    } catch (error) {
      throw translateAwsError("Reading what took effect", error);
    }
    return statuses;
  }
}
