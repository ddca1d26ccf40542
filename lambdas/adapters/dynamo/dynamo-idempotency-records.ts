import {
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
  IdempotencyRecordStatus,
} from "@aws-lambda-powertools/idempotency";
import {
  BasePersistenceLayer,
  IdempotencyRecord,
} from "@aws-lambda-powertools/idempotency/persistence";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { refusingItem } from "../aws-error.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";

const RecordSchema = v.object({
  id: v.string(),
  status: v.enum(IdempotencyRecordStatus),
  expiration: v.optional(v.number()),
  in_progress_expiration: v.optional(v.number()),
  data: v.optional(v.string()),
});

/**
 * Free, or of a record that is over: of one that has expired, or whose holder has had its time.
 * It is the condition of Powertools' own layer, to the letter.
 */
const IS_FREE =
  "attribute_not_exists(#id) OR #expiry < :now OR (#status = :inprogress AND attribute_exists(#in_progress_expiry) AND #in_progress_expiry < :now_in_millis)";

/**
 * Powertools' idempotency records in DynamoDB. It sends what Powertools' `DynamoDBPersistenceLayer` sends, which imports
 * the SDK's client (docs/decisions/0084), but for the condition of a deletion; `test/contract/idempotency-records.test.ts` holds them side by side.
 */
export class DynamoIdempotencyRecords extends BasePersistenceLayer {
  readonly #client: DynamoDbOperations;
  readonly #table: string;

  constructor(client: DynamoDbOperations, tableName: string) {
    super();
    this.#client = client;
    this.#table = tableName;
  }

  protected override async _putRecord(record: IdempotencyRecord): Promise<void> {
    const { idempotencyKey: id, expiryTimestamp, inProgressExpiryTimestamp } = record;
    const now = Date.now();
    try {
      await this.#client.putItem({
        TableName: this.#table,
        Item: marshall(
          {
            id,
            expiration: expiryTimestamp,
            status: record.getStatus(),
            in_progress_expiration: inProgressExpiryTimestamp,
          },
          { removeUndefinedValues: true },
        ),
        ExpressionAttributeNames: {
          "#id": "id",
          "#expiry": "expiration",
          "#in_progress_expiry": "in_progress_expiration",
          "#status": "status",
        },
        ExpressionAttributeValues: marshall({
          ":now": now / 1_000,
          ":now_in_millis": now,
          ":inprogress": IdempotencyRecordStatus.INPROGRESS,
        }),
        ConditionExpression: IS_FREE,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
    } catch (error) {
      const item = refusingItem(error);
      if (item === null) throw error;
      throw new IdempotencyItemAlreadyExistsError(
        `Failed to put record for already existing idempotency key: ${id}`,
        "id" in item ? recordOf(unmarshall(item)) : undefined,
      );
    }
  }

  protected override async _updateRecord(record: IdempotencyRecord): Promise<void> {
    await this.#client.updateItem({
      TableName: this.#table,
      Key: marshall({ id: record.idempotencyKey }),
      UpdateExpression: "SET #expiry = :expiry, #status = :status, #response_data = :response_data",
      ExpressionAttributeNames: {
        "#expiry": "expiration",
        "#status": "status",
        "#response_data": "data",
      },
      ExpressionAttributeValues: marshall({
        ":expiry": record.expiryTimestamp,
        ":status": record.getStatus(),
        ":response_data": record.responseData,
      }),
    });
  }

  /** Powertools deletes without a condition. Here what is completed stays: another message had the effect (docs/decisions/0079). */
  protected override async _deleteRecord({ idempotencyKey: id }: IdempotencyRecord): Promise<void> {
    try {
      await this.#client.deleteItem({
        TableName: this.#table,
        Key: marshall({ id }),
        ConditionExpression: "attribute_not_exists(#id) OR #status = :inprogress",
        ExpressionAttributeNames: { "#id": "id", "#status": "status" },
        ExpressionAttributeValues: marshall({ ":inprogress": IdempotencyRecordStatus.INPROGRESS }),
      });
    } catch (error) {
      if (refusingItem(error) === null) throw error;
    }
  }

  protected override async _getRecord(id: string): Promise<IdempotencyRecord> {
    const { Item } = await this.#client.getItem({
      TableName: this.#table,
      Key: marshall({ id }),
      ConsistentRead: true,
    });
    if (Item === undefined) throw new IdempotencyItemNotFoundError();
    return recordOf(unmarshall(Item));
  }
}

function recordOf(item: unknown): IdempotencyRecord {
  const { id, status, expiration, in_progress_expiration, data } = v.parse(RecordSchema, item);
  return new IdempotencyRecord({
    idempotencyKey: id,
    status,
    ...(expiration !== undefined && { expiryTimestamp: expiration }),
    ...(in_progress_expiration !== undefined && {
      inProgressExpiryTimestamp: in_progress_expiration,
    }),
    ...(data !== undefined && { responseData: data }),
  });
}
