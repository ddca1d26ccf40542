import { afterAll, describe, expect, test } from "vitest";

import { parseInvestigationEvent } from "../../lambdas/domain/event/investigation-event.ts";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { anAlloyApi, RIGHT_KEY } from "../support/alloy-api.ts";
import { basicOf } from "../support/ingest.ts";

const simulator = await startAlloySimulator({
  apiKey: { token: RIGHT_KEY.token, secrets: [RIGHT_KEY.secret] },
  webhookUrl: "http://127.0.0.1:1/webhooks/alloy",
  timeScale: 100_000,
});
afterAll(simulator.stop);

describe("the simulator's Investigations", () => {
  test("are listed as they stand, and a closed one only when it is asked for", async () => {
    const { token, routes } = await simulator.investigate();
    const api = anAlloyApi(simulator.baseUrl);

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
    const authorization = basicOf(RIGHT_KEY.token, RIGHT_KEY.secret);
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
