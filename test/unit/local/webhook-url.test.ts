import { afterEach, describe, expect, it } from "vitest";
import {
  webhookUrlCandidates,
  workingWebhookUrl,
} from "../../../tools/local/emulator/webhook-url.ts";
import { startLocalServer } from "../../support/local-server.ts";
import type { LocalServer } from "../../support/local-server.ts";

const BASIC = { username: "alloy", password: "a-password" };

const servers: LocalServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A server that answers every request with this status. */
async function anEndpoint(status: number): Promise<string> {
  const server = await startLocalServer((_, response) => response.writeHead(status).end());
  servers.push(server);
  return `${server.url}/webhooks/alloy`;
}

describe("the webhook's address", () => {
  it("is tried under the emulator's path before its own name, which may not resolve", () => {
    const candidates = webhookUrlCandidates(
      "http://127.0.0.1:4566",
      "http://76077865.execute-api.localhost:4566/webhooks/alloy",
    );

    expect(candidates).toEqual([
      "http://127.0.0.1:4566/_aws/execute-api/76077865/%24default/webhooks/alloy",
      "http://76077865.execute-api.localhost:4566/webhooks/alloy",
    ]);
  });

  it("is the stack's own when that is no emulator's name", () => {
    const url = "http://127.0.0.1:9/webhooks/alloy";

    expect(webhookUrlCandidates("http://127.0.0.1:4566", url)).toEqual([url]);
  });

  it("is the first at which ingest takes a probe: a request that it refused was blamed for lost webhooks", async () => {
    const wrong = await anEndpoint(404);
    const refusing = await anEndpoint(401);
    const right = await anEndpoint(204);

    expect(await workingWebhookUrl([wrong, refusing, right], BASIC)).toBe(right);
  });

  it("is a failure that says what each candidate answered", async () => {
    const wrong = await anEndpoint(502);

    await expect(workingWebhookUrl([wrong], BASIC)).rejects.toThrow(`${wrong} answers 502`);
  });
});
