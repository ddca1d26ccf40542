import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { startGuard } from "../../tools/guard/guard.ts";
import { startFront } from "../../tools/in-process/front.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";

const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** A server that answers whoever asks, and lets every page read it, as the emulator does; behind a guard. */
async function startGuardedServer() {
  const seen: string[] = [];
  const socketPath = join(mkdtempSync(join(tmpdir(), "open-")), "s");
  async function answerAll(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    seen.push(`${request.method} ${request.url} ${body}`);
    const answer = request.headers["x-amz-target"] ? `{"QueueUrls":["q"]}` : `echo ${body}`;
    response
      .writeHead(request.url?.startsWith("/teapot") ? 418 : 200, {
        "access-control-allow-origin": "*",
        "x-of-server": [String(request.headers["x-of-client"]), "second"],
      })
      .end(answer);
  }
  const server = createServer((request, response) => void answerAll(request, response));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, port: await guardOf(socketPath) };
}

/** A guard in front of this socket. @returns its port. */
async function guardOf(socketPath: string): Promise<number> {
  const [port = 0] = await freePorts(1);
  closers.push((await startGuard(port, { socketPath })).stop);
  return port;
}

/** Sends these bytes. @returns all that comes back. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", () => resolve(answer));
  });
}

interface Guarded {
  readonly port: number;
  readonly path: string;
  /** How many requests have got behind the guard. */
  readonly passed: () => number;
}

const SERVERS: Readonly<Record<string, () => Promise<Guarded>>> = {
  "the emulator": async () => {
    const { seen, port } = await startGuardedServer();
    return { port, path: "/?Action=ListQueues", passed: () => seen.length };
  },
  "the admin API of Alloy's simulator": async () => {
    const alloy = await startAlloySimulator({ apiKey: { token: "t", secrets: ["s"] } });
    closers.push(alloy.stop);
    const { port, pathname } = new URL(alloy.adminUrl);
    // Each request would play everything.
    return {
      port: Number(port),
      path: `${pathname}/play`,
      passed: () => alloy.applications().length,
    };
  },
  "the webhook in one process": async () => {
    let invoked = 0;
    const [port = 0] = await freePorts(1);
    const front = await startFront({
      port,
      ingest: () => {
        invoked += 1;
        return Promise.resolve({ statusCode: 200 });
      },
      onAnswered() {},
      onFailure() {},
    });
    closers.push(front.stop);
    return { port, path: "/webhooks/alloy", passed: () => invoked };
  },
};

describe.each(Object.entries(SERVERS))("a web page that is open while %s is up", (_, start) => {
  let guarded: Guarded;
  beforeAll(async () => {
    guarded = await start();
  });

  /** A request as a browser sends it. */
  const request = (headers: Readonly<Record<string, string>>, line = `POST ${guarded.path}`) => {
    const all = { Host: `127.0.0.1:${guarded.port}`, ...headers, "Content-Length": "0" };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${line} HTTP/1.1\r\n${lines.join("")}Connection: close\r\n\r\n`;
  };

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ["of another site", { Origin: "https://evil.example" }],
    ["without an origin of its own", { Origin: "null" }],
    ["of another port of this machine", { Origin: "http://127.0.0.1:3000" }],
    ["that names this machine otherwise", { Origin: "http://localhost:3000" }],
    ["that loads it as an image", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }],
    ["of another port, without Origin", { "Sec-Fetch-Site": "same-site" }],
    ["that leads to it", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" }],
    ["in an old browser", { Referer: "https://evil.example/page" }],
    ["whose name points to 127.0.0.1", { Host: "evil.example" }],
    ["whose name begins like ours", { Host: "127.0.0.1.evil.example:80" }],
    ["whose name ends like ours", { Host: "evillocalhost" }],
    ["whose name points here, of its own origin", { Host: "a.evil", Origin: "http://a.evil" }],
  ])("%s is refused", async (_page, headers) => {
    const answer = await sendRaw(guarded.port, request(headers));

    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer.toLowerCase()).not.toContain("access-control-");
    expect(guarded.passed()).toBe(0);
  });

  it("asks in vain whether it may", async () => {
    const preflight = {
      Origin: "https://evil.example",
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "x-amz-target",
    };

    const answer = await sendRaw(guarded.port, request(preflight, `OPTIONS ${guarded.path}`));

    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer.toLowerCase()).not.toContain("access-control-");
  });

  it("gets no WebSocket", async () => {
    const upgrade = `GET ${guarded.path} HTTP/1.1\r\nHost: 127.0.0.1:${guarded.port}\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

    const answer = await sendRaw(guarded.port, upgrade);

    expect(answer).not.toContain("101 Switching");
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(guarded.passed()).toBe(0);
  });

  it.each([
    ["two hosts", (port: number) => `Host: 127.0.0.1:${port}\r\nHost: evil.example`, "/", "1.1"],
    ["a host in its target", (port: number) => `Host: 127.0.0.1:${port}`, "http://a.evil/", "1.1"],
    ["no host", () => "X-No: host", "/", "1.0"],
  ])("gets nowhere with %s", async (_case, headers, target, version) => {
    const { port } = guarded;
    const head = `POST ${target} HTTP/${version}\r\n${headers(port)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;

    const answer = await sendRaw(port, head);

    expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(guarded.passed()).toBe(0);
  });

  it("of its own is answered, and so is a program", async () => {
    const { port, path } = guarded;
    const own = { Origin: `http://127.0.0.1:${port}`, "Sec-Fetch-Site": "same-origin" };

    const answers = [
      await sendRaw(port, request(own)),
      await sendRaw(port, request({ Host: `localhost:${port}` })),
      await sendRaw(port, request({ Host: `api.execute-api.localhost:${port}` })),
      await sendRaw(port, request({ Host: "host.docker.internal" })),
      `HTTP/1.1 ${(await fetch(`http://127.0.0.1:${port}${path}`)).status} `,
    ];

    expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 403 "))).toEqual([]);
  });
});

describe("the guard", () => {
  it("passes on method, target, headers, body and answer as they are, but for pages' permission to read", async () => {
    const { seen, port } = await startGuardedServer();
    const body = "ä".repeat(1_000_000);

    const answer = await fetch(`http://127.0.0.1:${port}/teapot?a=%2F&b`, {
      method: "PUT",
      headers: { "x-of-client": "mine" },
      body,
    });

    expect(answer.status).toBe(418);
    expect(await answer.text()).toBe(`echo ${body}`);
    expect(answer.headers.get("x-of-server")).toBe("mine, second");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(seen).toEqual([`PUT /teapot?a=%2F&b ${body}`]);
  });

  it("passes on a body whose length nobody has said", async () => {
    const { seen, port } = await startGuardedServer();

    await sendRaw(
      port,
      `POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );

    expect(seen).toEqual(["POST /x hello"]);
  });

  it("lets the AWS SDK through", async () => {
    const { port } = await startGuardedServer();
    const sqs = new SQSClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });

    expect((await sqs.send(new ListQueuesCommand())).QueueUrls).toEqual(["q"]);
  });

  it("answers 502 when nothing is behind it", async () => {
    const port = await guardOf(join(tmpdir(), "no-such-socket"));

    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(502);
  });
});
