import { createServer } from "node:http";
import type { ServerResponse } from "node:http";

import { onTestFinished } from "vitest";

import { requestOf } from "../../tools/cloud-in-memory/builders.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { anIngest } from "./ingest.ts";
import { memorySecrets } from "./memory-secrets.ts";
import { aStack } from "./operator.ts";

/** A stack whose endpoint is ingest behind HTTP, called from an address that is not Alloy's; and the secret that it reads. */
export async function aReceivingStack(
  secret: unknown,
  { allowListMode = "observe" }: { readonly allowListMode?: "observe" | "enforce" } = {},
) {
  const secrets = memorySecrets(JSON.stringify(secret));
  const ingest = anIngest({
    allowListMode,
    now: () => secrets.clock.now,
    secretSource: { read: async () => ({ text: secrets.text() }) },
  });
  async function answer(event: ReturnType<typeof requestOf>, response: ServerResponse) {
    const { statusCode = 0, headers = {} } = await ingest.handle(event);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
    response.writeHead(statusCode).end();
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { authorization = "" } = request.headers;
      const event = requestOf({
        headers: { authorization },
        body: Buffer.concat(chunks).toString(),
        isBase64Encoded: false,
        sourceIp: "203.0.113.9",
      });
      void answer(event, response);
    });
  });
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const webhookUrl = `http://127.0.0.1:${port}/webhooks/alloy`;
  return { stack: { ...aStack(), secrets: secrets.client, webhookUrl }, secrets, ingest };
}
