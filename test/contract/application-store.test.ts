import { startDynamoDb } from "../support/dynalite.ts";
import { openDynamoStore, openMemoryStore } from "../support/open-stores.ts";
import { describeApplicationStore } from "./application-store.ts";

describeApplicationStore("in memory", async () => openMemoryStore(), 200);

describeApplicationStore(
  "on dynalite",
  async () => {
    const { client, applicationTableName: tableName, close } = await startDynamoDb();
    return openDynamoStore({ client, tableName, close });
  },
  // Some 2 ms a write: a few seconds for a law.
  100,
);
