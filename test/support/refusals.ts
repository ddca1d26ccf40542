import type { DynamoDbOperations } from "../../lambdas/adapters/aws-operations.ts";
import { judgeLimits } from "../../tools/strict-aws/call-refusal.ts";
import { refuseBeyondLimits } from "../../tools/strict-aws/strict-client.ts";
import type { RefusedCall } from "../../tools/strict-aws/strict-client.ts";
import { refusedCalls } from "./iam.ts";

const byLimits: (readonly RefusedCall[])[] = [];
const byProxies: string[] = [];
/** How many of each source's refusals so far a test has asked for. */
let expected: readonly number[] = [];

/** Has a client refuse what AWS's documented limits refuse; a test that did not expect that fails. */
export function withinLimits(client: unknown): readonly RefusedCall[] {
  return noteRefusals(refuseBeyondLimits(client));
}

/** The same for the functions' own client of DynamoDB, where no proxy judges its calls. */
export function dynamoWithinLimits(client: DynamoDbOperations): DynamoDbOperations {
  const refused: RefusedCall[] = [];
  noteRefusals(refused);
  const judged =
    <Input, Output>(operation: string, call: (input: Input) => Promise<Output>) =>
    async (input: Input): Promise<Output> => {
      const { whole } = judgeLimits(operation, input);
      if (whole === null) return call(input);
      refused.push({ operation, refusal: whole });
      throw whole;
    };
  return {
    getItem: judged("GetItem", client.getItem),
    putItem: judged("PutItem", client.putItem),
    updateItem: judged("UpdateItem", client.updateItem),
    deleteItem: judged("DeleteItem", client.deleteItem),
    query: judged("Query", client.query),
    batchGetItem: judged("BatchGetItem", client.batchGetItem),
  };
}

/** A test that did not expect these refusals, which grow, fails. */
export function noteRefusals(refused: readonly RefusedCall[]): readonly RefusedCall[] {
  byLimits.push(refused);
  return refused;
}

/** The same of what a proxy has refused, which is told as a sentence. */
export function noteRefusal(sentence: string): void {
  byProxies.push(sentence);
}

/** All that IAM or a documented limit has refused, and no test has expected, as sentences. */
export function unexpectedRefusals(): readonly string[] {
  return sources().flatMap((refusals, source) => refusals.slice(expected[source] ?? 0));
}

/** For a test of a refusal, after it: what was refused until now had to be. */
export function expectRefusals(): void {
  expected = sources().map(({ length }) => length);
}

/** The refusals of each that refuses, in order. The clients come last: there may be more of them the next time. */
function sources(): readonly (readonly string[])[] {
  const beyondLimits = byLimits.map((refused) =>
    refused.map(({ operation, refusal }) => `${operation}: ${refusal.name}: ${refusal.message}`),
  );
  return [refusedCalls(), byProxies, ...beyondLimits];
}
