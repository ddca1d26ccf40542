import type { Scenario } from "../scenario/scenario-type.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { Observer } from "../world/observer.ts";
import type { Deliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import type { Fault } from "../faults/faults.ts";

/** What is seen of a world that has come to rest. */
export interface Seen {
  readonly scenario: Scenario;
  readonly cloud: MemoryCloud;
  readonly observer: Observer;
  readonly deliveries: Deliveries;
  /** The tokens of the applications of which anybody has told us. */
  readonly heard: ReadonlySet<string>;
  readonly faults: readonly Fault[];
  /** Nothing could go wrong. */
  readonly isFaultFree: boolean;
}

/** Whether we have taken the webhook of an event, a step or a post, by its name. */
export function isDelivered(name: string, { deliveries }: Pick<Seen, "deliveries">): boolean {
  return deliveries.log.some(
    ({ eventToken, state }) => eventToken === name && state === "delivered",
  );
}
