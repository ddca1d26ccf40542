import type { SQSEvent } from "aws-lambda";

import type { Idempotency } from "../../../lambdas/domain/ports.ts";
import { identityOf } from "../scenario/views.ts";
import type { Sandbox } from "../faults/sandbox.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { inIdempotency } from "./plant.ts";

/** What a queue record says of itself, for bugs that look at the wrong thing. */
export interface RecordFacts {
  readonly messageId: string;
  readonly kind: string;
  readonly body: string;
  readonly applicationToken: string;
}

/** Finds the record of the batch that brings an event; null: none of Alloy's events has this id. */
type RecordOf = (eventId: string) => RecordFacts | null;

/** A consumer whose idempotency looks at the batch that its sandbox works on. */
export function withBatches(
  wrong: (right: Idempotency, recordOf: RecordOf, sandbox: Sandbox) => Idempotency,
): FaultPoints {
  const batches = new WeakMap<Sandbox, SQSEvent>();
  return {
    ...inIdempotency((right, sandbox) =>
      wrong(right, (eventId) => recordIn(batches.get(sandbox), eventId), sandbox),
    ),
    consumer:
      (handle, { sandbox }) =>
      (event, context) => {
        batches.set(sandbox, event);
        return handle(event, context);
      },
  };
}

function recordIn(batch: SQSEvent | undefined, eventId: string): RecordFacts | null {
  for (const { messageId, body: message } of batch?.Records ?? []) {
    const { kind, body }: { kind: string; body?: string | null } = JSON.parse(message);
    if (typeof body !== "string" || !body.includes("journey_application_token")) continue;
    const { data }: { data: Readonly<Record<string, unknown>> } = JSON.parse(body);
    if (identityOf(data) !== eventId) continue;
    const applicationToken = String(data["journey_application_token"]);
    return { messageId, kind, body, applicationToken };
  }
  return null;
}
