import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an AWS endpoint may do instead of its work. */
export type Fault =
  | "none"
  | "hang"
  | "hang-within-answer"
  | "drip"
  | "close"
  | "cut-short"
  | "reset"
  | "reset-within-answer"
  | "reset-after-storing"
  | "throttle"
  | "expire"
  | "deny"
  | "break"
  | "page"
  | "empty"
  | "redirect"
  | "error-as-200"
  | "other-answer"
  | "wrong-digest";

/** An error as SQS and Secrets Manager answer it. */
function errorOf(type: string): string {
  return JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: "no" });
}

/** An endpoint of SQS, S3 and Secrets Manager on a free port of 127.0.0.1, that can be made to fail. */
export async function startFaultyAws(secret: unknown) {
  /** Fault of the next request; called once per request. */
  let nextFault: () => Fault = () => "none";
  const messages: string[] = [];
  const payloads = new Map<string, Buffer>();
  const connections = new Set<unknown>();
  let requests = 0;

  const server = createServer((request, response) => {
    requests += 1;
    connections.add(request.socket);
    const fault = nextFault();
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", () => answer(fault, request, response, Buffer.concat(chunks)));
  });

  function answer(fault: Fault, request: IncomingMessage, response: ServerResponse, body: Buffer) {
    const end = (status: number, text: string) => response.writeHead(status).end(text);
    switch (fault) {
      case "hang":
        return;
      case "hang-within-answer":
        response.writeHead(200, { "content-length": 100 }).write(`{"MessageId":`);
        return;
      case "drip":
        response.writeHead(200);
        drip(response);
        return;
      case "close":
        request.socket.end();
        return;
      case "cut-short":
        // Without a length and to the end of the connection, as HTTP/1.0 answers: it looks whole.
        request.socket.end(`HTTP/1.0 200 OK\r\n\r\n{"MessageId":"m-1","MD5OfMess`);
        return;
      case "reset":
        request.socket.resetAndDestroy();
        return;
      case "reset-within-answer":
        response.writeHead(200, { "content-length": 100 }).write(`{"MessageId":`, () => {
          request.socket.resetAndDestroy();
        });
        return;
      case "reset-after-storing":
        work(request, body);
        request.socket.resetAndDestroy();
        return;
      case "throttle":
        end(400, errorOf("RequestThrottled"));
        return;
      case "expire":
        end(403, errorOf("ExpiredTokenException"));
        return;
      case "deny":
        end(400, errorOf("AccessDeniedException"));
        return;
      case "break":
        end(500, errorOf("InternalFailure"));
        return;
      case "page":
        end(200, "<html>Sign in to the network</html>");
        return;
      case "empty":
        end(200, "");
        return;
      case "redirect":
        response.writeHead(307, { location: "http://192.0.2.1/" }).end();
        return;
      case "error-as-200":
        end(200, errorOf("ServiceUnavailable"));
        return;
      case "other-answer":
        end(200, JSON.stringify({ SendMessageResponse: { MessageId: "m-1" } }));
        return;
      case "wrong-digest":
        end(200, JSON.stringify({ MessageId: "m", MD5OfMessageBody: "0".repeat(32) }));
        return;
      case "none":
        end(200, work(request, body));
    }
  }

  /** A byte every tenth of a second, for as long as somebody listens. */
  function drip(response: ServerResponse): void {
    const timer = setInterval(() => response.write(" "), 100);
    response.on("close", () => clearInterval(timer));
  }

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

  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
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
    closeIdleConnections: () => server.closeIdleConnections(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
