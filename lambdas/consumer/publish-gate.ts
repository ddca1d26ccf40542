import type { EventPublisher } from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { errorOf } from "../domain/refusal.ts";
import { eventWithinLimits } from "../domain/within-limits.ts";
import { METRICS } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** The time of the batch was up before the event could be published. */
export class TooLate extends Error {
  override readonly name = "TooLate";
}

const UNNAMED = { kind: "transient", reason: "nothing was said of it" } as const;

interface Waiting {
  readonly event: PublishedEvent;
  readonly published: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Gathers what a batch publishes into one call of the bus.
 *
 * Every work of the batch arrives once, by `publish` or by `pass`; when the last one has, everything goes
 * out together, and each `publish` learns of its own event. A work that hangs would hold the others, so
 * `open` lets out who waits. Whoever comes later is refused: nothing goes out that might not end in time.
 */
export class PublishGate {
  readonly #publisher: EventPublisher;
  readonly #metrics: Metrics;
  readonly #isInTime: () => boolean;
  readonly #waiting: Waiting[] = [];
  #expected: number;
  #isOpen = false;

  /**
   * @param expected - how many works will arrive.
   * @param isInTime - whether what is published now can still be remembered: a sandbox that stood still wakes late.
   */
  constructor(
    publisher: EventPublisher,
    expected: number,
    metrics: Metrics,
    isInTime: () => boolean,
  ) {
    this.#publisher = publisher;
    this.#metrics = metrics;
    this.#isInTime = isInTime;
    this.#expected = expected;
  }

  /**
   * @throws TransientError when the bus did not take this event, PermanentError when it never will; TooLate when it
   * was not asked.
   */
  async publish(asked: PublishedEvent): Promise<void> {
    if (this.#isOpen) throw new TooLate();
    const event = eventWithinLimits(asked);
    if (event !== asked) this.#metrics.count(METRICS.eventsCut);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ event, published: resolve, failed: reject });
    this.#arrive();
    return promise;
  }

  /** For a work that publishes nothing. */
  pass(): void {
    this.#arrive();
  }

  /** Waits for nobody any more. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    if (this.#isInTime()) void this.#send(this.#waiting);
    else for (const { failed } of this.#waiting) failed(new TooLate());
  }

  #arrive(): void {
    this.#expected -= 1;
    if (this.#expected === 0) this.open();
  }

  async #send(together: readonly Waiting[]): Promise<void> {
    if (together.length === 0) return;
    try {
      const answers = await this.#publisher.publish(together.map(({ event }) => event));
      for (const [index, { published, failed }] of together.entries()) {
        // An answer that is too short does not say that the event was taken.
        const refusal = answers[index];
        if (refusal === null) published();
        else failed(errorOf("The bus did not take the event", refusal ?? UNNAMED));
      }
    } catch (error) {
      // Nobody knows what the bus took: every one is tried again, under its stable id.
      for (const { failed } of together) failed(error);
    }
  }
}
