import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import {
  authorizationFor,
  inJsonbOrder,
  writeWebhook,
} from "../../../tools/alloy-simulator/webhook.ts";

const fixture = (name: string) => JSON.parse(readFileSync(`test/fixtures/${name}`, "utf8"));

describe("authorizationFor", () => {
  it("signs the bytes of the body with HMAC-SHA256 in bare base64", () => {
    const body = `{"type":"update:journeyapplications:sandbox","data":{"journey_name":"Zoë’s onboarding","timestamp":1760000000000}}`;

    const authorization = authorizationFor({ kind: "hmac", secret: "s3cr3t/with+odd=chars" }, body);

    // By `openssl dgst -sha256 -hmac … -binary | base64` and by Python's hmac, over the same bytes.
    expect(authorization).toBe("+YdlPk9H+Y6Zt7aLfvIiTO0Eg3MYNsvDVFNYSpB2QbA=");
  });

  it("sends username and password in UTF-8 with Basic", () => {
    const authorization = authorizationFor(
      { kind: "basic", username: "alloy", password: "pä:ss" },
      "{}",
    );

    expect(authorization).toBe("Basic YWxsb3k6cMOkOnNz");
  });

  it("sends nothing without authentication", () => {
    expect(authorizationFor({ kind: "none" }, "{}")).toBeNull();
  });
});

describe("inJsonbOrder", () => {
  it("orders keys by length, then by bytes, on every level", () => {
    const ordered = inJsonbOrder({ bb: 1, a: { zz: [{ yy: 1, x: 2 }], c: null }, aa: 2, Z: 3 });

    expect(JSON.stringify(ordered)).toBe(
      `{"Z":3,"a":{"c":null,"zz":[{"x":2,"yy":1}]},"aa":2,"bb":1}`,
    );
  });

  it("gives a retried webhook the order of the documented one", () => {
    const retried = fixture("other/completed_application-attempt-10.json");
    const { event, ...rest } = {
      event: fixture("events/completed_application.json").data,
      ...retried,
    };

    const body = writeWebhook({
      environment: "sandbox",
      requestToken: rest.request_token,
      sentAt: rest.timestamp,
      event,
      reread: true,
    });

    expect(body).toBe(JSON.stringify(retried));
  });
});

describe("writeWebhook", () => {
  it("writes the envelope of a first attempt in the documented order, compact", () => {
    const expected = fixture("events/started_application.json");

    const body = writeWebhook({
      environment: "sandbox",
      requestToken: expected.request_token,
      sentAt: expected.timestamp,
      event: expected.data,
      reread: false,
    });

    expect(body).toBe(JSON.stringify(expected));
  });

  it("names the live environment in type and description", () => {
    const body = writeWebhook({
      environment: "live",
      requestToken: "R",
      sentAt: 1,
      event: {},
      reread: false,
    });

    expect(JSON.parse(body)).toMatchObject({
      type: "update:journeyapplications:live",
      description: "Notify on live journey application status change",
    });
  });
});
