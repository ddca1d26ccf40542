import { networkInterfaces } from "node:os";
import { connect } from "node:net";

import { describe, expect, it, test } from "vitest";

import type { ConsoleVerbs } from "../../../tools/console/verbs.ts";
import { aConsole } from "../../support/console.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** Verbs that note what they were asked for. */
function noted() {
  const asked: string[] = [];
  const verbs: ConsoleVerbs = {
    check: async (token) => `${asked.push(`check ${token}`)}`,
    redrive: async (token) => `${asked.push(`redrive ${token}`)}`,
  };
  return { asked, verbs };
}

const CHECK = { method: "POST", headers: JSON_TYPE, body: `{"token":"JA-1"}` };

describe("who gets in", () => {
  it("shows the page to whoever has the printed address", async () => {
    await using page = await aConsole();

    const answered = await fetch(page.url);

    expect(answered.status).toBe(200);
    expect(await answered.text()).toContain(`<script type="module" src="/console.js">`);
  });

  test.each([
    ["no token", "/"],
    ["a wrong token", "/?token=wrong"],
    ["an empty token", "/?token="],
  ])("refuses the page to an address with %s", async (_, path) => {
    await using page = await aConsole();

    // The header is no address: a page is opened by its address alone.
    expect((await page.send(path)).status).toBe(401);
  });

  test.each([
    ["no token", { "x-console-token": "" }],
    ["a wrong token", { "x-console-token": "wrong" }],
  ])("refuses the API to a request with %s", async (_, headers) => {
    await using page = await aConsole();

    const answers = await Promise.all(
      ["/api/overview", "/api/applications", "/api/application?token=JA-1", "/api/nothing"].map(
        (path) => page.send(path, { headers }),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });

  it("refuses the API to a token in the address, which a link could have", async () => {
    await using page = await aConsole();

    const answered = await page.send(`/api/overview?token=${page.token}`, {
      headers: { "x-console-token": "" },
    });

    expect(answered.status).toBe(401);
  });

  it("has another token each time", async () => {
    await using one = await aConsole();
    await using other = await aConsole();

    expect(one.token).not.toBe(other.token);
    expect(one.token.length).toBeGreaterThanOrEqual(32);
  });

  test.each([
    ["a page of another site", { origin: "https://evil.example" }],
    ["a page of another port", { origin: "http://127.0.0.1:1" }],
    ["a page without an origin", { origin: "null" }],
    ["a link of another page", { referer: "https://evil.example/page" }],
    ["an image of another site", { "sec-fetch-site": "cross-site" }],
    ["a page of another server of this machine", { "sec-fetch-site": "same-site" }],
  ])("refuses %s, even with the token", async (_, headers) => {
    const { asked, verbs } = noted();
    await using page = await aConsole({ parts: { verbs }, canWrite: true });

    const read = await page.send("/api/overview", { headers });
    const opened = await page.send(`/?token=${page.token}`, { headers });
    const written = await page.send("/api/check", {
      ...CHECK,
      headers: { ...JSON_TYPE, ...headers },
    });

    expect([read.status, opened.status, written.status]).toEqual([403, 403, 403]);
    expect(read.headers["access-control-allow-origin"]).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test.each(["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "127.0.0.2", ""])(
    "refuses the Host %j: DNS rebinding leads a name of others here",
    async (host) => {
      await using page = await aConsole();

      const answered = await page.send("/api/overview", { headers: { host } });

      expect([400, 403]).toContain(answered.status);
      expect(answered.body).not.toContain("stage");
    },
  );

  it("refuses the right port under another name of this machine", async () => {
    await using page = await aConsole();

    const answered = await page.send("/api/overview", {
      headers: { host: `evil.localhost:${page.port}` },
    });

    expect(answered.status).toBe(403);
  });

  it("refuses a target with a host of its own", async () => {
    await using page = await aConsole();

    expect((await page.send("http://evil.example/api/overview")).status).toBe(403);
  });

  it("listens on 127.0.0.1 and on no other address", async () => {
    await using page = await aConsole();
    const others = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal)
      .map(({ address }) => address);

    const reached = await Promise.all(
      [...others, "127.0.0.2"].map(
        (host) =>
          new Promise<boolean>((resolve) => {
            const socket = connect({ host, port: page.port });
            socket.on("connect", () => {
              socket.destroy();
              resolve(true);
            });
            socket.on("error", () => resolve(false));
          }),
      ),
    );

    expect(reached).not.toContain(true);
  });
});

describe("what writes", () => {
  it("is a POST of JSON with the token in its header", async () => {
    const { asked, verbs } = noted();
    await using page = await aConsole({ parts: { verbs }, canWrite: true });

    expect((await page.send("/api/check", CHECK)).status).toBe(200);
    expect((await page.send("/api/redrive", CHECK)).status).toBe(200);
    expect(asked).toEqual(["check JA-1", "redrive JA-1"]);
  });

  test.each([
    ["without --write", false, CHECK, 403],
    ["by a GET", true, { method: "GET" }, 405],
    ["by a PUT", true, { ...CHECK, method: "PUT" }, 405],
    ["by a form", true, { ...CHECK, headers: { "content-type": "text/plain" } }, 415],
    ["without a type", true, { ...CHECK, headers: {} }, 415],
    [
      "without the token",
      true,
      { ...CHECK, headers: { ...JSON_TYPE, "x-console-token": "" } },
      401,
    ],
  ])("does nothing %s", async (_, canWrite, sent, status) => {
    const { asked, verbs } = noted();
    await using page = await aConsole({ parts: { verbs }, canWrite });

    expect((await page.send("/api/check", sent)).status).toBe(status);
    expect(asked).toEqual([]);
  });

  test.each([
    ["no JSON", "token=JA-1", 400],
    ["another shape", "{}", 400],
    ["a body without end", `{"token":"${"x".repeat(100_000)}"}`, 413],
  ])("answers %s with a sentence", async (_, body, status) => {
    const { asked, verbs } = noted();
    await using page = await aConsole({ parts: { verbs }, canWrite: true });

    const answered = await page.send("/api/check", { ...CHECK, body });

    expect(answered.status).toBe(status);
    expect(JSON.parse(answered.body)).toHaveProperty("refused");
    expect(asked).toEqual([]);
  });

  it("leaves everything that reads to GET", async () => {
    await using page = await aConsole({ canWrite: true });

    expect((await page.send("/api/overview", { method: "POST" })).status).toBe(405);
  });
});
