import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { HttpAlloyApi } from "../../lambdas/adapters/alloy-api.ts";
import {
  BasicAuthorization,
  BearerAuthorization,
} from "../../lambdas/adapters/alloy-authorization.ts";
import type { AlloyApiKey } from "../../lambdas/adapters/alloy-authorization.ts";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../tools/alloy-simulator/server.ts";

const RIGHT: AlloyApiKey = { token: "key", secret: "secret" };
const TIMEOUT_MS = 2_000;
const asked = { applicationToken: "JA-1", journeyToken: "J-1" };

interface Options {
  readonly auth?: "basic" | "bearer";
  /** The keys of the secret, one per read; the last one stays. */
  readonly keys?: readonly (AlloyApiKey | null)[];
  readonly now?: () => number;
}

function anApi(baseUrl: string, { auth = "basic", keys = [RIGHT], now = Date.now }: Options = {}) {
  let current = -1;
  const readKey = async ({ isForced }: { readonly isForced: boolean }) => {
    if (isForced || current < 0) current = Math.min(current + 1, keys.length - 1);
    return keys[current] ?? null;
  };
  const authorization =
    auth === "basic"
      ? new BasicAuthorization(readKey)
      : new BearerAuthorization({ baseUrl, readKey, fetch, now });
  return new HttpAlloyApi({ baseUrl, authorization, fetch, now });
}

describe("against the Alloy simulator", () => {
  let simulator: AlloySimulator;
  let known: { readonly applicationToken: string; readonly journeyToken: string };

  beforeAll(async () => {
    simulator = await startAlloySimulator({
      apiKey: { token: RIGHT.token, secrets: [RIGHT.secret] },
      timeScale: 6_000,
    });
    const [application] = await simulator.play(["approved-at-once"]);
    if (application === undefined) throw new Error("the simulator played nothing");
    known = application;
  });

  afterEach(() => {
    simulator.setApiFault({ kind: "none" });
  });

  afterAll(async () => {
    await simulator.stop();
  });

  test.each(["basic", "bearer"] as const)("an application is read by %s", async (auth) => {
    const answer = await anApi(simulator.baseUrl, { auth }).getApplication(known, TIMEOUT_MS);

    expect(answer).toMatchObject({
      kind: "application",
      application: { snapshot: { status: "completed", outcome: "Approved" }, unreadableEvents: 0 },
    });
  });

  test("an application that Alloy does not know is an answer", async () => {
    const { journeyToken } = known;
    const unknown = { applicationToken: "JA-nobody", journeyToken };

    expect(await anApi(simulator.baseUrl).getApplication(unknown, TIMEOUT_MS)).toEqual({
      kind: "unknown",
      status: 404,
      minorCode: 4041,
    });
  });

  test.each(["basic", "bearer"] as const)("a wrong key by %s is unauthorized", async (auth) => {
    const api = anApi(simulator.baseUrl, { auth, keys: [{ token: "key", secret: "wrong" }] });

    expect(await api.getApplication(known, TIMEOUT_MS)).toEqual({ kind: "unauthorized" });
  });

  test("no key at all is unauthorized, without a call", async () => {
    const api = anApi("http://127.0.0.1:1/v1", { keys: [null] });

    expect(await api.getApplication(known, TIMEOUT_MS)).toEqual({ kind: "unauthorized" });
  });

  test.each(["basic", "bearer"] as const)(
    "a rotated key by %s works after it is renewed",
    async (auth) => {
      const api = anApi(simulator.baseUrl, {
        auth,
        keys: [{ token: "key", secret: "old" }, RIGHT],
      });

      const before = await api.getApplication(known, TIMEOUT_MS);
      api.renewCredentials();
      const after = await api.getApplication(known, TIMEOUT_MS);

      expect([before.kind, after.kind]).toEqual(["unauthorized", "application"]);
    },
  );

  test("an expired bearer is got anew", async () => {
    const api = anApi(simulator.baseUrl, { auth: "bearer" });
    await api.getApplication(known, TIMEOUT_MS);
    await fetch(`${simulator.adminUrl}/oauth/expire`, { method: "POST" });

    const refused = await api.getApplication(known, TIMEOUT_MS);
    api.renewCredentials();
    const renewed = await api.getApplication(known, TIMEOUT_MS);

    expect([refused.kind, renewed.kind]).toEqual(["unauthorized", "application"]);
  });

  test.each([
    ["error", "server-error"],
    ["unavailable", "server-error"],
    ["garbage", "not-an-application"],
  ] as const)("%s is a failure: %s", async (kind, cause) => {
    simulator.setApiFault({ kind });

    expect(await anApi(simulator.baseUrl).getApplication(known, TIMEOUT_MS)).toMatchObject({
      kind: "failed",
      cause,
    });
  });

  test("an Alloy that hangs is given up in time", async () => {
    simulator.setApiFault({ kind: "hang" });
    const begun = Date.now();

    const answer = await anApi(simulator.baseUrl).getApplication(known, 200);

    expect(answer).toMatchObject({ kind: "failed", cause: "timeout" });
    expect(Date.now() - begun).toBeLessThan(1_000);
  });

  test("a rate limit says how long to wait", async () => {
    simulator.setApiFault({ kind: "rate-limit", limit: 0, windowSeconds: 30 });

    const answer = await anApi(simulator.baseUrl).getApplication(known, TIMEOUT_MS);

    expect(answer).toMatchObject({ kind: "rate-limited" });
    expect(answer).toHaveProperty("retryAfterMs", 30_000);
  });
});

