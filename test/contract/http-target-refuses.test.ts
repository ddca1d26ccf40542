import { expect, test } from "vitest";
import { EVENT, httpTarget } from "../support/http-target.ts";

test.each([301, 400, 403, 404, 410, 422])(
  "an HTTP target that answers %d has the event as a dead letter at once, with an alarm, and a redrive brings it",
  async (status) => {
    const target = await httpTarget((response, call) => {
      response.writeHead(call === 1 ? status : 200, { location: "https://example.com" }).end();
    });

    const { end, retries, attributes } = await target.deliver();

    expect([end, retries]).toEqual(["dead-lettered", 0]);
    expect(attributes).not.toHaveProperty("EXHAUSTED_RETRY_CONDITION");
    expect(target.hours()).toBe(0);
    expect(target.deadLetters()).toEqual([EVENT]);
    expect(Object.keys(target.rang())).toEqual(["target-failing-approved-core-banking"]);
    await target.redrive();
    expect(target.received).toHaveLength(2);
    expect(target.deadLetters()).toEqual([]);
  },
);
