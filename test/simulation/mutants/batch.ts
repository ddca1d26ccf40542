import type { SQSEvent } from "aws-lambda";

import { identityOf } from "../scenario/views.ts";
import type { Sandbox } from "../faults/sandbox.ts";
import type { FaultPoints } from "../faults/fault-points.ts";

/** What a queue record says of itself, for bugs that look at the wrong thing. */
export interface RecordFacts {
  readonly messageId: string;
  readonly kind: string;
  readonly body: string;
  readonly applicationToken: string;
}

/** The batch that each sandbox works on. */
export function watchBatches() {
  const batches = new WeakMap<Sandbox, SQSEvent>();
  const consumer: Required<FaultPoints>["consumer"] = (handle, { sandbox }) => {
    return (event, context) => {
      batches.set(sandbox, event);
      return handle(event, context);
    };
  };

  /** The record of the batch that brings an event; null: none of Alloy's events has this id. */
  function recordOf(sandbox: Sandbox, eventId: string): RecordFacts | null {
    for (const { messageId, body: message } of batches.get(sandbox)?.Records ?? []) {
      const { kind, body }: { kind: string; body?: string | null } = JSON.parse(message);
      if (typeof body !== "string" || !body.includes("journey_application_token")) continue;
      const { data }: { data: Readonly<Record<string, unknown>> } = JSON.parse(body);
      if (identityOf(data) !== eventId) continue;
      const applicationToken = String(data["journey_application_token"]);
      return { messageId, kind, body, applicationToken };
    }
    return null;
  }

  return { consumer, recordOf };
}
