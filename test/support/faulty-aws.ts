import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { startLocalServer } from "./local-server.ts";

/** An error as SQS and Secrets Manager answer it. */
const errorOf = (type: string) =>
  JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: "no" });

const says =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end(text);

const beginAnswer = (response: ServerResponse, then?: () => void) =>
  response.writeHead(200, { "content-length": 100 }).write(`{"MessageId":`, then);

function named<Name extends string>(
  faults: Readonly<Record<Name, (response: ServerResponse, work: () => string) => unknown>>,
) {
  return faults;
}

/** What an AWS endpoint may do instead of its work. */
const FAULTS = named({
  none: (response, work) => response.end(work()),
  hang() {},
  "hang-within-answer": (response) => beginAnswer(response),
  /** A byte every tenth of a second, for as long as somebody listens. */
  drip(response) {
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 100);
    response.on("close", () => clearInterval(timer));
  },
  close: ({ req }) => req.socket.end(),
  // Without a length and to the end of the connection, as HTTP/1.0 answers: it looks whole.
  "cut-short": ({ req }) => req.socket.end(`HTTP/1.0 200 OK\r\n\r\n{"MessageId":"m-1","MD5OfMess`),
  reset: ({ req }) => req.socket.resetAndDestroy(),
  "reset-within-answer": (response) =>
    beginAnswer(response, () => response.req.socket.resetAndDestroy()),
  "reset-after-storing"(response, work) {
    work();
    response.req.socket.resetAndDestroy();
  },
  throttle: says(400, errorOf("RequestThrottled")),
  expire: says(403, errorOf("ExpiredTokenException")),
  deny: says(400, errorOf("AccessDeniedException")),
  break: says(500, errorOf("InternalFailure")),
  page: says(200, "<html>Sign in to the network</html>"),
  empty: says(200, ""),
  redirect: says(307, "", { location: "http://192.0.2.1/" }),
  "error-as-200": says(200, errorOf("ServiceUnavailable")),
  "other-answer": says(200, JSON.stringify({ SendMessageResponse: { MessageId: "m-1" } })),
  "wrong-digest": says(200, JSON.stringify({ MessageId: "m", MD5OfMessageBody: "0".repeat(32) })),
});

export type Fault = keyof typeof FAULTS;

/** An endpoint of SQS, S3 and Secrets Manager on a free port of 127.0.0.1, that can be made to fail. */
export async function startFaultyAws(secret: unknown) {
  /** Fault of the next request; called once per request. */
  let nextFault: () => Fault = () => "none";
  const messages: string[] = [];
  const payloads = new Map<string, Buffer>();
  const connections = new Set<unknown>();
  let requests = 0;

  const server = await startLocalServer((request, response) => {
    requests += 1;
    connections.add(request.socket);
    const fault = nextFault();
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", () => FAULTS[fault](response, () => work(request, Buffer.concat(chunks))));
  });

  function work(request: IncomingMessage, body: Buffer): string {
    if (request.method === "PUT") {
      payloads.set(request.url ?? "", body);
      return "";
    }
    if (String(request.headers["x-amz-target"]).startsWith("secretsmanager.")) {
      return JSON.stringify({ SecretString: JSON.stringify(secret) });
    }
    const { MessageBody }: { MessageBody: string } = JSON.parse(String(body));
    messages.push(MessageBody);
    const MD5OfMessageBody = createHash("md5").update(MessageBody).digest("hex");
    return JSON.stringify({ MessageId: `m-${messages.length}`, MD5OfMessageBody });
  }

  return {
    url: server.url,
    /** Message bodies in the queue. */
    messages,
    /** Bytes by path. */
    payloads,
    requests: () => requests,
    connections: () => connections.size,
    failWith(fault: Fault | (() => Fault)) {
      nextFault = typeof fault === "function" ? fault : () => fault;
    },
    /** Closes what is idle, as a load balancer does. */
    closeIdleConnections: server.closeIdleConnections,
    close: server.close,
  };
}
