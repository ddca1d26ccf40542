import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { listen } from "../guard/listen.ts";

/** What an instance of SQS and Secrets Manager on this machine has been asked. */
export type LocalAws = Readonly<Awaited<ReturnType<typeof startLocalAws>>>;

/**
 * As much of SQS and Secrets Manager as a webhook needs, on a free port of 127.0.0.1. It answers at
 * once, so that what is measured is the caller.
 */
export async function startLocalAws(secret: string) {
  const messages: string[] = [];
  let calls = 0;
  let connections = 0;
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    calls += 1;
    const asked = await text(request);
    const target = String(request.headers["x-amz-target"]);
    response.setHeader("content-type", String(request.headers["content-type"]));
    if (target.startsWith("secretsmanager.")) {
      response.end(JSON.stringify({ ARN: "arn", Name: "secret", SecretString: secret }));
      return;
    }
    const { MessageBody }: { MessageBody: string } = JSON.parse(asked);
    messages.push(MessageBody);
    const MD5OfMessageBody = createHash("md5").update(MessageBody).digest("hex");
    response.end(JSON.stringify({ MessageId: `message-${messages.length}`, MD5OfMessageBody }));
  }
  const server = createServer((request, response) => void answer(request, response));
  server.on("connection", () => (connections += 1));
  const { url, stop } = await listen(server);
  return {
    url,
    /** Message bodies that were accepted. */
    messages,
    /** Requests of any kind, up to now. */
    calls: () => calls,
    /** Connections that were opened, up to now. */
    connections: () => connections,
    stop,
  };
}
