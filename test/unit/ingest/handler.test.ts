import { describe, expect, it } from "vitest";

import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { PROBE } from "../../../lambdas/settings/probe.ts";
import { aRequest, anIngest, basicOf, DEFECT, postTo, signatureOf } from "../../support/ingest.ts";

describe("ingest", () => {
  it("answers 200 and puts one envelope into the queue", async () => {
    const { answer, ...ingest } = await postTo({}, { body: `{"any":"thing"}`, requestId: "R-1" });

    expect(answer).toEqual({
      statusCode: 200,
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(ingest.messages.map((message) => JSON.parse(message))).toEqual([
      {
        v: 1,
        kind: "webhook",
        receiptId: "R-1",
        receivedAt: ingest.now(),
        body: `{"any":"thing"}`,
        payloadKey: null,
        sourceIp: "52.7.221.27",
      },
    ]);
    expect(ingest.counted("WebhooksReceived")).toBe(1);
  });

  it("takes a signature over the raw bytes", async () => {
    const secret = { hmac: ["the old key of HMAC", "the new key of HMAC"] };
    const body = `{"name":"Zoë"}`;

    const { answer } = await postTo(
      { secret },
      { body, authorization: signatureOf("the new key of HMAC", body) },
    );

    expect(answer.statusCode).toBe(200);
  });

  it("writes one line for a webhook it has stored", async () => {
    const { lines } = await postTo({});

    expect(lines).toHaveLength(1);
  });

  it("answers 401 without detail, stores nothing and counts", async () => {
    const { answer, ...ingest } = await postTo({}, { authorization: basicOf("alloy", "wrong") });

    expect(answer.statusCode).toBe(401);
    expect(answer.headers).toHaveProperty("www-authenticate");
    expect(answer.body).toBe("{}");
    expect(ingest.messages).toEqual([]);
    expect(ingest.counted("CredentialsRejected")).toBe(1);
    expect(ingest.counted("CredentialsMissing")).toBe(0);
  });

  it.each([
    ["no credential is configured", { secret: { basic: [], hmac: [] } }, false],
    ["the secret is malformed", { secretText: "alloy:secret" }, true],
  ])("fails closed when %s, and counts that too", async (_, options, isMalformed) => {
    const { answer, ...ingest } = await postTo(options);

    expect(answer.statusCode).toBe(401);
    expect(ingest.messages).toEqual([]);
    expect(ingest.counted("CredentialsMissing")).toBe(1);
    expect(ingest.lines.join().includes("ingest.secret.malformed")).toBe(isMalformed);
  });

  it("answers 503 when the secret cannot be read: the sender may be Alloy", async () => {
    const { answer, ...ingest } = await postTo({ secretFailure: "unresolved" });

    expect(answer.statusCode).toBe(503);
    expect(ingest.messages).toEqual([]);
    expect(ingest.counted("StoresFailed", { Cause: "unresolved" })).toBe(1);
  });

  it("answers 503 with Retry-After when the queue does not accept, and counts it by cause", async () => {
    const { answer, ...ingest } = await postTo({ queueFailure: "throttled" });

    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toHaveProperty("retry-after", "1");
    expect(ingest.counted("StoresFailed")).toBe(1);
    expect(ingest.counted("StoresFailed", { Cause: "throttled" })).toBe(1);
    expect(ingest.counted("WebhooksReceived")).toBe(0);
  });

  it.each(["allowList", "authorize", "queue", "payloads"] as const)(
    "answers 503 for a defect of its own in %s, and logs nothing that the error says",
    async (port) => {
      const body = port === "payloads" ? "x".repeat(QUEUE.maxMessageBytes) : "{}";

      const { answer, ...ingest } = await postTo(
        { defectIn: port },
        { body, sourceIp: "203.0.113.9" },
      );

      expect(answer.statusCode).toBe(503);
      expect(answer.headers).toHaveProperty("retry-after", "1");
      expect(ingest.messages).toEqual([]);
      expect(ingest.counted("StoresFailed", { Cause: "defect" })).toBe(1);
      expect(ingest.lines.join()).toContain(`"code":"ingest.request.broken"`);
      expect(ingest.lines.join()).toContain(`"error":"RangeError"`);
      expect(ingest.lines.join()).not.toContain(DEFECT);
    },
  );
});

describe("ingest, asked by ops rotate whether it takes a credential", () => {
  const probe = { body: PROBE.body };

  it("answers 204, stores nothing and counts nothing", async () => {
    const { answer, ...ingest } = await postTo({}, probe);

    expect(answer).toEqual({ statusCode: 204 });
    expect(ingest.messages).toEqual([]);
    expect(ingest.lines).toEqual([]);
  });

  it("takes the signature of a probe", async () => {
    const { answer } = await postTo(
      { secret: { hmac: ["the new key of HMAC"] } },
      { ...probe, authorization: signatureOf("the new key of HMAC", PROBE.body) },
    );

    expect(answer.statusCode).toBe(204);
  });

  it("refuses and counts a guess, as with any other body", async () => {
    const { answer, ...ingest } = await postTo(
      {},
      { ...probe, authorization: basicOf("alloy", "a guess") },
    );

    expect(answer.statusCode).toBe(401);
    expect(ingest.counted("CredentialsRejected")).toBe(1);
  });

  it("counts no probe from the machine of a person, but tells nobody outside of an enforced list what it takes", async () => {
    const elsewhere = { ...probe, sourceIp: "203.0.113.9" };

    const observing = await postTo({ allowListMode: "observe" }, elsewhere);
    const enforcing = await postTo({ allowListMode: "enforce" }, elsewhere);

    expect([observing.answer.statusCode, enforcing.answer.statusCode]).toEqual([204, 403]);
    for (const { counted } of [observing, enforcing]) {
      expect(counted("AddressesUnlisted")).toBe(0);
      expect(counted("AlloyRefused")).toBe(0);
    }
  });

  it("stores whatever differs from a probe in a single byte", async () => {
    const { answer, messages } = await postTo({}, { body: `${PROBE.body} ` });

    expect(answer.statusCode).toBe(200);
    expect(messages).toHaveLength(1);
  });
});

describe("ingest, with an address that is not listed", () => {
  it("only counts it by default", async () => {
    const { answer, ...ingest } = await postTo(
      { allowListMode: "observe" },
      { sourceIp: "203.0.113.9" },
    );

    expect(answer.statusCode).toBe(200);
    expect(ingest.counted("AddressesUnlisted")).toBe(1);
  });

  it("answers 403 when the list is enforced, stores nothing and counts", async () => {
    const { answer, ...ingest } = await postTo(
      { allowListMode: "enforce" },
      { sourceIp: "203.0.113.9" },
    );

    expect(answer.statusCode).toBe(403);
    expect(ingest.messages).toEqual([]);
    expect(ingest.counted("AddressesUnlisted")).toBe(1);
  });

  it("counts a 403 towards Alloy's switch-off when the credential is Alloy's, and not when a stranger knocks", async () => {
    const ingest = anIngest({ allowListMode: "enforce" });

    await ingest.handle(aRequest({ sourceIp: "203.0.113.9" }));
    const forged = aRequest({ sourceIp: "203.0.113.9" });
    forged.headers["authorization"] = "Basic Zm9yZ2VkOmZvcmdlZA==";
    await ingest.handle(forged);

    expect(ingest.counted("AddressesUnlisted")).toBe(2);
    expect(ingest.counted("AlloyRefused")).toBe(1);
  });

  it.each([
    ["203.0.113.9", "52.7.221.27", 403],
    ["52.7.221.27", "203.0.113.9", 200],
  ])("goes by where %s came from, whatever it says of %s", async (sourceIp, claimed, expected) => {
    const ingest = anIngest({ allowListMode: "enforce" });
    const request = aRequest({ sourceIp });
    for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"]) {
      request.headers[name] = name === "forwarded" ? `for=${claimed}` : claimed;
    }

    expect((await ingest.handle(request)).statusCode).toBe(expected);
  });

  it("counts nothing for an address that is listed", async () => {
    const { answer, ...ingest } = await postTo(
      { allowListMode: "enforce" },
      { sourceIp: "52.7.221.27" },
    );

    expect(answer.statusCode).toBe(200);
    expect(ingest.counted("AddressesUnlisted")).toBe(0);
  });
});

describe("ingest, with a body that one SQS message cannot hold", () => {
  it("puts the bytes into the bucket and their key into the envelope", async () => {
    const body = "x".repeat(QUEUE.maxMessageBytes);

    const { answer, ...ingest } = await postTo({}, { body, requestId: "R-2" });

    expect(answer.statusCode).toBe(200);
    expect([...ingest.payloads.keys()]).toEqual(["webhooks/2026-11-23/R-2"]);
    expect(JSON.parse(ingest.messages[0] ?? "")).toMatchObject({
      body: null,
      payloadKey: "webhooks/2026-11-23/R-2",
    });
  });

  it("answers 503 when the bucket does not accept, and puts nothing into the queue", async () => {
    const { answer, ...ingest } = await postTo(
      { bucketFailure: "unavailable" },
      { body: "x".repeat(QUEUE.maxMessageBytes) },
    );

    expect(answer.statusCode).toBe(503);
    expect(ingest.messages).toEqual([]);
    expect(ingest.counted("StoresFailed", { Cause: "unavailable" })).toBe(1);
  });
});
