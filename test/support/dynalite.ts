import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";

import { TABLE } from "../../lambdas/settings.ts";

/** An `ApplicationTable` in this process, as the stack makes it. */
export interface LocalTable {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly close: () => Promise<void>;
}

const string = (AttributeName: string) => ({ AttributeName, AttributeType: "S" }) as const;
const key = (AttributeName: string, KeyType: "HASH" | "RANGE") => ({ AttributeName, KeyType });

/** Starts dynalite on a free port of 127.0.0.1, with one empty table. */
export async function startApplicationTable(): Promise<LocalTable> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("dynalite has no port");
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const tableName = "applications";
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        string("pk"),
        string("sk"),
        string("duePk"),
        { AttributeName: "dueAt", AttributeType: "N" },
        string("externalId"),
      ],
      KeySchema: [key("pk", "HASH"), key("sk", "RANGE")],
      GlobalSecondaryIndexes: [
        {
          IndexName: TABLE.dueIndex,
          KeySchema: [key("duePk", "HASH"), key("dueAt", "RANGE")],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
        {
          IndexName: TABLE.externalIndex,
          KeySchema: [key("externalId", "HASH")],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    }),
  );
  return {
    client,
    tableName,
    async close() {
      client.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
