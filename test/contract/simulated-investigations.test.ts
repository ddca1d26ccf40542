import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { HttpAlloyApi } from "../../lambdas/adapters/alloy/alloy-api.ts";
import { BasicAuthorization } from "../../lambdas/adapters/alloy/alloy-authorization.ts";
import { parseInvestigationEvent } from "../../lambdas/domain/event/investigation-event.ts";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../tools/alloy-simulator/server.ts";

const KEY = { token: "key", secret: "secret" };

describe("the simulator's Investigations", () => {
  let simulator: AlloySimulator;
  beforeAll(async () => {
    simulator = await startAlloySimulator({
      apiKey: { token: KEY.token, secrets: [KEY.secret] },
      webhookUrl: "http://127.0.0.1:1/webhooks/alloy",
      timeScale: 100_000,
    });
  });
  afterAll(() => simulator.stop());

  test("are listed as they stand, and a closed one only when it is asked for", async () => {
    const { token, routes } = await simulator.investigate();
    const api = new HttpAlloyApi({
      baseUrl: simulator.baseUrl,
      authorization: new BasicAuthorization(async () => KEY),
      fetch,
      now: Date.now,
    });

    expect(routes).toEqual([
      "investigation-created",
      "investigation-promoted",
      "investigation-closed",
    ]);
    expect(await api.listInvestigations(1, 2_000)).toMatchObject({
      kind: "investigations",
      page: {
        isLast: true,
        investigations: [
          { investigationToken: token, status: "closed", isCase: true, outcome: "Dismissed" },
        ],
      },
    });
    const authorization = `Basic ${Buffer.from("key:secret").toString("base64")}`;
    const open = await fetch(`${simulator.baseUrl}/investigations`, { headers: { authorization } });
    expect(await open.json()).toMatchObject({ investigations: [] });
  });

  test("tell of each step by a webhook that is read as Alloy's, but of the closing", async () => {
    await simulator.investigate();

    const sent = simulator
      .deliveries()
      .slice(-3)
      .map(({ state, attempts }) => [
        state === "withheld",
        parseInvestigationEvent(attempts[0]?.body ?? "")?.event.status,
      ]);

    expect(sent).toEqual([
      [false, "created"],
      [false, "promoted_to_case"],
      [true, undefined],
    ]);
  });
});
