import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { KeptApplication } from "../../tools/cloud-in-memory/application-table.ts";
import type { MemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const InputSchema = v.object({
  RequestItems: v.record(v.string(), v.object({ Keys: v.array(v.record(v.string(), v.any())) })),
});

/**
 * DynamoDB as the operators' `adopt` reads it, over the application table of a cloud in memory.
 *
 * @param onRead - called with how many applications a call reads.
 */
export function dynamoOver(
  { applications }: MemoryCloud,
  onRead: (keys: number) => void,
): DynamoDB {
  return answered(new DynamoDB({ region: "us-east-1" }), (input, commandName) => {
    if (commandName !== "BatchGetItemCommand") throw new Error(`${commandName} is not known`);
    const { RequestItems } = v.parse(InputSchema, input);
    const Responses = Object.fromEntries(
      Object.entries(RequestItems).map(([table, { Keys }]) => {
        onRead(Keys.length);
        return [table, Keys.flatMap(itemOf)];
      }),
    );
    return { Responses };
  });

  function itemOf(key: Parameters<typeof unmarshall>[0]) {
    const { pk } = unmarshall(key);
    const kept = applications.applications.get(String(pk).slice(applicationKey("").pk.length));
    return kept === undefined ? [] : [marshall({ pk, ...attributesOf(kept) })];
  }
}

function attributesOf({ state, memory, gap }: KeptApplication) {
  const attributes = {
    adopted: state.adopted,
    checkedAt: memory.checkedAt,
    unknownSince: memory.unknownSince,
    unsettledSince: memory.unsettledSince,
    gapSince: gap?.since ?? null,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}
