import { describe, expect, test } from "vitest";

import type { Deliveries } from "../../lambdas/domain/polling/polling-ports.ts";

const MINUTE = 60_000;
const NOW = 1_760_000_040_000;

/** What is to be read back. */
export interface GivenDeliveries {
  /** Answers to webhooks: by which status, at which time. */
  readonly answers: readonly { readonly status: number; readonly at: number }[];
  /** When each message that is in the queue was sent; `now` is the time at which it is asked. */
  readonly queued: readonly number[];
  readonly now: number;
}

/** The promises of `Deliveries`, for each of its implementations. */
export function describeDeliveries(
  name: string,
  open: (given: GivenDeliveries) => Deliveries,
): void {
  describe(`Deliveries: ${name}`, () => {
    const answer = (status: number, minutesAgo: number) => ({
      status,
      at: NOW - minutesAgo * MINUTE + 1,
    });
    const none = { accepted: 0, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0 };

    const record = (given: Partial<GivenDeliveries>) =>
      open({ answers: [], queued: [], now: NOW, ...given }).record(NOW - 60 * MINUTE, NOW);

    test("sums answers by the minute, oldest first, each by what was answered", async () => {
      const [accepted, refused, failed] = [answer(200, 1), answer(401, 3), answer(503, 1)];

      const { minutes } = await record({ answers: [accepted, refused, accepted, failed, refused] });

      expect(minutes).toEqual([
        { ...none, at: NOW - 3 * MINUTE, credentials: 2, alloyRefused: 2 },
        { ...none, at: NOW - MINUTE, accepted: 2, faults: 1, alloyRefused: 1 },
      ]);
    });

    test("looks no further back than it is asked to", async () => {
      const { minutes } = await record({ answers: [answer(200, 61), answer(200, 59)] });

      expect(minutes).toEqual([{ ...none, at: NOW - 59 * MINUTE, accepted: 1 }]);
    });

    test("says how many messages are in the queue, and since when the oldest", async () => {
      expect(await record({ queued: [NOW - MINUTE, NOW - 10 * MINUTE] })).toEqual({
        minutes: [],
        queued: 2,
        oldestQueuedAt: NOW - 10 * MINUTE,
      });
    });

    test("knows of no oldest message when the queue is empty", async () => {
      expect(await record({})).toMatchObject({ queued: 0, oldestQueuedAt: null });
    });
  });
}
