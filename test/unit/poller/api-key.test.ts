import { describe, expect, it } from "vitest";

import { makeAlloyApiKeyReader } from "../../../lambdas/adapters/alloy/alloy-api-key.ts";
import type { MessageCode } from "../../../lambdas/telemetry/messages.ts";

const KEY = { token: "Qh3pVt8ZbK", secret: "k2Lw9XrYd5" };

function aReader(...secrets: readonly unknown[]) {
  const codes: MessageCode[] = [];
  const texts = secrets.map((secret) => JSON.stringify(secret));
  const read = makeAlloyApiKeyReader({
    secret: { read: () => Promise.resolve({ text: texts.shift() ?? "{}" }) },
    lifetimeMs: 300_000,
    now: () => 0,
    logger: { debug() {}, info() {}, warn() {}, error: (code) => void codes.push(code) },
  });
  return { codes, read: () => read({ isForced: true }) };
}

describe("the key of Alloy's API", () => {
  it("is what the secret holds: Alloy decides how strong its keys are", async () => {
    const reader = aReader(KEY);

    expect(await reader.read()).toEqual(KEY);
    expect(reader.codes).toEqual([]);
  });

  it.each([
    { token: "your API token", secret: "its secret" },
    { token: "…", secret: "…" },
    { token: KEY.token, secret: "its secret" },
    { token: "<token>", secret: KEY.secret },
  ])("is none when the secret holds a text of the documentation: %j", async (secret) => {
    const reader = aReader(secret);

    expect(await reader.read()).toBeNull();
    expect(reader.codes).toEqual(["poller.secret.placeholder"]);
  });

  it("stays the one before when somebody overwrites it with a text of the documentation", async () => {
    const reader = aReader(KEY, { token: "your API token", secret: "its secret" });
    await reader.read();

    expect(await reader.read()).toEqual(KEY);
    expect(reader.codes).toEqual(["poller.secret.placeholder"]);
  });
});
