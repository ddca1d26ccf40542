import { ConditionalCheckFailedException, DynamoDB } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, it } from "vitest";

import { DynamoApplicationStore } from "../../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { answered } from "../../../tools/cloud-in-memory/clients.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

/** A store whose writes are refused in turn, each by this item; undefined: by none. */
function storeRefusedBy(...items: readonly (Readonly<Record<string, unknown>> | undefined)[]) {
  const left = [...items];
  const client = answered(new DynamoDB({ region: "us-east-1" }), () => {
    const item = left.shift();
    throw new ConditionalCheckFailedException({
      message: "The conditional request failed",
      $metadata: {},
      ...(item !== undefined && { Item: marshall(item) }),
    });
  });
  return new DynamoApplicationStore({ client, tableName: "table", eventRetentionMs: null });
}

it("tries a merge again later, when what refused it was removed meanwhile", async () => {
  const settled = { pk: "APPLICATION#JA-1", applicationToken: "JA-1", settledAt: 1, revision: 1 };
  const store = storeRefusedBy(settled, undefined);
  const state = stateOfEvent(aJourneyEvent({ applicationToken: "JA-1", type: "pending_review" }));

  const merging = store.mergeState(state, { when: "first", dueAt: 1 });

  await expect(merging).rejects.toMatchObject({
    name: "TransientError",
    message: "Merging into an application's state failed: its item is gone.",
  });
});
