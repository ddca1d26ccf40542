import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import * as v from "valibot";

import { listen } from "../guard/listen.ts";
import { OperatorError } from "../ops/operator-error.ts";
import { shellOf } from "./bundle.ts";
import { refusalOfAsked } from "./gate.ts";
import type { Reach } from "./gate.ts";
import { makeRoutes } from "./routes.ts";
import type { ConsoleParts, Route } from "./routes.ts";

/** Nothing that the page sends is longer. */
const BODY_LIMIT_BYTES = 64_000;

/** No inline script or style, and nothing from anywhere else. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Console · Alloy Journey webhooks</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console.css">
<script type="module" src="/console.js"></script>
</head>
<body><div id="console"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="#1d6fb8"/></svg>`;

export type Console = Readonly<Awaited<ReturnType<typeof startConsole>>>;

/**
 * Starts the console on 127.0.0.1.
 *
 * @param options.port - @default - a free one
 * @param options.canWrite - whether it may change anything.
 * @returns its address, which has a random token: whoever knows the address gets in, and nobody else.
 * @throws Error of the system when the port is taken.
 */
export async function startConsole(options: {
  readonly parts: ConsoleParts;
  readonly canWrite: boolean;
  readonly port?: number;
}) {
  const token = randomBytes(24).toString("base64url");
  const shell = await shellOf();
  const routes = makeRoutes(options.parts, { canWrite: options.canWrite });
  const fixed: ReadonlyMap<string, { readonly reach: Reach; readonly type: string; body: string }> =
    new Map([
      ["/", { reach: "page", type: "text/html; charset=utf-8", body: PAGE }],
      [
        "/console.js",
        { reach: "shell", type: "text/javascript; charset=utf-8", body: shell.script },
      ],
      ["/console.css", { reach: "shell", type: "text/css; charset=utf-8", body: shell.styles }],
      ["/icon.svg", { reach: "shell", type: "image/svg+xml", body: ICON }],
    ]);
  const server = createServer((request, response) => void answer(request, response));
  const { port, stop } = await listen(server, options.port);
  const own = {
    hosts: [`127.0.0.1:${port}`, `localhost:${port}`],
    token,
    canWrite: options.canWrite,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? "/", "http://127.0.0.1");
    const path = url?.pathname ?? "";
    const file = fixed.get(path);
    const route = routes.get(path);
    // An unknown path is refused as a known one is, so that it says nothing to whoever has no token.
    const refusal = refusalOfAsked(request, file?.reach ?? route?.reach ?? "read", own);
    if (refusal !== null) {
      request.resume();
      endWith(response, refusal.status, { refused: `Refused: ${refusal.why}.` });
      return;
    }
    if (file !== undefined) {
      response.writeHead(200, { ...HEADERS, "content-type": file.type }).end(file.body);
      return;
    }
    if (route === undefined || url === null) {
      endWith(response, 404, { refused: "There is no such path." });
      return;
    }
    const { status, body } = await answerOf(route, url, request);
    endWith(response, status, body);
  }

  return { url: `http://127.0.0.1:${port}/?token=${token}`, port, token, stop };
}

async function answerOf(route: Route, { searchParams }: URL, request: IncomingMessage) {
  try {
    if (route.reach === "read") return { status: 200, body: await route.answer(searchParams) };
    const body = await bodyOf(request);
    if (body === null) return { status: 413, body: { refused: "The body is too long." } };
    return { status: 200, body: await route.answer(JSON.parse(body)) };
  } catch (error) {
    // What the person can put right is a sentence; a fault of the console or of AWS looks like one.
    const isWrong = error instanceof OperatorError || error instanceof SyntaxError;
    const why = error instanceof Error ? error.message : String(error);
    return { status: isWrong || v.isValiError(error) ? 400 : 502, body: { refused: why } };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_LIMIT_BYTES) return null;
  const body = await text(request);
  return body.length > BODY_LIMIT_BYTES ? null : body;
}

function endWith(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { ...HEADERS, "content-type": "application/json; charset=utf-8" })
    .end(JSON.stringify(body));
}
