import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { afterEach, describe, expect, it } from "vitest";
import { startFront } from "../../../tools/in-process/front.ts";

type Front = Awaited<ReturnType<typeof startFront>>;

describe("the front of the handlers in this process", () => {
  let front: Front | undefined;
  afterEach(() => front?.stop());

  /** A front before an ingest that answers so, with what that was given and what was noted. */
  async function open(answer: () => object = () => ({ statusCode: 200, body: "{}" })) {
    const events: APIGatewayProxyEventV2[] = [];
    const answered: number[] = [];
    const failures: unknown[] = [];
    front = await startFront({
      port: 0,
      ingest: async (event) => {
        events.push(event);
        return answer();
      },
      onAnswered: (statusCode) => answered.push(statusCode),
      onFailure: (error) => failures.push(error),
    });
    const url = front.webhookUrl;
    const post = (init: RequestInit = {}, query = "") =>
      fetch(`${url}${query}`, { method: "POST", ...init });
    return { url, post, events, answered, failures };
  }

  const json = { "content-type": "application/json" };

  it("hands a request over in payload format 2.0", async () => {
    const { post, events } = await open();

    const response = await post(
      { headers: { ...json, Authorization: "Basic x" }, body: '{"ä":1}' },
      "?a=1",
    );

    expect(response.status).toBe(200);
    expect(await response.text()).toBe("{}");
    expect(events).toMatchObject([
      {
        version: "2.0",
        routeKey: "POST /webhooks/alloy",
        rawPath: "/webhooks/alloy",
        rawQueryString: "a=1",
        headers: { authorization: "Basic x", "content-type": "application/json" },
        requestContext: { http: { method: "POST", sourceIp: "127.0.0.1" }, stage: "$default" },
        body: '{"ä":1}',
        isBase64Encoded: false,
      },
    ]);
  });

  it("names each request anew", async () => {
    const { post, events } = await open();

    await post();
    await post();

    const [first, second] = events.map(({ requestContext }) => requestContext.requestId);
    expect(first).not.toBe(second);
    expect(events[0]).not.toHaveProperty("body");
    expect(events[0]?.isBase64Encoded).toBe(false);
  });

  it.each([
    ["another content type", "application/octet-stream", Buffer.from("text")],
    ["no text whatever its type says", "application/json", Buffer.from([0x7b, 0xff])],
  ])("encodes %s as base64", async (_, contentType, body) => {
    const { post, events } = await open();

    await post({ headers: { "content-type": contentType }, body });

    expect(events).toMatchObject([{ body: body.toString("base64"), isBase64Encoded: true }]);
  });

  it("joins headers of one name, as API Gateway does", async () => {
    const { url, events } = await open();

    const headers = { Authorization: ["one", "two"] };
    const [response] = await once(request(url, { method: "POST", headers }).end(), "response");
    await text(response);

    expect(events[0]?.headers["authorization"]).toBe("one,two");
  });

  it("passes the handler's status, headers and body on, and notes the status", async () => {
    const answer = { statusCode: 503, headers: { "retry-after": "1" }, body: "{}" };
    const { post, answered } = await open(() => answer);

    const response = await post();

    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(answered).toEqual([503]);
  });

  it("answers 500 when the handler throws, and tells of it", async () => {
    const broken = new Error("broken");
    const { post, answered, failures } = await open(() => {
      throw broken;
    });

    const response = await post();

    expect(response.status).toBe(500);
    expect(answered).toEqual([500]);
    expect(failures).toEqual([broken]);
  });

  it("answers 413 to what no invocation can carry", async () => {
    const { post, events } = await open();

    const response = await post({ headers: json, body: "x".repeat(6_291_456) });

    expect(response.status).toBe(413);
    expect(events).toEqual([]);
  });

  it.each([
    ["GET", "/webhooks/alloy"],
    ["PUT", "/webhooks/alloy"],
    ["PATCH", "/webhooks/alloy"],
    ["DELETE", "/webhooks/alloy"],
    ["POST", "/webhooks/alloy/"],
    ["POST", "/"],
  ])("answers 404 to %s %s, and does not note it", async (method, path) => {
    const { url, events, answered } = await open();

    const response = await fetch(new URL(path, url), { method });

    expect(response.status).toBe(404);
    expect([events, answered]).toEqual([[], []]);
  });
});
