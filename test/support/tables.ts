import { randomBytes } from "node:crypto";

import { CreateTableCommand, DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

import { TABLES } from "../../tools/cloud-in-memory/dynalite.ts";

/** Makes the stack's two tables once more, empty, under names of their own. */
export async function makeTables<Client extends DynamoDBClient>(client: Client) {
  const suffix = randomBytes(5).toString("hex");
  const names = TABLES.map(({ TableName }) => `contract-${TableName}-${suffix}`);
  for (const [index, table] of TABLES.entries()) {
    await client.send(new CreateTableCommand({ ...table, TableName: names[index] }));
  }
  const [applicationTableName = "", idempotencyTableName = ""] = names;
  return {
    client,
    applicationTableName,
    idempotencyTableName,
    close: async () => {
      for (const TableName of names) await client.send(new DeleteTableCommand({ TableName }));
    },
  };
}