describe("against recorded answers", () => {
  const cleanups: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  async function aServer(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    cleanups.push(async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}/v1`;
  }

  const errors = new URL("../fixtures/alloy-api/errors/", import.meta.url);
  const KINDS: Readonly<Record<string, string>> = {
    "400": "unknown",
    "401": "unauthorized",
    "404": "unknown",
    "429": "rate-limited",
    "500": "failed",
    "503": "failed",
  };

  test.each(readdirSync(errors).filter((name) => /^\d/.test(name)))("error %s", async (name) => {
    const status = name.slice(0, 3);
    const body = readFileSync(new URL(name, errors), "utf8");
    const baseUrl = await aServer((_, response) => response.writeHead(Number(status)).end(body));

    const answer = await anApi(baseUrl).getApplication(asked, TIMEOUT_MS);

    const isUnknown = KINDS[status] === "unknown";
    expect(answer).toMatchObject({
      kind: KINDS[status],
      ...(isUnknown && { status: Number(status), minorCode: JSON.parse(body).error.minor_code }),
    });
  });

  test("a bearer of the other shape is taken too", async () => {
    const seen: (string | undefined)[] = [];
    const baseUrl = await aServer((request, response) => {
      seen.push(request.headers.authorization);
      const bearer = { bearer_token: "b-1", expires: Date.now() + 3_600_000 };
      response.writeHead(request.method === "POST" ? 201 : 404).end(JSON.stringify(bearer));
    });
    const api = anApi(baseUrl, { auth: "bearer" });

    await Promise.all([
      api.getApplication(asked, TIMEOUT_MS),
      api.getApplication(asked, TIMEOUT_MS),
    ]);

    // One bearer for both, got with the key.
    expect(seen).toEqual(["Basic a2V5OnNlY3JldA==", "Bearer b-1", "Bearer b-1"]);
  });

  test("a bearer is got anew before it expires", async () => {
    let now = Date.now();
    let issued = 0;
    const baseUrl = await aServer((request, response) => {
      if (request.method === "POST") issued += 1;
      response.end(
        readFileSync(new URL("../fixtures/alloy-api/oauth-bearer.json", import.meta.url)),
      );
    });
    const api = anApi(baseUrl, { auth: "bearer", now: () => now });

    await api.getApplication(asked, TIMEOUT_MS);
    now += 3_599_000;
    await api.getApplication(asked, TIMEOUT_MS);

    expect(issued).toBe(2);
  });

  test("tokens cannot lead to another path, and a redirect is not followed", async () => {
    const requests: IncomingMessage[] = [];
    const baseUrl = await aServer((request, response) => {
      requests.push(request);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });

    const answer = await anApi(baseUrl).getApplication(
      { applicationToken: "../../x?y", journeyToken: "J/1" },
      TIMEOUT_MS,
    );

    expect(requests.map(({ url }) => url)).toEqual([
      "/v1/journeys/J%2F1/applications/..%2F..%2Fx%3Fy",
    ]);
    expect(answer.kind).toBe("failed");
  });

  test("nobody there is a failure", async () => {
    const answer = await anApi("http://127.0.0.1:1/v1").getApplication(asked, TIMEOUT_MS);

    expect(answer).toEqual({ kind: "failed", cause: "unreachable", retryAfterMs: null });
  });
});
