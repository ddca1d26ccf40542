import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import * as v from "valibot";

const MessageSchema = v.object({ body: v.string() });
const WebhookSchema = v.object({
  data: v.looseObject({
    journey_application_token: v.string(),
    type: v.string(),
    timestamp: v.number(),
    external_group_id: v.nullish(v.string(), null),
  }),
});

/**
 * The composition that the documentation of each part leads to: Powertools around the record's handler
 * with the message id as its key, the state read, changed and put back, one PutEvents per event.
 */
export function makeNaiveConsumer(options: {
  readonly client: DynamoDBClient;
  readonly bus: EventBridgeClient;
  readonly applicationTableName: string;
  readonly idempotencyTableName: string;
}) {
  const { client, bus, applicationTableName: TableName } = options;
  const config = new IdempotencyConfig({ eventKeyJmesPath: "messageId" });
  const persistenceStore = new DynamoDBPersistenceLayer({
    tableName: options.idempotencyTableName,
    awsSdkV3Client: client,
  });
  const handleRecord = makeIdempotent(process, { persistenceStore, config, keyPrefix: "naive" });

  async function process(record: SQSRecord): Promise<string> {
    const { body } = v.parse(MessageSchema, JSON.parse(record.body));
    const { data } = v.parse(WebhookSchema, JSON.parse(body));
    const { journey_application_token: token, type, timestamp } = data;
    const pk = `APPLICATION#${token}`;

    const Key = marshall({ pk, sk: "STATE" });
    const { Item } = await client.send(
      new GetItemCommand({ TableName, Key, ConsistentRead: true }),
    );
    const state = Item === undefined ? { duePk: "DUE#0", dueAt: timestamp } : unmarshall(Item);
    const externalId = data.external_group_id;
    const next = { ...state, pk, sk: "STATE", status: type, lastEventAt: timestamp, externalId };
    await client.send(new PutItemCommand({ TableName, Item: marshall(next) }));

    const event = { pk, sk: `EVENT#${timestamp}#${type}`, body };
    await client.send(new PutItemCommand({ TableName, Item: marshall(event) }));
    await bus.send(
      new PutEventsCommand({
        Entries: [{ Source: "naive", DetailType: type, Detail: JSON.stringify(data) }],
      }),
    );
    return "processed";
  }

  return async (event: SQSEvent, context: Context): Promise<void> => {
    config.registerLambdaContext(context);
    await Promise.all(event.Records.map((record) => handleRecord(record)));
  };
}
