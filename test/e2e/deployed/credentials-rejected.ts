import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";

import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ALLOY_SWITCH_OFF_FAILURES } from "../../../lambdas/settings/limits.ts";
import { startAlloySimulator } from "../../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../../tools/alloy-simulator/server.ts";
import { MAIN, makeGoodOps, outputsFileOf } from "../../support/run-ops.ts";
import { commandsIn, runbooks } from "../../support/runbooks.ts";
import { eventually } from "../driver.ts";
import { openEmulatorDriver, makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

/** Each of them tries four times within a second or two: more than Alloy's hundred failures. */
const APPLICATIONS = 9;

/** What Alloy sends until somebody puts it into the secret. */
const AT_ALLOY = { username: "alloy", password: randomBytes(32).toString("base64url") };

describe.skipIf(isSkipped)("the runbook credentials-rejected, followed to the letter", () => {
  let simulator: AlloySimulator;
  let driver: ReturnType<typeof makeDriver>;
  let receiver: Awaited<ReturnType<typeof openEmulatorDriver>>["receiver"];
  const { good } = makeGoodOps(() => driver.stack);

  beforeAll(async () => {
    driver = makeDriver();
    ({ receiver } = await openEmulatorDriver());
    const { alloyPort, alloyApi, timeScale, webhookUrl } = driver.stack;
    simulator = await startAlloySimulator({
      port: alloyPort,
      webhookUrl,
      credential: { kind: "basic", ...AT_ALLOY },
      timeScale,
      apiKey: { token: alloyApi.token, secrets: [alloyApi.secret] },
    });
  });
  afterAll(async () => {
    const { basic, hmac } = driver.stack;
    const SecretString = JSON.stringify({ basic: [basic], hmac: [hmac] });
    const SecretId = driver.output("WebhookSecretArn");
    await driver.clients.secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    await simulator.stop();
  });

  /** Brings the password that Alloy has, as a person pipes it in. */
  async function addEntry(step: string): Promise<void> {
    const [command = ""] = commandsIn(step);
    const words = command.replace("npm run ops -- ", "").replace(" --stage production", "");
    const tool = `"${process.execPath}" ${MAIN} ${words} --from-stdin`;
    const { stdout } = await promisify(execFile)("bash", [
      "-c",
      `printf %s "$1" | ${tool} --outputs "$2"`,
      "bash",
      AT_ALLOY.password,
      outputsFileOf(driver.stack),
    ]);
    expect(stdout).toContain("The endpoint takes it");
  }

  /** Which of the applications that were announced Alloy decided, and we too. */
  async function isDecided(applicationToken: string): Promise<boolean> {
    return (await receiver.application(applicationToken))?.outcome === "Approved";
  }

  async function apply(): Promise<string> {
    const announced = Promise.withResolvers<string>();
    simulator
      .play(["approved-at-once"], {
        onSubmitted: async (created) => {
          await receiver.announceSubmission(created);
          announced.resolve(created.journey_application_token);
        },
      })
      .catch(announced.reject);
    return announced.promise;
  }

  /** What a person does, by what the step says. */
  const ACTIONS: readonly (readonly [RegExp, (step: string) => Promise<void>])[] = [
    [/^Add a new entry /, addEntry],
    [
      /^Press "Test webhook" .* shows 200\./,
      async () => {
        const press = () => fetch(`${simulator.adminUrl}/webhook/test`, { method: "POST" });
        await eventually(async () =>
          (await (await press()).text()).includes("200") ? true : null,
        );
      },
    ],
    [
      /^If Alloy has disabled the endpoint .* enable it /,
      async () => simulator.setWebhookActive(true),
    ],
    [/: no action is needed\./, async () => {}],
  ];

  it("does not end with 200 at the test button and the endpoint still switched off at Alloy", async () => {
    // U8.
    const [, fix = ""] = /## Fix\n\n([^]*?)\n## /.exec(textOf("credentials-rejected")) ?? [];
    const steps = fix.split(/^\d+\. /m).slice(1);
    const waiting = await Promise.all(Array.from({ length: APPLICATIONS }, apply));
    await eventually(async () => (simulator.isWebhookActive() ? null : true));
    expect(simulator.failuresInARow()).toBeGreaterThanOrEqual(ALLOY_SWITCH_OFF_FAILURES);

    const seen: boolean[] = [];
    for (const step of steps) {
      const [, act] = ACTIONS.find(([says]) => says.test(step)) ?? [];
      if (act === undefined) throw new Error(`Nobody here knows how to do this: ${step}`);
      await act(step);
      seen.push(simulator.isWebhookActive());
    }

    // The test button answered 200 while the endpoint was still off: that is not the end.
    expect(seen).toEqual([false, false, true, true]);
    const token = await apply();
    await eventually(async () => ((await isDecided(token)) ? true : null));
    const events = (await receiver.application(token))?.events ?? [];
    expect(events.map(({ origin }) => origin)).toContain("webhook");
    for (const one of waiting) {
      await eventually(async () => ((await isDecided(one)) ? true : null));
    }
    await eventually(async () =>
      (await good("gaps")).includes("No application is in gap.") ? true : null,
    );
  });
});

function textOf(runbook: string): string {
  return runbooks().find(({ id }) => id === runbook)?.text ?? "";
}
