import type { SQSEvent } from "aws-lambda";

import type { Adoption } from "../../lambdas/domain/application/application-state.ts";
import { batchOfMessages } from "../../tools/cloud-in-memory/builders.ts";

/** One message of the operators' `adopt`. */
export function adoptionBatchOf(
  applicationToken: string,
  adoption: Adoption,
  fields: Readonly<Record<string, unknown>> = {},
): SQSEvent {
  const envelope = {
    v: 1,
    kind: "submission",
    receiptId: `adopt-1/${applicationToken}`,
    receivedAt: Date.now(),
    submission: {
      journey_application_token: applicationToken,
      journey_token: "J-exampleJourney0000001",
      ...fields,
    },
    adoption,
  };
  return batchOfMessages([JSON.stringify(envelope)]);
}
