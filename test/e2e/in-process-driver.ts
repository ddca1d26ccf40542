import { stageFrom } from "../../lib/config/stage-from-context.ts";
import { startInProcess } from "../../tools/in-process/start.ts";
import { pollerPace } from "../../tools/local/emulator/poller-pace.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { memorySecrets } from "../support/memory-secrets.ts";
import type { Driver } from "./driver.ts";

const TIME_SCALE = 600;

/** The same handlers in this process, as `npm start -- --in-process` runs them. */
export async function openInProcessDriver(): Promise<Driver> {
  const [port = 0] = await freePorts(1);
  const alloyBaseUrl = `http://127.0.0.1:${port}/v1`;
  const stage = stageFrom({
    stage: "local",
    alloyBaseUrl,
    timeScale: TIME_SCALE,
    investigations: "on",
  });
  const basic = { username: "alloy", password: "in-process-password" };
  const hmac = "in-process-hmac-key";
  const alloyApi = { token: "in-process-token", secret: "in-process-secret" };
  const failures: unknown[] = [];
  const running = await startInProcess({
    stage,
    port: 0,
    secrets: { webhook: { basic: [basic], hmac: [hmac] }, alloyApi },
    pollerPaceMs: pollerPace(TIME_SCALE) ?? stage.polling.rateMs,
    onLog() {},
    onFailure: (error) => failures.push(error),
  });
  const { webhookUrl, cloud, receiver } = running;
  const { applications } = cloud;
  const secrets = memorySecrets(JSON.stringify({ basic: [basic], hmac: [hmac] }), (text) =>
    cloud.webhookSecret.put(text),
  );
  return {
    webhookUrl,
    basic,
    hmac,
    receiver,
    alloy: { port, ...alloyApi, timeScale: TIME_SCALE, investigations: true },
    stored: async () =>
      JSON.stringify([
        [...applications.applications],
        [...applications.events],
        [...applications.failures],
      ]),
    deadLetters: async () =>
      cloud.deadLetters
        .receive()
        .map(({ body, attributes }) => ({ body, reason: attributes["reason"] })),
    putWebhookSecret: async (secret) => secrets.put(secret),
    secret: { secrets: secrets.client, webhookSecretArn: "webhook-secret" },
    async close() {
      await running.stop();
      // A Lambda that throws is a bug, whatever the scenarios made of it.
      if (failures.length > 0) throw new AggregateError(failures, "A Lambda failed.");
    },
  };
}
