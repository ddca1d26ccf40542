import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { onTestFinished } from "vitest";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { startDynamoDb as start } from "../../tools/cloud-in-memory/dynalite.ts";
import { guarded, inRoleOf } from "./iam.ts";
import { noteRefusals } from "./refusals.ts";

export type TestDynamoDb = Awaited<ReturnType<typeof startDynamoDb>>;

/** A DynamoDB in this process that asks IAM; a test that does not expect a refusal fails by it. */
export async function startDynamoDb(...options: Parameters<typeof start>) {
  const dynamo = await start(...options);
  const { client, applicationTableName: tableName } = dynamo;
  noteRefusals(dynamo.refused);
  guarded(client);
  const store = new DynamoApplicationStore({ client, tableName, eventRetentionMs: null });
  const due = new DynamoDueApplications(client, tableName);
  return {
    ...dynamo,
    /** The table as the consumer has it. */
    store: inRoleOf("consumer", "store", store),
    /** The table as the poller has it. */
    due: inRoleOf("poller", "applications", due),
    /** Puts an item into the table of applications, by nobody's rights. */
    put: async (item: object): Promise<void> => {
      await client.send(new PutItemCommand({ TableName: tableName, Item: marshall(item) }));
    },
  };
}

/** The same, until the test that asks for it ends. */
export async function aDynamoDb(): Promise<TestDynamoDb> {
  const dynamo = await startDynamoDb();
  onTestFinished(dynamo.close);
  return dynamo;
}
