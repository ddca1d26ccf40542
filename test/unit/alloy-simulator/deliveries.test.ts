import { describe, expect, it } from "vitest";

import type { WebhookAnswer } from "../../../tools/alloy-simulator/deliveries.ts";
import type { AlloyInTest } from "../../support/alloy-simulator.ts";
import { anAlloy, hang, respond, theScenario } from "../../support/alloy-simulator.ts";
import { SECOND, MINUTE, HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** The documented table: attempt by attempt, elapsed since the first. */
const ELAPSED = [0, 1 / 60, 1, 10, 30, 90, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE);

/** When the attempts came, since the first one. */
const elapsedOf = ({ received }: AlloyInTest) =>
  received.map(({ at }) => at - (received[0]?.at ?? 0));
const stateOf = ({ alloy }: AlloyInTest) => alloy.deliveries.log[0]?.state;
const answerOf = ({ alloy }: AlloyInTest) => alloy.deliveries.log[0]?.attempts[0]?.answer;

/** An Alloy that has raised one webhook, after so much time. @param ms - "all": until nothing is left to do. */
async function afterRaising(ms: number | "all", ...given: Parameters<typeof anAlloy>) {
  const world = anAlloy(...given);
  await world.raise(1);
  await (ms === "all" ? world.time.runAll() : world.time.advance(ms));
  return world;
}

describe("the schedule of attempts", () => {
  it("makes ten attempts over 24 hours and then none", async () => {
    const world = await afterRaising("all", {}, respond(503));

    expect(elapsedOf(world)).toEqual(ELAPSED);
    expect(stateOf(world)).toBe("exhausted");
  });

  it("is divided by the time scale", async () => {
    const world = await afterRaising("all", { timeScale: 600 }, respond(503));

    expect(elapsedOf(world)).toEqual(ELAPSED.map((elapsed) => Math.round(elapsed / 600)));
  });

  it.each([200, 201, 204])("ends with %i", async (status) => {
    const world = await afterRaising("all", {}, respond(status));

    expect(world.received).toHaveLength(1);
    expect(stateOf(world)).toBe("delivered");
  });

  it.each([301, 400, 401, 404, 413, 500])("goes on after %i", async (status) => {
    const world = await afterRaising(SECOND, {}, respond(status));

    expect(world.received).toHaveLength(2);
  });

  it("stops at the first success", async () => {
    const world = anAlloy();
    world.answerWith(() => Promise.resolve({ status: world.received.length < 4 ? 500 : 200 }));

    await world.raise(1);
    await world.time.runAll();

    expect(world.received).toHaveLength(4);
  });

  it("takes a broken connection for a failure and keeps what was wrong", async () => {
    const world = anAlloy();
    world.answerWith(() => Promise.reject(new Error("connect ECONNREFUSED")));

    await world.raise(1);

    expect(answerOf(world)).toEqual({ failure: "connect ECONNREFUSED" });
  });

  it("gives a request up after ten real seconds, whatever the time scale, and lets go of it", async () => {
    const world = anAlloy({ timeScale: 600 });
    let signal: AbortSignal | undefined;
    world.answerWith((_webhook, request) => {
      signal ??= request.signal;
      return hang();
    });

    await world.raise(1);
    await world.time.advance(9_999);
    expect(signal?.aborted).toBe(false);
    await world.time.advance(1);

    expect(signal?.aborted).toBe(true);
    expect(answerOf(world)).toEqual({ failure: "no answer within 10000 ms" });
    // Attempt 2 was due meanwhile.
    expect(world.received).toHaveLength(2);
  });

  it("gives up earlier when it is told to", async () => {
    const world = await afterRaising(50, { attemptLimitMs: 50 }, hang);

    expect(world.alloy.deliveries.log[0]?.attempts[0]?.endedAt).toBe(world.time.now());
  });
});

describe("what an attempt sends", () => {
  it("stamps the envelope anew and leaves the event as it was", async () => {
    const world = await afterRaising(MINUTE, {}, respond(500));

    const [first, second, third] = world.received.map(({ envelope }) => envelope);
    expect(second?.timestamp).toBe((first?.timestamp ?? 0) + SECOND);
    expect(third?.timestamp).toBe((first?.timestamp ?? 0) + MINUTE);
    expect(second?.data).toEqual(first?.data);
    expect(third?.data).toEqual(first?.data);
  });

  it("changes the order of keys, and with it the signature, on retries only", async () => {
    const world = await afterRaising(
      SECOND,
      { credential: { kind: "hmac", secret: "shared" } },
      respond(500),
    );

    const [first, second] = world.received;
    expect(Object.keys(first?.envelope ?? {})).toEqual([
      "request_token",
      "timestamp",
      "type",
      "description",
      "data",
    ]);
    expect(Object.keys(second?.envelope ?? {})).toEqual([
      "data",
      "type",
      "timestamp",
      "description",
      "request_token",
    ]);
    expect(Object.keys(second?.envelope.data ?? {}).slice(0, 2)).toEqual(["type", "_links"]);
    expect(second?.authorization).not.toBe(first?.authorization);
  });

  it("has a request_token of its own, or the event's when it is told so", async () => {
    const perAttempt = anAlloy({}, respond(500));
    const perEvent = anAlloy({ requestTokenPer: "event" }, respond(500));

    for (const world of [perAttempt, perEvent]) {
      await world.raise(1);
      await world.time.runAll();
    }

    const tokens = (world: typeof perEvent) =>
      new Set(world.received.map(({ envelope }) => envelope.request_token)).size;
    expect([tokens(perAttempt), tokens(perEvent)]).toEqual([10, 1]);
  });

  it("carries journey_application_event_token only when it is told to", async () => {
    const plain = anAlloy();
    const telling = anAlloy({ sendsEventToken: true });

    await plain.raise(1);
    await telling.raise(1);

    const tokenIn = (world: typeof plain) =>
      world.received[0]?.envelope.data["journey_application_event_token"];
    expect(tokenIn(plain)).toBeUndefined();
    expect(tokenIn(telling)).toBe(telling.alloy.deliveries.log[0]?.eventToken);
  });
});

describe("priority", () => {
  it("sends new events before retries that were due earlier", async () => {
    const world = anAlloy({ concurrency: 1 });
    const blocked = Promise.withResolvers<WebhookAnswer>();
    world.answerWith(respond(500));
    await world.raise(1);
    const [retried] = world.received;
    world.answerWith(() => blocked.promise);
    await world.raise(1);

    await world.time.advance(2 * SECOND); // The first event's retry falls due and queues.
    await world.raise(1); // A new one comes after it.
    world.answerWith(respond(200));
    blocked.resolve({ status: 200 });
    await world.time.advance(0);

    const events = world.received.map(({ envelope }) => envelope.data["journey_application_token"]);
    expect(events).toHaveLength(4);
    expect(events[3]).toBe(retried?.envelope.data["journey_application_token"]);
    expect(new Set(events.slice(0, 3)).size).toBe(3);
  });

  it("has no more requests under way than it may", async () => {
    const world = anAlloy({ concurrency: 3 }, hang);

    await world.raise(8);

    expect(world.received).toHaveLength(3);
  });
});

describe("the switch-off", () => {
  it("comes with the hundredth failure in a row and drops what is raised from then on", async () => {
    const world = anAlloy({ concurrency: 1_000 }, respond(500));

    await world.raise(99);
    expect(world.alloy.deliveries.isActive()).toBe(true);
    await world.raise(1);
    expect(world.alloy.deliveries.isActive()).toBe(false);
    await world.raise(5);

    expect(world.received).toHaveLength(100);
    expect(world.alloy.deliveries.log.slice(100).map(({ state }) => state)).toEqual(
      Array.from({ length: 5 }, () => "dropped"),
    );
  });

  it("is put off by one success", async () => {
    const world = anAlloy({ concurrency: 1_000 }, respond(500));
    await world.raise(99);
    world.answerWith(respond(200));
    await world.raise(1);
    world.answerWith(respond(500));

    await world.raise(99);

    expect(world.alloy.deliveries.isActive()).toBe(true);
  });

  it("does not come when the hundred failures take longer than 72 hours", async () => {
    const world = anAlloy({}, respond(500));

    // Ten failures a day, one event at a time: the hundredth comes on the tenth day.
    for (let day = 0; day < 11; day += 1) {
      await world.raise(1);
      await world.time.advance(25 * HOUR);
    }

    expect(world.received).toHaveLength(110);
    expect(world.alloy.deliveries.isActive()).toBe(true);
  });

  it("measures its 72 hours in scaled time", async () => {
    const world = anAlloy({ timeScale: 600 }, respond(500));

    for (let day = 0; day < 11; day += 1) {
      await world.raise(1);
      await world.time.advance((25 * HOUR) / 600);
    }

    expect(world.alloy.deliveries.isActive()).toBe(true);
  });

  it("drops retries that fall due while it lasts, and lives again when somebody switches it on", async () => {
    const world = anAlloy({ concurrency: 1_000 }, respond(500));
    await world.raise(100);

    await world.time.advance(SECOND);
    expect(world.received).toHaveLength(100);
    expect(world.alloy.deliveries.log.every(({ state }) => state === "dropped")).toBe(true);
    world.alloy.deliveries.setActive(true);
    await world.raise(1); // Fails once more: the count has begun anew.
    expect(world.alloy.deliveries.isActive()).toBe(true);
    world.answerWith(respond(200));
    await world.time.advance(SECOND);

    expect(world.received).toHaveLength(102);
    expect(world.alloy.deliveries.log.at(-1)?.state).toBe("delivered");
  });
});

it("the Test Webhook button sends an envelope without data, once, and counts nothing", async () => {
  const world = anAlloy({}, respond(500));

  const answer = await world.alloy.deliveries.sendTest();

  expect(answer).toEqual({ status: 500 });
  expect(Object.keys(world.received[0]?.envelope ?? {})).toEqual([
    "request_token",
    "timestamp",
    "type",
    "description",
  ]);
  expect(world.alloy.deliveries.log).toEqual([]);
  expect(world.alloy.deliveries.failuresInARow()).toBe(0);
});

describe("stop", () => {
  it("cancels every timer and aborts every request", async () => {
    const world = anAlloy();
    const signals: AbortSignal[] = [];
    world.answerWith((_webhook, request) => {
      signals.push(request.signal);
      return hang();
    });
    await world.raise(2);

    world.alloy.stop();
    await world.time.runAll();

    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(world.received).toHaveLength(2);
    expect(world.time.timers()).toBe(0);
  });

  it("tells who waits for a scenario that it will not end", async () => {
    const world = anAlloy();
    const playing = world.alloy.play(theScenario("manual-review-then-approved"));
    await world.time.advance(SECOND);

    world.alloy.stop();

    await expect(playing).rejects.toThrow(/stopped before JA-\w+ came to rest/);
  });
});
