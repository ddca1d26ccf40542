import type { EventBridgeOperations } from "./aws-operations.ts";
import { BusEventPublisher } from "./bus-ports.ts";
import { putEventsOn } from "./event-bridge-put-events.ts";

/** `EventPublisher` on an EventBridge bus. */
export class EventBridgePublisher extends BusEventPublisher {
  constructor(options: {
    readonly client: EventBridgeOperations;
    readonly busName: string;
    readonly sleep: (ms: number) => Promise<void>;
  }) {
    const { client, busName, sleep } = options;
    super({ putEvents: putEventsOn(client, busName), sleep });
  }
}
