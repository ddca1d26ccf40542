import { Agent, createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { forPrograms, listen } from "./listen.ts";

/** Where the guarded server listens: on a socket of this user alone, or on a port that nobody else knows. */
export type GuardedServer =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

/** Below the 75 s after which MiniStack closes a connection that nobody uses: none is taken in that moment. */
const IDLE_MS = 30_000;

/** Above the idle time of the AWS SDKs' connections. */
const KEEP_ALIVE_MS = 75_000;

/** Of one connection, not of the request. `expect` is answered here. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/**
 * Stands in front of a server that answers everybody, on 127.0.0.1, and passes on what no web page of others has made.
 * The permission to read that the server gives to pages (`Access-Control-…`) is not passed on either.
 *
 * @throws Error of the system when the port is taken.
 */
export async function startGuard(
  port: number,
  target: GuardedServer,
): Promise<{ readonly stop: () => Promise<void> }> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS });
  server.on(
    "request",
    forPrograms((incoming, response) => passOn(incoming, response, { target, agent })),
  );
  // What is behind it speaks plain HTTP alone, and a page's WebSocket would not ask for a permission to read.
  for (const event of ["upgrade", "connect"]) {
    server.on(event, (_, socket: Duplex) => {
      socket.on("error", () => socket.destroy());
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
  }
  const { stop } = await listen(server, port);
  return {
    stop: async () => {
      agent.destroy();
      await stop();
    },
  };
}

function passOn(
  incoming: IncomingMessage,
  response: ServerResponse,
  { target, agent }: { readonly target: GuardedServer; readonly agent: Agent },
): void {
  const { method, url, rawHeaders, headers } = incoming;
  const isChunked = headers["transfer-encoding"] !== undefined;
  const outgoing = request({
    ...target,
    agent,
    method,
    path: url,
    headers: [
      ...without(rawHeaders, HOP_BY_HOP),
      ...(isChunked ? ["Transfer-Encoding", "chunked"] : []),
    ],
  });
  outgoing.on("response", (answer) => {
    const given = without(answer.rawHeaders, HOP_BY_HOP).filter(
      (_, index, all) => !/^access-control-/i.test(all[index - (index % 2)] ?? ""),
    );
    response.writeHead(answer.statusCode ?? 502, given);
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  outgoing.on("error", () => {
    // The server behind is stopping or gone. The caller tries again, or whoever started the server reports its end.
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { connection: "close" }).end();
  });
  response.on("close", () => outgoing.destroy());
  incoming.on("error", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/** Raw headers, name and value in turn, without those of these names. */
function without(rawHeaders: readonly string[], names: ReadonlySet<string>): string[] {
  return rawHeaders.filter(
    (_, index) => !names.has((rawHeaders[index - (index % 2)] ?? "").toLowerCase()),
  );
}
