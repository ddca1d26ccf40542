import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { startDynamoDb } from "../support/dynalite.ts";
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
