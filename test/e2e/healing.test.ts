import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { makeEmulatorReceiver } from "../../tools/local/emulator-receiver.ts";
import { checkOutputs, STACK_NAME } from "../../tools/local/cdk.ts";
import type { Receiver } from "../../tools/local/receiver.ts";
import { eventually, isSkipped, makeDriver } from "./driver.ts";

describe.skipIf(isSkipped)("an application of which no webhook arrives", () => {
  let alloy: AlloySimulator;
  let receiver: Receiver;
  beforeAll(async () => {
    const { stack, clients } = makeDriver();
    const { alloyPort: port, alloyApi, webhookUrl, basic, timeScale } = stack;
    receiver = await makeEmulatorReceiver(clients, checkOutputs({ [STACK_NAME]: stack.outputs }));
    alloy = await startAlloySimulator({
      port,
      webhookUrl,
      credential: { kind: "basic", ...basic },
      timeScale,
      apiKey: { token: alloyApi.token, secrets: [alloyApi.secret] },
    });
  });
  afterAll(() => alloy?.stop());

  it("is known by its submission alone, and healed event by event, each with one effect", async () => {
    const [held] = await alloy.play(["all-webhooks-lost"], {
      onSubmitted: (created) => receiver.announceSubmission(created),
    });

    const token = held?.applicationToken ?? "";
    const healed = await eventually(async () => {
      const application = await receiver.application(token);
      return application?.outcome === "Approved" ? application : null;
    });
    expect(healed).toMatchObject({ status: "completed", failures: 0 });
    expect(new Set(healed.events.map(({ origin }) => origin))).toEqual(new Set(["poll"]));

    const published = await eventually(async () => {
      const messages = (await receiver.published()).filter(
        ({ applicationToken }) => applicationToken === token,
      );
      return messages.some(({ route }) => route === "approved") ? messages : null;
    });
    const effects = published.map(({ eventId }) => eventId);
    expect(new Set(effects).size).toBe(effects.length);
  });
});
