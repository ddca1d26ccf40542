import { setTimeout as sleepFor } from "node:timers/promises";

import type { EventBridgeOperations } from "./aws-operations.ts";
import { BusGapAnnouncer } from "./bus-ports.ts";
import { putEventsOn } from "./event-bridge-put-events.ts";

/** `GapAnnouncer` on an EventBridge bus. */
export class EventBridgeGapAnnouncer extends BusGapAnnouncer {
  /** @param sleep - for so many ms. @default - real time */
  constructor(
    client: EventBridgeOperations,
    busName: string,
    sleep: (ms: number) => Promise<void> = sleepFor,
  ) {
    super({ putEvents: putEventsOn(client, busName), sleep });
  }
}
