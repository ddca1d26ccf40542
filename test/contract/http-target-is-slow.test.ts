import { expect, test } from "vitest";
import { EVENT, httpTarget } from "../support/http-target.ts";

test("an HTTP target that does not answer within five seconds gets the event again, and it is not lost", async () => {
  const target = await httpTarget((response, call) => {
    if (call === 3) response.writeHead(200).end();
  });

  const { end, retries } = await target.deliver();

  expect([end, retries]).toEqual(["delivered", 2]);
  // The endpoint had it each time: it deduplicates by eventId.
  expect(target.received.map(({ body }) => body)).toEqual([EVENT, EVENT, EVENT]);
  expect(target.deadLetters()).toEqual([]);
});
