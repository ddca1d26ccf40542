import type { SQSEvent } from "aws-lambda";

import type { Adoption } from "../../lambdas/domain/application/application-state.ts";
import { batchOf } from "./counted-consumer.ts";

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
  const { Records } = batchOf([""]);
  return { Records: Records.map((record) => ({ ...record, body: JSON.stringify(envelope) })) };
}
