import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import type { StatementSources } from "../../domain/statement/statement-ports.ts";
import type { Effects } from "../../domain/statement/statement.ts";
import { translateAwsError } from "../aws-error.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";
import { idempotencyKeyOf } from "../idempotency-key.ts";
import { applicationKey } from "./application-item.ts";
import { DynamoDueApplications } from "./dynamo-due-applications.ts";
import { DynamoTable } from "./dynamo-table.ts";

const EventSchema = v.object({ eventId: v.string(), route: v.string() });

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
    applicationToken: string,
    { from, until, routes }: Parameters<StatementSources["effects"]>[1],
  ): Promise<Effects> {
    const ids: string[] = [];
    const items = this.#applicationTable.query("Reading the events of a day", {
      KeyConditionExpression: "pk = :pk AND begins_with(sk, :event)",
      FilterExpression: "receivedAt >= :from AND receivedAt < :until",
      ProjectionExpression: "eventId, #route",
      ExpressionAttributeNames: { "#route": "route" },
      ExpressionAttributeValues: {
        ":pk": applicationKey(applicationToken).pk,
        ":event": "EVENT#",
        ":from": from,
        ":until": until,
      },
    });
    for await (const item of items) {
      const { eventId, route } = v.parse(EventSchema, item);
      if (routes.some((one) => one === route)) ids.push(eventId);
    }
    const statuses: string[] = [];
    for (let at = 0; at < ids.length; at += MOST_KEYS) {
      statuses.push(...(await this.#statusesOf(ids.slice(at, at + MOST_KEYS))));
    }
    const published = statuses.filter((status) => status === COMPLETED).length;
    return { published, unfinished: statuses.length - published };
  }

  /** What published nothing has no record (docs/decisions/0018). */
  async #statusesOf(eventIds: readonly string[]): Promise<readonly string[]> {
    const statuses: string[] = [];
    let keys = eventIds.map((eventId) => marshall({ id: idempotencyKeyOf(eventId) }));
    try {
      while (keys.length > 0) {
        const { Responses = {}, UnprocessedKeys = {} } = await this.#client.batchGetItem({
          RequestItems: {
            [this.#idempotencyTable]: {
              Keys: keys,
              ProjectionExpression: "#status",
              ExpressionAttributeNames: { "#status": "status" },
            },
          },
        });
        const items = Responses[this.#idempotencyTable] ?? [];
        statuses.push(...items.map((item) => String(unmarshall(item)["status"])));
        keys = UnprocessedKeys[this.#idempotencyTable]?.Keys ?? [];
      }
    } catch (error) {
      throw translateAwsError("Reading what took effect", error);
    }
    return statuses;
  }
}
