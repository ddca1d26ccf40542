import { describe, expect, it } from "vitest";

import type { WebhookAnswer, WebhookRequest } from "../../../tools/alloy-simulator/deliveries.ts";
import { makeWebhookFaults } from "../../../tools/alloy-simulator/webhook-faults.ts";

/** An endpoint that takes everything, and a clock that a test moves on. */
function anEndpoint() {
  const came: WebhookRequest[] = [];
  const tasks: (() => void)[] = [];
  const faults = makeWebhookFaults(
    async (request): Promise<WebhookAnswer> => {
      came.push(request);
      return { status: 200 };
    },
    (_, task) => {
      tasks.push(task);
      return () => undefined;
    },
  );
  return {
    faults,
    came,
    bodies: () => came.map(({ body }) => body),
    /** Lets all waits end, those too that begin meanwhile. */
    passTime: async (): Promise<void> => {
      for (let round = 0; round < 10; round += 1) {
        await Promise.resolve();
        for (const task of tasks.splice(0)) task();
      }
    },
  };
}

function aWebhook(body: string): WebhookRequest {
  return {
    headers: { authorization: "Basic right" },
    body,
    signal: new AbortController().signal,
  };
}

describe("a webhook on its way", () => {
  it("comes as it was sent while no fault is on", async () => {
    const { faults, came } = anEndpoint();

    const webhook = aWebhook("a");
    expect(await faults.deliver(webhook)).toEqual({ status: 200 });
    expect(came).toEqual([webhook]);
  });

  it("reaches nobody in an outage, and Alloy gets no answer", async () => {
    const { faults, came } = anEndpoint();
    faults.set("outage", true);

    expect(await faults.deliver(aWebhook("a"))).toHaveProperty("failure");
    expect(came).toEqual([]);
  });

  it("is there at a slow endpoint, whose answer comes too late", async () => {
    const { faults, bodies, passTime } = anEndpoint();
    faults.set("slow", true);

    const answer = faults.deliver(aWebhook("a"));
    await passTime();

    expect(bodies()).toEqual(["a"]);
    expect(await answer).toHaveProperty("failure");
  });

  it("comes three times as a duplicate", async () => {
    const { faults, bodies } = anEndpoint();
    faults.set("duplicates", true);

    expect(await faults.deliver(aWebhook("a"))).toEqual({ status: 200 });
    expect(bodies()).toEqual(["a", "a", "a"]);
  });

  it("comes before the ones that were sent before it when the order is turned round", async () => {
    const { faults, bodies, passTime } = anEndpoint();
    faults.set("reordering", true);

    const answers = ["a", "b", "c"].map((body) => faults.deliver(aWebhook(body)));
    expect(bodies()).toEqual([]);
    await passTime();
    await Promise.all(answers);

    expect(bodies()).toEqual(["c", "b", "a"]);
  });

  it("carries another credential with a wrong secret, and the same body", async () => {
    const { faults, came } = anEndpoint();
    faults.set("wrong-secret", true);

    await faults.deliver(aWebhook("a"));

    expect(came).toMatchObject([{ body: "a" }]);
    expect(came[0]?.headers["authorization"]).not.toBe("Basic right");
  });

  it("meets several faults at once, and none that was switched off again", async () => {
    const { faults, bodies, passTime } = anEndpoint();
    for (const fault of ["outage", "duplicates", "reordering"] as const) faults.set(fault, true);
    faults.set("outage", false);

    const answers = ["a", "b"].map((body) => faults.deliver(aWebhook(body)));
    await passTime();
    await Promise.all(answers);

    expect(bodies()).toEqual(["b", "b", "b", "a", "a", "a"]);
  });
});
