import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What an instance of SQS and Secrets Manager on this machine has been asked. */
export interface LocalAws {
  readonly url: string;
  /** Message bodies that were accepted. */
  readonly messages: readonly string[];
  /** Requests of any kind, up to now. */
  readonly calls: () => number;
  /** Connections that were opened, up to now. */
  readonly connections: () => number;
  close(): void;
}

/**
 * As much of SQS and Secrets Manager as a webhook needs, on a free port of 127.0.0.1. It answers at
 * once, so that what is measured is the caller.
 */
export async function startLocalAws(secret: string): Promise<LocalAws> {
  const messages: string[] = [];
  let calls = 0;
  let connections = 0;
  const server = createServer((request, response) => {
    calls += 1;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const target = String(request.headers["x-amz-target"]);
      response.setHeader("content-type", String(request.headers["content-type"]));
      if (target.startsWith("secretsmanager.")) {
        response.end(JSON.stringify({ ARN: "arn", Name: "secret", SecretString: secret }));
        return;
      }
      const { MessageBody }: { MessageBody: string } = JSON.parse(String(Buffer.concat(chunks)));
      messages.push(MessageBody);
      const MD5OfMessageBody = createHash("md5").update(MessageBody).digest("hex");
      response.end(JSON.stringify({ MessageId: `message-${messages.length}`, MD5OfMessageBody }));
    });
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    messages,
    calls: () => calls,
    connections: () => connections,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
