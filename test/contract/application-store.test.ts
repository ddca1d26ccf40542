import { startDynamoDb } from "../support/dynalite.ts";
import { endingPagesEarly, startOwnClients } from "../support/own-clients.ts";
import { openDynamoStore, openMemoryStore } from "../support/open-stores.ts";
import { describeApplicationStore } from "./application-store.ts";

describeApplicationStore("in memory", async () => openMemoryStore(), 200);

describeApplicationStore(
  "on dynalite",
  async () => {
    // Pages end after two items: whoever reads one page alone is seen without a megabyte.
    const dynamo = await startDynamoDb({ pageItems: 2 });
    const { client, applicationTableName: tableName } = dynamo;
    return openDynamoStore({ client, calls: client, tableName, close: dynamo.close });
  },
  // Some 2 ms a write: a few seconds for a law.
  100,
);

describeApplicationStore(
  "on dynalite, by the functions' own client",
  async () => {
    const dynamo = await startDynamoDb();
    const { client, applicationTableName: tableName } = dynamo;
    const own = await startOwnClients(dynamo.answer);
    const calls = endingPagesEarly(own.dynamo, 2);
    const close = async () => {
      await own.close();
      await dynamo.close();
    };
    return openDynamoStore({ client, calls, tableName, close });
  },
  25,
);
