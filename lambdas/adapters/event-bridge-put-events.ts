import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";

import { EVENT_SOURCE } from "../settings/routes.ts";
import type { PutEvents } from "./put-events.ts";

/** `PutEvents` on one bus of EventBridge. */
export function putEventsOn(
  client: EventBridgeClient,
  EventBusName: string,
): PutEvents["putEvents"] {
  return (entries) =>
    client.send(
      new PutEventsCommand({
        Entries: entries.map(({ detailType, detail, traceHeader }) => ({
          EventBusName,
          Source: EVENT_SOURCE,
          DetailType: detailType,
          Resources: [],
          Detail: detail,
          ...(traceHeader !== undefined && { TraceHeader: traceHeader }),
        })),
      }),
    );
}
