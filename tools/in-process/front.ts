import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { WEBHOOK_PATH } from "../../lambdas/settings/names.ts";
import { requestOf } from "../cloud-in-memory/builders.ts";
import { forPrograms, listen } from "../guard/listen.ts";
import { invocationRefusal } from "../strict-aws/limits-of-services.ts";

/** Content types whose bodies API Gateway hands over as text; all others come as base64. */
const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml)\b|[^;]+\+(json|xml)\b)/i;

type Answer = APIGatewayProxyStructuredResultV2;

/**
 * The HTTP API in front of ingest, on 127.0.0.1: one route in payload format 2.0, 404 elsewhere.
 *
 * @param options.port - 0: a free one.
 * @param options.onAnswered - told of each answer of the route.
 * @throws Error of the system when the port is taken.
 */
export async function startFront(options: {
  readonly port: number;
  readonly ingest: (event: APIGatewayProxyEventV2) => Promise<Answer>;
  readonly onAnswered: (statusCode: number) => void;
  readonly onFailure: (error: unknown) => void;
}): Promise<{ readonly webhookUrl: string; readonly stop: () => Promise<void> }> {
  const { port, ingest, onAnswered, onFailure } = options;
  const server = createServer(
    forPrograms((request, response) => void answer(request, response).catch(onFailure)),
  );

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? "/", "http://127.0.0.1");
    const body = await buffer(request).catch(() => null);
    // Whoever has hung up meanwhile gets no answer.
    if (body === null) return;
    if (request.method !== "POST" || pathname !== WEBHOOK_PATH) {
      end(response, saying(404, "Not Found"));
      return;
    }
    const result = await resultOf(eventOf(request, { query: search.slice(1), body }));
    onAnswered(result.statusCode ?? 200);
    end(response, result);
  }

  async function resultOf(event: APIGatewayProxyEventV2): Promise<Answer> {
    if (invocationRefusal(Buffer.byteLength(JSON.stringify(event)), "waited") !== null) {
      return saying(413, "Request Entity Too Large");
    }
    try {
      return await ingest(event);
    } catch (error) {
      onFailure(error);
      return saying(500, "Internal Server Error");
    }
  }

  const { url, stop } = await listen(server, port);
  return { webhookUrl: `${url}${WEBHOOK_PATH}`, stop };
}

/** The request as Lambda gets it from an HTTP API. */
function eventOf(
  request: IncomingMessage,
  { query, body }: { readonly query: string; readonly body: Buffer },
): APIGatewayProxyEventV2 {
  const headers = headersOf(request.rawHeaders);
  const isText = TEXT_TYPE.test(headers["content-type"] ?? "") && isUtf8(body);
  return requestOf({
    query,
    headers,
    protocol: `HTTP/${request.httpVersion}`,
    sourceIp: request.socket.remoteAddress ?? "",
    requestId: randomUUID(),
    at: Date.now(),
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  });
}

/** Names in lower case; several of one name joined by a comma, as API Gateway does. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? "";
    const value = raw[index + 1] ?? "";
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return headers;
}

/** An answer of API Gateway's own. */
function saying(statusCode: number, message: string): Answer {
  const headers = { "content-type": "application/json" };
  return { statusCode, headers, body: JSON.stringify({ message }) };
}

function end(response: ServerResponse, { statusCode = 200, headers = {}, body = "" }: Answer) {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  response.writeHead(statusCode).end(body);
}
