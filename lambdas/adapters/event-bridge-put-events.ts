import { EVENT_SOURCE } from "../settings/routes.ts";
import type { EventBridgeOperations } from "./aws-operations.ts";
import type { PutEvents } from "./put-events.ts";

/** `PutEvents` on one bus of EventBridge. */
export function putEventsOn(
  client: EventBridgeOperations,
  EventBusName: string,
): PutEvents["putEvents"] {
  return (entries) =>
    client.putEvents({
      Entries: entries.map(({ detailType, detail, traceHeader }) => ({
        EventBusName,
        Source: EVENT_SOURCE,
        DetailType: detailType,
        Resources: [],
        Detail: detail,
        ...(traceHeader !== undefined && { TraceHeader: traceHeader }),
      })),
    });
}
