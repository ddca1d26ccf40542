import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { inRoleOf } from "../support/iam.ts";
import { describeDueApplications } from "./due-applications.ts";

describeDueApplications("in memory", async () => {
  const table = new MemoryApplicationTable();
  return { due: table, store: table, async close() {} };
});

describeDueApplications("on dynalite", async () => {
  const { client, applicationTableName: tableName, close } = await startDynamoDb({ pageItems: 2 });
  return {
    due: inRoleOf("poller", "applications", new DynamoDueApplications(client, tableName)),
    store: inRoleOf(
      "consumer",
      "store",
      new DynamoApplicationStore({ client, tableName, eventRetentionMs: null }),
    ),
    close,
  };
});
