import { jsonForSqs } from "../domain/event/envelope.ts";
import { PermanentError, TransientError } from "../domain/errors.ts";
import type { GapNotice, InvestigationGapNotice } from "../domain/routing/gap-notice.ts";
import type { GapAnnouncer } from "../domain/polling/polling-ports.ts";
import { xRayOf } from "../domain/event/trace-context.ts";
import type { EventPublisher } from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/routing/published-event.ts";
import type { Refusal } from "../domain/refusal.ts";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_TITLES,
} from "../settings/routes.ts";
import { putEach } from "./put-events.ts";
import type { PutEvents } from "./put-events.ts";

/** `EventPublisher` on a bus, of EventBridge or its double in memory. */
export class BusEventPublisher implements EventPublisher {
  readonly #bus: PutEvents;

  constructor(bus: PutEvents) {
    this.#bus = bus;
  }

  async publish(events: readonly PublishedEvent[]): Promise<readonly (Refusal | null)[]> {
    const entries = events.map((event) => ({
      detailType: ROUTE_TITLES[event.route],
      detail: jsonForSqs(event),
      ...(event.traceparent && { traceHeader: xRayOf(event.traceparent) }),
    }));
    return putEach(entries, this.#bus);
  }
}

/** `GapAnnouncer` on a bus, of EventBridge or its double in memory. */
export class BusGapAnnouncer implements GapAnnouncer {
  readonly #bus: PutEvents;

  constructor(bus: PutEvents) {
    this.#bus = bus;
  }

  async announce(notices: readonly (GapNotice | InvestigationGapNotice)[]): Promise<void> {
    const entries = notices.map((notice) => ({
      detailType:
        "investigationToken" in notice ? INVESTIGATION_GAP_DETAIL_TYPE : DELIVERY_GAP_DETAIL_TYPE,
      detail: jsonForSqs(notice),
    }));
    const refusals = (await putEach(entries, this.#bus)).filter((one) => one !== null);
    if (refusals.length === 0) return;
    const reasons = refusals.map(({ reason }) => reason).join(", ");
    const sentence = `The bus did not take a delivery gap: ${reasons}.`;
    throw refusals.every(({ kind }) => kind === "permanent")
      ? new PermanentError(sentence)
      : new TransientError(sentence);
  }
}
