import { describe, expect, test } from "vitest";

import { decisionBody } from "../../../lambdas/domain/application/decision.ts";
import type { Decision } from "../../../lambdas/domain/application/decision.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { aConsumer } from "../../support/consumer.ts";
import { aDecision } from "../../support/decisions.ts";

const first = aDecision("first");
const second = aDecision("second", "first");

/** A consumer of a stage with decisions, of which the bus takes nothing while it is out. */
function aDecidingConsumer() {
  const bus = { isOut: false };
  const published: PublishedEvent[] = [];
  const publisher = {
    async publish(events: readonly PublishedEvent[]) {
      if (bus.isOut) throw new TransientError("the bus is out");
      published.push(...events);
      return events.map(() => null);
    },
  };
  const { copy, ...consumer } = aConsumer({ settings: { decides: true }, publisher });
  const decide = (decision: Decision) => copy(decisionBody(decision));
  const chain = () =>
    published.map(({ eventId, sequence, late, decision }) => ({
      eventId,
      previous: decision?.previous,
      sequence,
      late,
    }));
  return { ...consumer, bus, published, decide, chain };
}

describe("decisions of one application", () => {
  test("are published in turn, and each names the one before", async () => {
    const { decide, chain } = aDecidingConsumer();

    await decide(first);
    await decide(second);
    await decide(first);

    expect(chain()).toEqual([
      { eventId: "first", previous: null, sequence: 1, late: false },
      { eventId: "second", previous: "first", sequence: 2, late: false },
    ]);
  });

  test("one that the bus refused is published late, when the next one names it already", async () => {
    const { bus, decide, chain } = aDecidingConsumer();
    bus.isOut = true;
    await decide(first);
    bus.isOut = false;
    await decide(second);

    await decide(first);
    await decide(first);

    expect(chain()).toEqual([
      { eventId: "second", previous: "first", sequence: 2, late: false },
      { eventId: "first", previous: null, sequence: 1, late: true },
    ]);
  });

  test("one that was compared with a decision that is over is left to the poller, which asks again", async () => {
    const { decide, chain } = aDecidingConsumer();
    await decide(first);

    await decide(aDecision("other"));
    await decide(aDecision("after-other", "other"));

    expect(chain()).toEqual([{ eventId: "first", previous: null, sequence: 1, late: false }]);
  });

  test("two that cross in two batches make one chain, whichever comes first", async () => {
    const { faults, decide, chain } = aDecidingConsumer();
    // Both find that nothing is decided yet.
    faults.on("readState", async (read) => {
      const state = await read();
      return state && { ...state, decided: null };
    });

    await decide(aDecision("other"));
    await decide(first);

    expect(chain()).toEqual([{ eventId: "other", previous: null, sequence: 1, late: false }]);
  });
});
