import { applicationStateOf } from "../../../lambdas/adapters/dynamo/application-item.ts";
import { statusOf } from "../../../lambdas/domain/application/application-state.ts";
import {
  attributesOf,
  mergeState,
  parseWebhook,
  stateOfEvent,
} from "../../fixtures/stored/0.1.0.writer.mjs";
import type { Mutants } from "./mutant.ts";
import { inRecords } from "./plant.ts";

type Item = Readonly<Record<string, unknown>>;

/** What of the release before is not read, or is read otherwise than it was meant. */
export const RELEASED_MUTANTS: Mutants = {
  "released-marks-dropped": {
    what: "of an item of the release before nothing is read of what its poller had healed",
    needs: "previous-release",
    plant: () => ({ releasedItem: (item) => without(item, (name) => name.startsWith("healed#")) }),
  },
  "released-reopening-dropped": {
    what: "an application that the release before had opened again stands at its end from before",
    async hunt(isPlanted) {
      const told = [
        released("completed_application", 0, { outcome: "Approved" }),
        released("journey_application_retriggered", 1_000),
      ];
      const item = attributesOf(told.reduce(mergeState));
      const read = isPlanted ? without(item, (name) => name === "reopenings") : item;
      const status = statusOf(applicationStateOf(read));
      return status === "running" ? null : `it stands at ${status}`;
    },
  },
  "released-ends-forgotten": {
    what: "of what the release before published nothing is known, and it is published again",
    needs: "previous-release",
    plant: () => ({ releasedItem: (item) => ({ ...item, published: [] }) }),
  },
  "released-locks-forgotten": {
    what: "an effect that the release before remembered is had again",
    needs: "previous-release",
    plant: () => {
      const own = new Set<string>();
      return inRecords((right) => ({
        async lock(key, record, now) {
          // A completion that is over is no longer known.
          if (!own.has(key)) await right.complete(key, 0);
          own.add(key);
          return right.lock(key, record, now);
        },
      }));
    },
  },
};

function without(item: Item, isDropped: (name: string) => boolean): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !isDropped(name)));
}

const AT = Date.UTC(2026, 10, 23, 20);

/** What an event said to the release before, so long after the first. */
function released(type: string, after: number, change: object = {}) {
  const tokens = { journey_application_token: "JA-1", journey_token: "J-1" };
  const data = { ...tokens, type, timestamp: AT + after, ...change };
  const read = parseWebhook(JSON.stringify({ type: "update:journeyapplications:sandbox", data }));
  if (read.kind !== "journey-event") throw new Error(`the release cannot read ${type}`);
  return stateOfEvent(read.event);
}
