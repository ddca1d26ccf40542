import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { applicationKey, attributesOf } from "../../../lambdas/adapters/dynamo/application-item.ts";
import { DynamoDueApplications } from "../../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { DynamoApplicationStore } from "../../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import {
  bareState,
  forgottenState,
} from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { NEVER_CHECKED } from "../../../lambdas/domain/polling/polling-ports.ts";
import { startDynamoDb } from "../../../tools/cloud-in-memory/dynalite.ts";
import { forget, tombstoneOf } from "../../../tools/ops/forget.ts";
import { hold } from "../../../tools/ops/hold.ts";
import { itemsOf, legalHoldOf, stateIn } from "../../../tools/ops/person.ts";
import { changeCalls } from "../../../tools/strict-aws/strict-client.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import type { Mutants } from "./mutant.ts";
import { inTable } from "./plant.ts";

/** What goes wrong with applications that are adopted, forgotten or held. */
export const APART_MUTANTS: Mutants = {
  "adoption-is-no-history": {
    what: "what happened before the adoption is published as if it were news",
    needs: "adopted-application",
    plant: () => reading({ adopted: null }),
  },
  "adoption-merged-as-a-submission": {
    what: "the state does not keep that its application was adopted",
    needs: "adopted-application",
    plant: () =>
      inTable((right) => ({
        mergeState: (said, check) => right.mergeState({ ...said, adopted: null }, check),
      })),
  },
  "tombstone-not-seen": {
    what: "whoever merges into a forgotten application takes it for any other",
    needs: "forgotten-application",
    plant: () => reading({ forgottenAt: null }),
  },
  "late-record-of-the-forgotten-stays": {
    what: "what was recorded before the tombstone was found is not erased",
    needs: "forgotten-application",
    plant: () => inTable(() => ({ eraseEvent: async () => undefined })),
  },
  "late-failure-of-the-forgotten-stays": {
    what: "a failure of an application that was forgotten meanwhile is kept",
    async hunt(isPlanted) {
      await using dynamo = await startDynamoDb();
      const store = new DynamoApplicationStore({
        client: dynamo.client,
        tableName: dynamo.applicationTableName,
        eventRetentionMs: null,
      });
      // Whether the application is forgotten is not read.
      if (isPlanted) store.readState = async () => null;
      const applicationToken = "JA-1";
      const tombstone = forgottenState(applicationToken, 1);
      await store.mergeState(tombstone, { dueAt: 1, when: "first" });
      await store.recordFailure({
        applicationToken,
        eventId: "event-1",
        eventType: "started_application",
        receiptId: "receipt-1",
        reason: "throttled",
        failedAt: 2,
        deadLettered: false,
      });
      const isKept = await store.hasFailure(applicationToken, "event-1");
      return isKept ? "a failure of a forgotten application is kept" : null;
    },
  },
  "gap-of-the-forgotten": {
    what: "an application that is forgotten during its first check is in gap for good",
    async hunt(isPlanted) {
      await using dynamo = await startDynamoDb();
      const { client, applicationTableName: TableName } = dynamo;
      const due = new DynamoDueApplications(client, TableName);
      const put = (item: object) =>
        client.send(new PutItemCommand({ TableName, Item: marshall(item) }));
      await put({ ...applicationKey(TOKEN), ...attributesOf(bareState(TOKEN)), dueAt: NOW });
      if (isPlanted) {
        changeCalls(client, (operation, input) =>
          operation === "UpdateItem"
            ? JSON.parse(JSON.stringify(input).replaceAll("forgottenAt", "nobodyHasThis"))
            : input,
        );
      }
      const taken = await due.take({ applicationToken: TOKEN, dueAt: NOW, hasFailed: false });
      if (taken === null || taken === "claimed") return "the application is not due";
      await put(tombstoneOf(TOKEN, NOW));
      await due.plan(taken, { dueAt: NOW + 1, memory: NEVER_CHECKED, gap: GAP, at: NOW });
      const { oldest } = await due.openGaps(NOW, 1);
      return oldest.length === 0 ? null : "a forgotten application is in gap";
    },
  },
  "forget-overrides-a-new-hold": {
    what: "the tombstone is written without a condition: a hold that begins meanwhile comes too late",
    async hunt(isPlanted) {
      // Somebody puts the hold on after `forget` has looked, and before it writes.
      return withApplication(async (stack) => {
        const { dynamo } = stack;
        if (isPlanted) withoutConditions(dynamo);
        const terminal = new KeptTerminal();
        const options = { ...FORGET, yes: false };
        const held = { reason: "case 7", release: false, now: NOW };
        terminal.asks = async () => {
          await hold(stack, TOKEN, held, terminal);
          return "yes";
        };
        await forget(stack, TOKEN, options, terminal).catch(() => undefined);
        return (await isForgotten(stack))
          ? "an application under a legal hold was forgotten"
          : null;
      });
    },
  },
  "hold-forgets-the-hold": {
    what: "a hold is written under another name than `forget` reads it by",
    async hunt(isPlanted) {
      return withApplication(async (stack) => {
        const terminal = new KeptTerminal();
        if (isPlanted) {
          changeCalls(stack.dynamo, (operation, input) =>
            operation === "UpdateItem"
              ? JSON.parse(JSON.stringify(input).replaceAll("legalHold", "holdOfLaw"))
              : input,
          );
        }
        await hold(stack, TOKEN, { reason: "case 7", release: false, now: NOW }, terminal);
        await forget(stack, TOKEN, FORGET, terminal).catch(() => undefined);
        if (await isForgotten(stack)) return "an application under a legal hold was forgotten";
        return legalHoldOf(await itemsOf(stack, TOKEN)) === null ? "the hold is not there" : null;
      });
    },
  },
};

/** A table whose merges are read otherwise than they are. */
function reading(change: Partial<ApplicationState>): FaultPoints {
  return inTable((right) => ({
    async mergeState(observation, check) {
      const merged = await right.mergeState(observation, check);
      return { ...merged, after: { ...merged.after, ...change } };
    },
  }));
}

const TOKEN = "JA-held";
const NOW = 1_760_000_000_000;

/** A stack with one application in a DynamoDB, as the operators' tool has it. */
async function withApplication(
  act: (stack: ReturnType<typeof aStack>) => Promise<string | null>,
): Promise<string | null> {
  await using dynamo = await startDynamoDb();
  const { client, applicationTableName } = dynamo;
  const item = { ...applicationKey(TOKEN), ...attributesOf(bareState(TOKEN)), dueAt: NOW };
  await client.send(new PutItemCommand({ TableName: applicationTableName, Item: marshall(item) }));
  return await act({ ...aStack(), dynamo: client, applicationTableName });
}

async function isForgotten(stack: ReturnType<typeof aStack>): Promise<boolean> {
  return stateIn(await itemsOf(stack, TOKEN))?.["forgottenAt"] !== undefined;
}

const GAP = {
  gapId: "gap",
  stage: "rejected",
  since: NOW,
  detectedAt: NOW,
  eventCount: 1,
  events: [{ eventId: "event-1", type: "pending_review", at: NOW, stage: "rejected" }],
  evidence: "why",
} as const;

const FORGET = { dryRun: false, yes: true, now: NOW } as const;

const PutSchema = v.looseObject({ ConditionExpression: v.optional(v.string()) });

function withoutConditions(client: DynamoDBClient): void {
  changeCalls(client, (operation, input) => {
    if (operation !== "PutItem") return input;
    const { ConditionExpression: _, ...rest } = v.parse(PutSchema, input);
    return rest;
  });
}
