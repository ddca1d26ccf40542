import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { describeDueApplications } from "./due-applications.ts";

describeDueApplications("in memory", async () => {
  const table = new MemoryApplicationTable();
  return { due: table, store: table, async close() {} };
});

describeDueApplications("on dynalite", async () => {
  const { due, store, close } = await startDynamoDb({ pageItems: 2 });
  return { due, store, close };
});
