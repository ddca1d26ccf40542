import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { GapAnnouncer } from "../../lambdas/domain/polling/polling-ports.ts";
import type { EventPublisher } from "../../lambdas/domain/ports.ts";
import { A_GAP_NOTICE } from "../support/gap-notice.ts";
import { aPublishedEvent } from "../support/records.ts";

/** An event as a rule's target gets it: EventBridge's own JSON. */
export interface HeardEvent {
  readonly id: string;
  readonly source: string;
  readonly "detail-type": string;
  readonly time: string;
  readonly detail: unknown;
}

/** A bus behind both of its ports, and an ear on it. */
export interface OpenBus {
  readonly publisher: EventPublisher;
  readonly gaps: GapAnnouncer;
  /** Waits until the bus has told of so many events; what was heard is not heard again. */
  readonly hear: (count: number) => Promise<readonly HeardEvent[]>;
  readonly close: () => Promise<void>;
}

const anEvent = (number: number) =>
  aPublishedEvent(
    { applicationToken: `JA-${number}`, type: "completed_application", outcome: "Approved" },
    "approved",
  );

/** The promises of `EventPublisher` and `GapAnnouncer`, for each of their implementations. */
export function describeBus(name: string, open: () => Promise<OpenBus>): void {
  describe(`The bus: ${name}`, () => {
    let bus: OpenBus;

    beforeAll(async () => {
      bus = await open();
      return () => bus.close();
    });

    beforeEach(async () => {
      await bus.hear(0);
    });

    test("tells of a published event under its route's title, as it was given", async () => {
      const event = anEvent(1);

      const answers = await bus.publisher.publish([event]);

      expect(answers).toEqual([null]);
      expect(await bus.hear(1)).toMatchObject([
        { source: "alloy.journeys", "detail-type": "Journey Application Approved", detail: event },
      ]);
    });

    test("stamps what it tells of in whole seconds, with an id of its own", async () => {
      await bus.publisher.publish([anEvent(2), anEvent(2)]);

      const heard = await bus.hear(2);
      expect(new Set(heard.map(({ id }) => id)).size).toBe(2);
      for (const { time } of heard) {
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
      }
    });

    test.each([
      ["answers for each of ten events", "Onboarding"],
      ["takes ten events that are too large for one call together", "n".repeat(50_000)],
    ])("%s", async (_, journeyName) => {
      const events = Array.from({ length: 10 }, (_one, index) => ({
        ...anEvent(index),
        journeyName,
      }));

      const answers = await bus.publisher.publish(events);

      expect(answers).toEqual(events.map(() => null));
      const heard = await bus.hear(10);
      expect(heard.map(({ detail }) => detail)).toEqual(expect.arrayContaining(events));
    });

    test("tells a queue of an event whose characters no queue takes", async () => {
      const event = { ...anEvent(1), journeyName: "a\u007f\u0085\ufffe\uffff\u0000 ä 𝄞" };

      const answers = await bus.publisher.publish([event]);

      expect(answers).toEqual([null]);
      expect(await bus.hear(1)).toMatchObject([{ detail: event }]);
    });

    test("tells of a gap under its title", async () => {
      await bus.gaps.announce([A_GAP_NOTICE]);

      expect(await bus.hear(1)).toMatchObject([
        {
          source: "alloy.journeys",
          "detail-type": "Journey Application Delivery Gap",
          detail: A_GAP_NOTICE,
        },
      ]);
    });
  });
}
