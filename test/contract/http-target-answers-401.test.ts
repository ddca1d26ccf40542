import { expect, test } from "vitest";
import { EVENT, httpTarget } from "../support/http-target.ts";

test.each([401, 407])(
  "an HTTP target that answers %d while its credential is wrong gets the event once the credential is right",
  async (status) => {
    const target = await httpTarget((response, _, nowMs) => {
      response.writeHead(nowMs < 7_200_000 ? status : 200).end();
    });

    const { end } = await target.deliver();

    expect(end).toBe("delivered");
    expect(target.hours()).toBeGreaterThanOrEqual(2);
    expect(Object.keys(target.rang())).toEqual(["target-retried-approved-core-banking"]);
    const basic = `Basic ${Buffer.from("alloy:right").toString("base64")}`;
    expect(new Set(target.received.map(({ authorization }) => authorization))).toEqual(
      new Set([basic]),
    );
  },
);

test("an HTTP target that answers 401 for longer than a day has the event as a dead letter, and then by a redrive", async () => {
  let status = 401;
  const target = await httpTarget((response) => response.writeHead(status).end());

  const { attributes } = await target.deliver();

  expect(attributes["ERROR_MESSAGE"]).toContain("401");
  expect(target.deadLetters()).toEqual([EVENT]);
  expect(target.rang()).toHaveProperty("target-failing-approved-core-banking");
  status = 200;
  await target.redrive();
  expect(target.deadLetters()).toEqual([]);
});
