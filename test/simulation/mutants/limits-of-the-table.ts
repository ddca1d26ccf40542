import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { applicationKey } from "../../../lambdas/adapters/dynamo/application-item.ts";
import { DynamoApplicationStore } from "../../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { NEVER_CHECKED } from "../../../lambdas/domain/polling/polling-ports.ts";
import { itemBytes } from "../../../tools/strict-aws/attribute-size.ts";
import { changeCalls } from "../../../tools/strict-aws/strict-client.ts";
import { startDynamoDb } from "../../support/dynalite.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import type { Mutants } from "./mutant.ts";

const UpdateSchema = v.object({
  UpdateExpression: v.string(),
  ExpressionAttributeNames: v.optional(v.record(v.string(), v.string()), {}),
  ExpressionAttributeValues: v.optional(v.record(v.string(), v.unknown()), {}),
});
type Update = v.InferOutput<typeof UpdateSchema>;

/** What a bug makes of an update, and of how many before it. */
type Plant = (update: Update, updates: number) => Partial<Update>;

const NOON = 1_760_000_000_000;

const GAP_OF_FIFTY = {
  gapId: "gap",
  stage: "rejected",
  since: NOON,
  detectedAt: NOON,
  eventCount: 50,
  events: Array.from({ length: 50 }, (_, index) => ({
    eventId: String(index).padStart(32, "0"),
    type: "completed_evaluation",
    at: NOON,
    stage: "rejected" as const,
  })),
  evidence: "why",
} as const;
const CHECK = { when: "first", dueAt: NOON } as const;

/** Bugs of the writes to the application table that DynamoDB alone would refuse, hunted in front of dynalite. */
export const TABLE_LIMIT_MUTANTS: Mutants = {
  "merge-sets-every-applicant": {
    what: "a merge sets each applicant of the application anew, under names as long as their tokens",
    hunt(isPlanted) {
      const APPLICANTS = 60;
      const plant = ({ UpdateExpression, ...input }: Update, updates: number) => {
        const names = { ...input.ExpressionAttributeNames };
        const values = { ...input.ExpressionAttributeValues };
        const sets = Array.from({ length: updates }, (_, applicant) => {
          const long = `entity_35_JEA_45_applicant_${applicant}`;
          names[`#${long}`] = `other#${applicant}`;
          values[`:${long}`] = { N: "1" };
          return `#${long} = :${long}`;
        });
        return {
          UpdateExpression: UpdateExpression.replace(/^SET /, `SET ${sets.join(", ")}, `),
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
        };
      };
      return refusalWithin(isPlanted ? plant : null, async (store) => {
        // The newest first: each of the others meets something newer.
        for (let applicant = APPLICANTS; applicant > 0; applicant -= 1) {
          const event = aJourneyEvent({
            type: "pending_action",
            at: NOON + applicant * 1_000,
            entityToken: `P-applicant-${applicant}`,
            entityApplicationToken: `JEA-applicant-${applicant}`,
          });
          await store.mergeState(stateOfEvent(event), CHECK);
        }
      });
    },
  },
  "gap-in-the-state": {
    what: "the events of a gap stand in the application's state, and each merge is billed for them",
    async hunt(isPlanted) {
      await using dynamo = await startDynamoDb();
      const { client, applicationTableName: tableName, due } = dynamo;
      if (isPlanted) {
        changeUpdates(client, ({ UpdateExpression, ...input }) => {
          const [value] = Object.entries(input.ExpressionAttributeValues).filter(([, one]) =>
            JSON.stringify(one).includes("gapId"),
          );
          if (value === undefined) return { UpdateExpression, ...input };
          const whole = { [value[0]]: marshall({ gap: GAP_OF_FIFTY })["gap"] };
          const values = { ...input.ExpressionAttributeValues, ...whole };
          return { UpdateExpression, ...input, ExpressionAttributeValues: values };
        });
      }
      const store = new DynamoApplicationStore({
        client,
        tableName,
        eventRetentionMs: null,
      });
      await store.mergeState(stateOfEvent(aJourneyEvent({ at: NOON })), CHECK);
      const [one] = await due.list(NOON, 1);
      const taken = one === undefined ? null : await due.take(one);
      if (taken === null || taken === "claimed") return "the application is not due";
      const plan = { dueAt: NOON + 1, memory: NEVER_CHECKED, gap: GAP_OF_FIFTY, at: NOON };
      await due.plan(taken, plan);
      const { applicationToken } = taken.state;
      const key = marshall(applicationKey(applicationToken));
      const { Item = {} } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: key }),
      );
      const units = Math.ceil(itemBytes(Item) / 1_024);
      return units === 1 ? null : `a merge of an application in gap is billed ${units} write units`;
    },
  },
  "index-key-of-any-id": {
    what: "an external id is the key of an index whatever it is, also the empty text",
    async hunt(isPlanted) {
      for (const id of ["", "x".repeat(2_048), "é".repeat(1_025)]) {
        const plant = ({ UpdateExpression, ...input }: Update) => ({
          UpdateExpression: UpdateExpression.replace(/^SET /, "SET #planted = :planted, "),
          ExpressionAttributeNames: { ...input.ExpressionAttributeNames, "#planted": "externalId" },
          ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ":planted": { S: id } },
        });
        const event = aJourneyEvent({
          externalIds: { group: id, entity: null, partner: null, application: null },
        });
        const finding = await refusalWithin(isPlanted ? plant : null, async (store) => {
          await store.mergeState(stateOfEvent(event), CHECK);
        });
        if (finding !== null) return finding;
      }
      return null;
    },
  },
};

/** The finding is what DynamoDB would say to the first update that it does not take. */
async function refusalWithin(
  plant: Plant | null,
  act: (store: DynamoApplicationStore) => Promise<void>,
): Promise<string | null> {
  await using dynamo = await startDynamoDb();
  const { client, applicationTableName: tableName, refused } = dynamo;
  if (plant !== null) changeUpdates(client, plant);
  const store = new DynamoApplicationStore({ client, tableName, eventRetentionMs: null });
  await act(store).catch(() => undefined);
  return refused[0]?.refusal.message ?? null;
}

/** As another adapter would write it. */
function changeUpdates(client: DynamoDBClient, plant: Plant): void {
  let updates = 0;
  changeCalls(client, (operation, input) => {
    if (operation !== "UpdateItem") return input;
    updates += 1;
    const update = v.parse(UpdateSchema, input);
    // What an update only removes, the planted bugs leave alone.
    return update.UpdateExpression.startsWith("SET ")
      ? { ...input, ...plant(update, updates) }
      : input;
  });
}
