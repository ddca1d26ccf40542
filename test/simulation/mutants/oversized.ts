import { BusEventPublisher } from "../../../lambdas/adapters/bus-ports.ts";
import type { PutEventsAnswer } from "../../../lambdas/adapters/put-events.ts";
import { BatchEventQueue } from "../../../lambdas/adapters/send-messages.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import { eventWithinLimits } from "../../../lambdas/domain/routing/within-limits.ts";
import { queueEnvelopes } from "../../../lambdas/poller/queue-envelopes.ts";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { ROUTE_TITLES } from "../../../lambdas/settings/routes.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { MemoryEventPublisher } from "../../../tools/cloud-in-memory/bus.ts";
import {
  MemoryDeadLetters,
  MemoryEventQueue,
  sendBatchTo,
} from "../../../tools/cloud-in-memory/queue-ports.ts";
import { aPollEnvelope } from "../../support/poll-envelope.ts";
import { aPublishedEvent } from "../../support/records.ts";
import type { Mutants } from "./mutant.ts";

const NOW = 1_760_000_000_000;
const aCloud = () => makeMemoryCloud({ now: () => NOW, routes: ["progressed"] });
const sleep = async () => {};

/** Ten events; the journey of the fourth is called so. */
const tenEvents = (journeyName: string) =>
  Array.from({ length: 10 }, (_, index) =>
    aPublishedEvent({
      applicationToken: `JA-${index}`,
      journeyName: index === 3 ? journeyName : "Onboarding",
    }),
  );

/** An answer that says nothing of what was put, read as if it had taken everything. */
function asTaken(answer: PutEventsAnswer, count: number): PutEventsAnswer {
  const { Entries = [] } = answer;
  return {
    Entries: Array.from({ length: count }, (_, index) => Entries[index] ?? { EventId: "assumed" }),
  };
}

const missing = (what: string, wanted: number, found: number) =>
  wanted === found ? null : `${found} of ${wanted} ${what}`;

/** What one entry of a batch can do to the others, and what an answer that names nothing can. */
export const OVERSIZED_MUTANTS: Mutants = {
  "unnamed-entries-taken-for-published": {
    what: "an answer of the bus without entries, {} or a mere count, is taken for all published",
    plant: () => ({
      putEvents: (right) => async (entries) => asTaken(await right(entries), entries.length),
    }),
  },
  "refused-call-fails-every-entry": {
    what: "a call that the bus refuses as a whole fails its ten events, and not the one that is too large",
    async hunt(isPlanted) {
      const { bus } = aCloud();
      const events = tenEvents("x".repeat(300_000));
      const entries = events.map((event) => ({
        detailType: ROUTE_TITLES[event.route],
        detail: JSON.stringify(event),
      }));
      if (isPlanted) {
        try {
          bus.putEvents(entries);
        } catch {
          // And so every one of them is given up.
        }
      } else await new MemoryEventPublisher(bus).publish(events);
      return missing("events are published", 9, bus.published.length);
    },
  },
  "texts-not-cut": {
    what: "a name is published as long as it is: its event is larger than the bus takes",
    async hunt(isPlanted) {
      const { bus } = aCloud();
      const events = tenEvents("x".repeat(300_000));
      const publisher = new MemoryEventPublisher(bus);
      await publisher.publish(isPlanted ? events : events.map(eventWithinLimits));
      return missing("events are published", 10, bus.published.length);
    },
  },
  "detail-not-escaped": {
    what: "U+FFFF stands in the detail as it is, and the queue behind the rule refuses the event",
    async hunt(isPlanted) {
      const { bus, routes } = aCloud();
      const publisher = new BusEventPublisher({
        sleep,
        putEvents: async (entries) =>
          bus.putEvents(
            isPlanted
              ? entries.map((one) => ({ ...one, detail: JSON.stringify(JSON.parse(one.detail)) }))
              : entries,
          ),
      });
      await publisher.publish(tenEvents("\uffff\ufffe\u007f"));
      return missing(
        "events reach the queue",
        10,
        routes.get("progressed")?.messages().length ?? 0,
      );
    },
  },
  "unnamed-message-taken-for-sent": {
    what: "a message that `Successful` does not name is taken for sent, since nothing failed",
    async hunt(isPlanted) {
      const { events } = aCloud();
      let calls = 0;
      const queue = new BatchEventQueue({
        sleep,
        async sendBatch(entries) {
          calls += 1;
          const { Successful } = sendBatchTo(events, calls === 1 ? entries.slice(1) : entries);
          return { Successful: isPlanted ? entries.map(({ Id }) => ({ Id })) : Successful };
        },
      });
      await queue.send(["1", "2", "3"].map(aPollEnvelope));
      return missing("messages are in the queue", 3, events.messages().length);
    },
  },
  "reason-holds-its-dead-letter": {
    what: "a reason that does not fit beside its message keeps it out of the dead-letter queue",
    async hunt(isPlanted) {
      const { deadLetters } = aCloud();
      const message = "m".repeat(QUEUE.maxMessageBytes - 20);
      const reason = "no room for this \u0000";
      try {
        if (isPlanted) deadLetters.send(message, { [QUEUE.reasonAttribute]: reason });
        else await new MemoryDeadLetters(deadLetters).send(message, reason);
      } catch {
        // As SQS refuses it: it goes back to the queue, and is refused again.
      }
      return missing("letters are there", 1, deadLetters.messages().length);
    },
  },
  "large-event-not-healed": {
    what: "the poller puts an event into the queue as large as it is, and no message can hold it",
    async hunt(isPlanted) {
      const { events, payloads } = aCloud();
      const envelopes: readonly Envelope[] = ["{}", "x".repeat(1_100_000)].map(aPollEnvelope);
      const queue = new MemoryEventQueue(events);
      if (isPlanted) await queue.send(envelopes);
      else await queueEnvelopes(envelopes, { queue, payloads, now: () => NOW });
      return missing("messages are in the queue", 2, events.messages().length);
    },
  },
};
