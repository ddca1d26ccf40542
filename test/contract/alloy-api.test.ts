import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener } from "node:http";
import { gzipSync } from "node:zlib";

import { beforeAll, describe, expect, test } from "vitest";

import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { anAlloyApi as anApi, RIGHT_KEY as RIGHT } from "../support/alloy-api.ts";
import type { AlloyApiOptions } from "../support/alloy-api.ts";
import { aServer } from "../support/local-server.ts";

/** Of calls whose time does not end. */
const TIMEOUT_MS = 60_000;
const asked = { applicationToken: "JA-1", journeyToken: "J-1" };

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
    return () => simulator.stop();
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
});

interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const FAILED = { kind: "failed", retryAfterMs: null } as const;

describe("against recorded answers", () => {
  /** An Alloy that gives each request this answer. @returns its base URL. */
  const anAlloyThatSays = ({ status = 200, headers = {}, body }: Answered) =>
    aServer((_, response) => response.writeHead(status, headers).end(body));

  /** What a call comes to when Alloy answers so. */
  const callAnswered = async (said: Answered, options?: AlloyApiOptions) =>
    anApi(await anAlloyThatSays(said), options).getApplication(asked, TIMEOUT_MS);

  /** An Alloy that grants bearers, and knows no application while they last. */
  async function anAlloyWithBearers(bearerOf: (issued: number) => object) {
    const grants = { issued: 0, isExpired: false, aheadMs: 0 };
    const baseUrl = await aServer((request, response) => {
      if (request.method === "POST") {
        grants.issued += 1;
        grants.isExpired = false;
        response.end(JSON.stringify(bearerOf(grants.issued)));
      } else response.writeHead(grants.isExpired ? 401 : 404).end("{}");
    });
    const api = anApi(baseUrl, { auth: "bearer", now: () => Date.now() + grants.aheadMs });
    return { grants, api, call: () => api.getApplication(asked, TIMEOUT_MS) };
  }

  const errors = new URL("../fixtures/alloy-api/errors/", import.meta.url);
  const KINDS: Readonly<Record<string, string>> = {
    "400-4002": "failed",
    "400-4013": "unknown",
    "401-4011": "unauthorized",
    "401-4012": "unauthorized",
    "404-4041": "unknown",
    "429-4033": "rate-limited",
    "500-5000": "failed",
    "503": "failed",
  };

  test.each(readdirSync(errors).filter((name) => /^\d/.test(name)))("error %s", async (name) => {
    const status = Number(name.slice(0, 3));
    const body = readFileSync(new URL(name, errors), "utf8");

    const answer = await callAnswered({ status, body });

    const kind = KINDS[name.replace(".json", "")];
    const isUnknown = kind === "unknown";
    expect(answer).toMatchObject({
      kind,
      ...(isUnknown && { status, minorCode: JSON.parse(body).error.minor_code }),
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

  test.each([
    ["absent", {}],
    ["null", { expires_in: null }],
    ["zero", { expires_in: 0 }],
    ["negative", { expires_in: -3_600 }],
    ["words", { expires_in: "an hour" }],
    ["a list", { expires_in: [3_600] }],
  ])("a bearer whose life is %s is used until a 401, and then got anew", async (_, said) => {
    const { grants, api, call } = await anAlloyWithBearers((issued) => ({
      access_token: `b-${issued}`,
      token_type: "bearer",
      ...said,
    }));

    await call();
    grants.aheadMs += 30 * 24 * 3_600_000;
    await call();
    expect(grants.issued).toBe(1);
    grants.isExpired = true;
    expect((await call()).kind).toBe("unauthorized");
    api.renewCredentials();
    await call();

    expect(grants.issued).toBe(2);
  });

  test.each([
    ["as text", { access_token: "b", expires_in: "3600" }],
    ["with a fraction", { access_token: "b", expires_in: 3_600.5 }],
    ["as a time in milliseconds", { bearer_token: "b", expires: Date.now() + 3_600_000 }],
    [
      "as a time in seconds",
      { bearer_token: "b", expires: Math.floor(Date.now() / 1_000) + 3_600 },
    ],
    ["as ISO 8601", { bearer_token: "b", expires: new Date(Date.now() + 3_600_000).toISOString() }],
  ])("a bearer that says %s how long it lives is used as long", async (_, bearer) => {
    const { grants, call } = await anAlloyWithBearers(() => bearer);

    await call();
    grants.aheadMs += 3_500_000;
    await call();
    expect(grants.issued).toBe(1);
    grants.aheadMs += 99_000;
    await call();

    expect(grants.issued).toBe(2);
  });

  test("a bearer is got anew before it expires", async () => {
    const bearer = new URL("../fixtures/alloy-api/oauth-bearer.json", import.meta.url);
    const { grants, call } = await anAlloyWithBearers(() =>
      JSON.parse(readFileSync(bearer, "utf8")),
    );

    await call();
    grants.aheadMs += 3_599_000;
    await call();

    expect(grants.issued).toBe(2);
  });

  test.each([
    ["../../x?y", "J-1"],
    ["..", "J-1"],
    ["JA-1", ".."],
    ["JA-1", "J/1"],
    ["JA-1", ""],
    ["JA-1\r\nx: y", "J-1"],
  ])(
    "tokens cannot lead to another path: %j of %j is not asked for",
    async (applicationToken, journeyToken) => {
      const requests: IncomingMessage[] = [];
      const baseUrl = await aServer((request, response) => {
        requests.push(request);
        response.end("{}");
      });
      const api = anApi(baseUrl, { auth: "bearer" });

      const answer = await api.getApplication({ applicationToken, journeyToken }, TIMEOUT_MS);

      expect(requests).toEqual([]);
      expect(answer).toMatchObject({ kind: "failed", cause: "refused" });
    },
  );

  test.each([301, 302, 303, 307, 308])(
    "a redirect by %d does not get our credentials",
    async (status) => {
      const elsewhere: IncomingMessage[] = [];
      const location = await aServer((request, response) => {
        elsewhere.push(request);
        response.end("{}");
      });

      const answer = await callAnswered({ status, headers: { location } });

      expect(answer).toMatchObject({ kind: "failed", cause: "unreachable" });
      expect(elsewhere).toEqual([]);
    },
  );

  const answers = new URL("../fixtures/alloy-api/", import.meta.url);

  test.each(readdirSync(answers).filter((name) => name.startsWith("get-application")))(
    "%s is an application, with all its events",
    async (name) => {
      const body = readFileSync(new URL(name, answers), "utf8");
      const recorded = JSON.parse(body);
      const baseUrl = await anAlloyThatSays({ body });

      const { journey_application_token: applicationToken, _embedded } = recorded;
      const answer = await anApi(baseUrl).getApplication(
        { applicationToken, journeyToken: _embedded.journey.journey_token },
        TIMEOUT_MS,
      );

      expect(answer).toMatchObject({
        kind: "application",
        application: { applicationToken, unreadableEvents: 0 },
      });
      expect(answer).toHaveProperty("application.events.length", _embedded.events.length);
    },
  );

  const IN_A_MINUTE = Math.floor(Date.now() / 1_000) * 1_000 + 60_000;
  const now = () => IN_A_MINUTE - 60_000;

  test.each<[string, Record<string, string>, number | null]>([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["parts of a second", { "retry-after": "0.5" }, 500],
    ["a date", { "retry-after": new Date(IN_A_MINUTE).toUTCString() }, 60_000],
    ["a date that is over", { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, 0],
    ["a time in the past", { "retry-after": "-7" }, 0],
    ["nothing to read", { "retry-after": "soon" }, null],
    ["nothing", {}, null],
    ["the reset in seconds", { "alloy-ratelimit-reset": String(IN_A_MINUTE / 1_000) }, 60_000],
    ["the reset in milliseconds", { "alloy-ratelimit-reset": String(IN_A_MINUTE) }, 60_000],
    [
      "both, of which retry-after counts",
      { "retry-after": "7", "alloy-ratelimit-reset": String(IN_A_MINUTE) },
      7_000,
    ],
    [
      "both, of which only the reset can be read",
      { "retry-after": "soon", "alloy-ratelimit-reset": String(IN_A_MINUTE) },
      60_000,
    ],
  ])("429 and 503 say how long to wait by %s", async (_, headers, retryAfterMs) => {
    const answered = [];
    for (const status of [429, 503])
      answered.push(await callAnswered({ status, headers }, { now }));

    expect(answered).toEqual([
      { kind: "rate-limited", retryAfterMs },
      { kind: "failed", cause: "server-error", retryAfterMs },
    ]);
  });

  test.each([
    ["the last call", "0", 60_000],
    ["one of several calls", "3", undefined],
  ])("an answer to %s of the rate limit says so", async (_, remaining, restMs) => {
    const headers = {
      "alloy-ratelimit-remaining": remaining,
      "alloy-ratelimit-reset": String(IN_A_MINUTE / 1_000),
    };
    const body = JSON.stringify({ error: { minor_code: 4041 } });

    const answer = await callAnswered({ status: 404, headers, body }, { now });

    expect(answer).toEqual({ kind: "unknown", status: 404, minorCode: 4041, restMs });
  });

  test.each([
    ["a firewall's page", "<html><body>Blocked</body></html>"],
    ["nothing at all", ""],
    ["JSON that is not Alloy's", JSON.stringify({ message: "no Route matched" })],
    ["an error of Alloy's of another kind", JSON.stringify({ error: { minor_code: 4002 } })],
    ["an error without a code", JSON.stringify({ error: { message: "Not Found" } })],
    ["a code where Alloy has none", JSON.stringify({ minor_code: 4041 })],
  ])("400, 403 and 404 with %s are no word about the application", async (_, body) => {
    const answered = [];
    for (const status of [400, 403, 404, 410]) answered.push(await callAnswered({ status, body }));

    expect(answered).toEqual(answered.map(() => ({ ...FAILED, cause: "refused" })));
  });

  test.each([4041, 4013, "4041", "4013"])(
    "Alloy's own error %j says that it does not know the application, by whatever status",
    async (minor_code) => {
      const body = JSON.stringify({ error: { minor_code } });
      const kinds = [];
      for (const status of [400, 403, 404]) kinds.push((await callAnswered({ status, body })).kind);

      expect(kinds).toEqual(["unknown", "unknown", "unknown"]);
    },
  );

  test.each([402, 405, 408, 409, 410, 413, 415, 422, 451])(
    "%d is a refusal that no wait mends",
    async (status) => {
      const answer = await callAnswered({
        status,
        headers: { "retry-after": "1" },
        body: "<html>a proxy</html>",
      });

      expect(answer).toEqual({ ...FAILED, cause: "refused" });
    },
  );

  test.each([
    ["a page", 200, "<html>maintenance</html>"],
    ["nothing", 200, ""],
    ["half of it", 200, '{"journey_application_token":"JA-1","sta'],
    ["null", 200, "null"],
    ["a list", 200, "[]"],
    ["a number", 200, "7"],
    ["an object of something else", 200, '{"status":"running"}'],
    ["another application", 200, '{"journey_application_token":"JA-2","status":"running"}'],
    ["no content", 204, undefined],
    ["a partial answer", 206, '{"journey_application_token":"JA-1","status":"running"}'],
  ])("%s in place of the application is a failure", async (_, status, body) => {
    const answer = await callAnswered({ status, ...(body !== undefined && { body }) });

    expect(answer).toEqual({ ...FAILED, cause: "not-an-application" });
  });

  test.each([
    ["as it is", {}, (text: string) => text],
    ["compressed", { "content-encoding": "gzip" }, (text: string) => gzipSync(text)],
  ] as const)("a huge answer, %s, is not read to its end", async (_, headers, encode) => {
    const huge = encode(`{"padding":"${"x".repeat(64 * 1_024 * 1_024)}"}`);
    const baseUrl = await anAlloyThatSays({ headers, body: huge });

    const answer = await anApi(baseUrl).getApplication(asked, 10_000);

    expect(answer).toEqual({ ...FAILED, cause: "too-large" });
  });

  /** Sends its answer byte by byte, and never ends. */
  function drip(status: number): RequestListener {
    return (_, response) => {
      response.writeHead(status);
      const dripping = setInterval(() => response.write(" "), 20);
      response.on("close", () => {
        clearInterval(dripping);
      });
    };
  }

  test.each([
    ["an Alloy that hangs is given up in time", () => undefined, "basic", 200, "timeout"],
    ["an answer that drips is given up in time", drip(200), "basic", 200, "timeout"],
    ["a bearer that drips is given up in time too", drip(201), "bearer", 200, "timeout"],
    ["an error that drips is known by its status", drip(500), "basic", TIMEOUT_MS, "server-error"],
  ] as const)("%s", async (_, answerSlowly, auth, timeoutMs, cause) => {
    const baseUrl = await aServer(answerSlowly);

    const answer = await anApi(baseUrl, { auth }).getApplication(asked, timeoutMs);

    expect(answer).toMatchObject({ kind: "failed", cause });
  });

  test("a connection that breaks off is a failure", async () => {
    const baseUrl = await aServer((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });

    expect(await anApi(baseUrl).getApplication(asked, TIMEOUT_MS)).toMatchObject({
      kind: "failed",
      cause: "unreachable",
    });
  });

  test.each([
    ["a page", 200, "<html>maintenance</html>", { kind: "failed", cause: "not-an-application" }],
    ["an error", 500, "", { kind: "failed", cause: "server-error" }],
    ["a limit", 429, "", { kind: "rate-limited" }],
    ["a refusal", 400, `{"error":"invalid_grant"}`, { kind: "failed", cause: "refused" }],
  ])("%s in place of a bearer is what the call comes to", async (_, status, body, expected) => {
    const seen: string[] = [];
    const baseUrl = await aServer((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(status).end(body);
    });

    const answer = await anApi(baseUrl, { auth: "bearer" }).getApplication(asked, TIMEOUT_MS);

    expect(answer).toMatchObject(expected);
    expect(seen).toEqual(["/v1/oauth/bearer"]);
  });

  test("nobody there is a failure", async () => {
    const answer = await anApi("http://127.0.0.1:1/v1").getApplication(asked, TIMEOUT_MS);

    expect(answer).toEqual({ ...FAILED, cause: "unreachable" });
  });
});
