import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { endingPagesEarly, startOwnClients } from "../support/own-clients.ts";
import { inRoleOf } from "../support/iam.ts";
import { forgetIn } from "../support/open-stores.ts";
import { describeDueApplications } from "./due-applications.ts";

describeDueApplications("in memory", async () => {
  const table = new MemoryApplicationTable();
  return {
    due: table,
    store: table,
    forget: async (applicationToken, now) => table.forget(applicationToken, now),
    async close() {},
  };
});

describeDueApplications("on dynalite", async () => {
  const { due, store, client, applicationTableName, close } = await startDynamoDb({ pageItems: 2 });
  return { due, store, forget: forgetIn({ client, tableName: applicationTableName }), close };
});

describeDueApplications("on dynalite, by the functions' own client", async () => {
  const dynamo = await startDynamoDb();
  const { client, applicationTableName: tableName } = dynamo;
  const own = await startOwnClients(dynamo.answer);
  const calls = endingPagesEarly(own.dynamo, 2);
  const store = new DynamoApplicationStore({ client: calls, tableName, eventRetentionMs: null });
  return {
    due: inRoleOf("poller", "applications", new DynamoDueApplications(calls, tableName)),
    store: inRoleOf("consumer", "store", store),
    forget: forgetIn({ client, tableName }),
    close: async () => {
      await own.close();
      await dynamo.close();
    },
  };
});
