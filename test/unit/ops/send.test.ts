import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { decodeEnvelope } from "../../../lambdas/domain/event/decode-envelope.ts";
import { sendFile, submit } from "../../../tools/ops/send.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");

describe("submit", () => {
  it("announces an application as the rule of the bus does", async () => {
    const sqs = new MemorySqs();

    await submit(
      aStack(sqs),
      "JA-1",
      { journey: "J-1", dryRun: false, now: NOW },
      new KeptTerminal(),
    );

    const [message = ""] = sqs.all("events");
    expect(decodeEnvelope(message)).toMatchObject({
      envelope: {
        kind: "submission",
        submission: { journey_application_token: "JA-1", journey_token: "J-1" },
      },
    });
  });

  it("wants the Journey, since the poller asks Alloy by it", async () => {
    await expect(
      submit(aStack(), "JA-1", { journey: null, dryRun: false, now: NOW }, new KeptTerminal()),
    ).rejects.toThrow('"submit" needs --journey <token>');
  });
});

describe("send", () => {
  /** An endpoint that answers so, what it received, and a file with a body. */
  async function anEndpoint(status: number) {
    const received: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      received.push(headers.authorization);
      response.writeHead(status).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const file = join(mkdtempSync(join(tmpdir(), "send-")), "event.json");
    writeFileSync(file, "{}");
    return { file, received, stack: { ...aStack(), webhookUrl: `http://127.0.0.1:${port}/` } };
  }

  it("posts the body with the credential of a local stack", async () => {
    const { file, received, stack } = await anEndpoint(200);

    await sendFile({ ...stack, authorization: "Basic eA==" }, file, {}, new KeptTerminal());

    expect(received).toEqual(["Basic eA=="]);
  });

  it("fails with what the endpoint answered", async () => {
    const { file, stack } = await anEndpoint(401);

    await expect(
      sendFile({ ...stack, authorization: "Basic eA==" }, file, {}, new KeptTerminal()),
    ).rejects.toThrow("The endpoint answered 401, not 200.");
  });

  it("says which credential it wants", async () => {
    const { file, stack } = await anEndpoint(200);

    await expect(sendFile(stack, file, {}, new KeptTerminal())).rejects.toThrow(
      "No credential was given.",
    );
  });
});
