import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";

import type { EventPublisher } from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { EVENT_SOURCE, ROUTE_TITLES } from "../settings.ts";
import { translateAwsError } from "./aws-error.ts";

/** What one `PutEvents` takes. */
const ENTRIES_PER_CALL = 10;

/** Calls for the entries that the bus refused; it refuses entries one by one, mostly by throttling. */
const ATTEMPTS = 3;

/** `EventPublisher` on an EventBridge bus. */
export class EventBridgePublisher implements EventPublisher {
  readonly #client: EventBridgeClient;
  readonly #busName: string;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(options: {
    readonly client: EventBridgeClient;
    readonly busName: string;
    readonly sleep: (ms: number) => Promise<void>;
  }) {
    this.#client = options.client;
    this.#busName = options.busName;
    this.#sleep = options.sleep;
  }

  async publish(events: readonly PublishedEvent[]): Promise<readonly (string | null)[]> {
    const results: (string | null)[] = events.map(() => "not tried");
    let open = events.map((_, index) => index);
    for (let attempt = 1; attempt <= ATTEMPTS && open.length > 0; attempt += 1) {
      // Doubling from 100 ms: the whole stays below a second of the function's thirty.
      if (attempt > 1) await this.#sleep(100 * 2 ** (attempt - 2));
      for (let start = 0; start < open.length; start += ENTRIES_PER_CALL) {
        const chunk = open.slice(start, start + ENTRIES_PER_CALL);
        const answers = await this.#put(chunk.map((index) => events[index]).filter(isPresent));
        for (const [position, index] of chunk.entries()) {
          results[index] = answers[position] ?? null;
        }
      }
      open = open.filter((index) => results[index] !== null);
    }
    return results;
  }

  async #put(events: readonly PublishedEvent[]): Promise<readonly (string | null)[]> {
    try {
      const { Entries = [] } = await this.#client.send(
        new PutEventsCommand({
          Entries: events.map((event) => ({
            EventBusName: this.#busName,
            Source: EVENT_SOURCE,
            DetailType: ROUTE_TITLES[event.route],
            Resources: [],
            Detail: JSON.stringify(event),
          })),
        }),
      );
      return events.map((_, index) => Entries[index]?.ErrorCode ?? null);
    } catch (error) {
      throw translateAwsError("Publishing events", error);
    }
  }
}

function isPresent<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}
