import { PROBE } from "../../lambdas/settings/probe.ts";
import type {
  AnsweredMinute,
  DeliveryRecord,
} from "../../lambdas/domain/reconciliation/delivery.ts";
import type { Deliveries } from "../../lambdas/domain/polling/polling-ports.ts";
import type { MemoryQueue } from "./queue.ts";

const MINUTE = 60_000;

/** `Deliveries` in memory: by the answers that were given, minute by minute, and by the queue itself. */
export class MemoryDeliveries implements Deliveries {
  readonly #queue: MemoryQueue;
  readonly #minutes = new Map<number, AnsweredMinute>();

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  /** Notes what a webhook was answered. @param at - epoch milliseconds. */
  note(statusCode: number, at: number): void {
    // Ingest counts no probe.
    if (statusCode === PROBE.status) return;
    const minute = at - (at % MINUTE);
    const kind = kindOf(statusCode);
    const none = {
      at: minute,
      accepted: 0,
      credentials: 0,
      addresses: 0,
      faults: 0,
      alloyRefused: 0,
    };
    const before = this.#minutes.get(minute) ?? none;
    // Nobody but Alloy calls here.
    const alloyRefused = before.alloyRefused + (kind === "accepted" ? 0 : 1);
    this.#minutes.set(minute, { ...before, alloyRefused, [kind]: before[kind] + 1 });
  }

  async record(from: number, now: number): Promise<DeliveryRecord> {
    return {
      minutes: [...this.#minutes.values()]
        .filter(({ at }) => at > from - MINUTE && at < now)
        .sort((one, other) => one.at - other.at),
      oldestQueuedAt: this.#queue.oldestSentAt(),
      queued: this.#queue.messages().length,
    };
  }
}

function kindOf(statusCode: number): Exclude<keyof AnsweredMinute, "at" | "alloyRefused"> {
  if (statusCode === 200) return "accepted";
  if (statusCode === 401) return "credentials";
  return statusCode === 403 ? "addresses" : "faults";
}
