import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { KeptApplication } from "../../tools/cloud-in-memory/application-table.ts";
import type { MemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const PREFIX = applicationKey("").pk;
const KeySchema = v.object({ pk: v.object({ S: v.string() }), sk: v.object({ S: v.string() }) });
const InputSchema = v.object({
  RequestItems: v.record(v.string(), v.object({ Keys: v.array(KeySchema) })),
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

  function itemOf({ pk }: v.InferOutput<typeof KeySchema>) {
    const kept = applications.applications.get(pk.S.slice(PREFIX.length));
    return kept === undefined ? [] : [{ pk, ...marshall(attributesOf(kept)) }];
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
