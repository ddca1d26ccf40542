import { expect, test } from "vitest";
import { EVENT, httpTarget } from "../support/http-target.ts";

test("an HTTP target that is down for an hour gets the event when it is up, and somebody is paged in between", async () => {
  const target = await httpTarget((response, _, nowMs) => {
    response.writeHead(nowMs < 3_600_000 ? 503 : 200).end();
  });

  const { end } = await target.deliver();

  expect(end).toBe("delivered");
  expect(target.received.at(-1)?.body).toBe(EVENT);
  expect(target.deadLetters()).toEqual([]);
  const { "target-retried-approved-core-banking": retried, ...others } = target.rang();
  expect(retried).toBeLessThanOrEqual(45);
  expect(others).toEqual({});
});

test("an HTTP target that is down for two days loses nothing: a dead letter, a page, and a redrive", async () => {
  let isUp = false;
  const target = await httpTarget((response) => {
    if (isUp) response.writeHead(202).end();
    else response.destroy();
  });

  const { end, attributes } = await target.deliver();

  expect(end).toBe("dead-lettered");
  expect(attributes).toMatchObject({
    EXHAUSTED_RETRY_CONDITION: expect.stringMatching(/^Maximum/),
  });
  expect(target.hours()).toBeLessThanOrEqual(24);
  expect(target.hours()).toBeGreaterThan(20);
  expect(target.deadLetters()).toEqual([EVENT]);
  expect(Object.keys(target.rang()).toSorted()).toEqual([
    "target-failing-approved-core-banking",
    "target-retried-approved-core-banking",
  ]);

  isUp = true;
  await target.redrive();

  expect(JSON.parse(target.received.at(-1)?.body ?? "")).toMatchObject({
    ...JSON.parse(EVENT),
    detail: { eventId: "e1", replay: { reason: "redrive" } },
  });
  expect(target.deadLetters()).toEqual([]);
});
