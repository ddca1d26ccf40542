import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import type { Surroundings } from "../faults/sandbox.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import type { Observer } from "./observer.ts";

/** A world as its parts see it: the scenario at Alloy, the cloud here, and who watches. */
export interface World extends Surroundings {
  readonly scenario: Scenario;
  readonly cloud: MemoryCloud;
  readonly observer: Observer;
  readonly faultPoints: FaultPoints;
  /** From when on nothing goes wrong any more, epoch milliseconds. */
  readonly faultFreeAt: number;
  /** Something has come into the event queue. */
  readonly onQueued: () => void;
  /** A check may have been planned. */
  readonly onPlanned: () => void;
}
