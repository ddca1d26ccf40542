import { TransientError } from "../domain/errors.ts";
import type { EventPublisher } from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/published-event.ts";

interface Waiting {
  readonly event: PublishedEvent;
  readonly published: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Gathers what a batch publishes into one call of the bus.
 *
 * Every work of the batch must arrive exactly once, by `publish` or by `pass`; when the last one has,
 * everything goes out together, and each `publish` learns of its own event.
 */
export class PublishGate {
  readonly #publisher: EventPublisher;
  readonly #waiting: Waiting[] = [];
  #expected: number;

  /** @param expected - how many works will arrive. */
  constructor(publisher: EventPublisher, expected: number) {
    this.#publisher = publisher;
    this.#expected = expected;
  }

  /** @throws TransientError when the bus did not take this event. */
  async publish(event: PublishedEvent): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ event, published: resolve, failed: reject });
    this.#arrive();
    return promise;
  }

  /** For a work that publishes nothing. */
  pass(): void {
    this.#arrive();
  }

  #arrive(): void {
    this.#expected -= 1;
    if (this.#expected === 0 && this.#waiting.length > 0) void this.#flush();
  }

  async #flush(): Promise<void> {
    try {
      const answers = await this.#publisher.publish(this.#waiting.map(({ event }) => event));
      for (const [index, { published, failed }] of this.#waiting.entries()) {
        const refusal = answers[index] ?? null;
        if (refusal === null) published();
        else failed(new TransientError(`The bus did not take the event: ${refusal}`));
      }
    } catch (error) {
      // Nobody knows what the bus took: every one is tried again, under its stable id.
      for (const { failed } of this.#waiting) failed(error);
    }
  }
}
