import { startDynamoDb as start } from "../../tools/cloud-in-memory/dynalite.ts";
import { guarded } from "./iam.ts";
import { noteRefusals } from "./refusals.ts";

/** A DynamoDB in this process that asks IAM; a test that does not expect a refusal fails by it. */
export async function startDynamoDb(
  ...options: Parameters<typeof start>
): ReturnType<typeof start> {
  const dynamo = await start(...options);
  noteRefusals(dynamo.refused);
  guarded(dynamo.client);
  return dynamo;
}
