import { expect, test } from "vitest";
import { EVENT, httpTarget } from "../support/http-target.ts";

test("an HTTP target that answers 429 is not called again before its Retry-After", async () => {
  const target = await httpTarget((response, call) => {
    if (call === 1) response.writeHead(429, { "retry-after": "1800" }).end();
    else response.writeHead(200).end();
  });

  const { end, retries } = await target.deliver();

  expect([end, retries]).toEqual(["delivered", 1]);
  expect(target.received.map(({ atMs }) => atMs)).toEqual([0, 1_800_000]);
});

test("EventBridge's own backoff counts where Retry-After is shorter, or is no number of seconds", async () => {
  const target = await httpTarget((response, call) => {
    if (call < 4) response.writeHead(429, { "retry-after": call === 2 ? "soon" : "0" }).end();
    else response.writeHead(200).end();
  });

  await target.deliver();

  expect(target.received.map(({ atMs }) => atMs)).toEqual([0, 1_000, 3_000, 7_000]);
});

test.each(["-1", "100000"])(
  "a Retry-After of %s leaves the event as a dead letter, with an alarm, and a redrive brings it",
  async (retryAfter) => {
    const target = await httpTarget((response, call) => {
      if (call === 1) response.writeHead(429, { "retry-after": retryAfter }).end();
      else response.writeHead(200).end();
    });

    const { end } = await target.deliver();

    expect(end).toBe("dead-lettered");
    expect(target.deadLetters()).toEqual([EVENT]);
    expect(target.rang()).toHaveProperty("target-failing-approved-core-banking");
    await target.redrive();
    expect(target.deadLetters()).toEqual([]);
  },
);
