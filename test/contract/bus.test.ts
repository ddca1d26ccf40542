import { randomUUID } from "node:crypto";

import {
  MemoryBus,
  MemoryEventPublisher,
  MemoryGapAnnouncer,
} from "../../tools/cloud-in-memory/bus.ts";
import { describeBus } from "./bus.ts";
import type { HeardEvent } from "./bus.ts";

describeBus("in memory", async () => {
  const bus = new MemoryBus({
    now: Date.now,
    newId: randomUUID,
  });
  const heard: HeardEvent[] = [];
  bus.addRule({
    matches: () => true,
    deliver: ({ detailType, ...event }) => heard.push({ ...event, "detail-type": detailType }),
  });
  return {
    publisher: new MemoryEventPublisher(bus),
    gaps: new MemoryGapAnnouncer(bus),
    hear: async () => heard.splice(0),
    close: async () => {},
  };
});
