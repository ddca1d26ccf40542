import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { INGEST } from "../../lambdas/settings/limits.ts";
import { rotate } from "../../tools/ops/rotate.ts";
import { basicOf } from "../support/ingest.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";
import { aWebhook, post } from "./driver.ts";
import type { Driver } from "./driver.ts";

const PER_SECOND = 20;

/** A rotation of the webhook secret under traffic, wherever the receiver runs. */
export function describeRotation(name: string, isSkipped: boolean, open: () => Promise<Driver>) {
  describe.skipIf(isSkipped)(`a rotation, ${name}`, () => {
    /** One event, over and over: the rest of the pipeline has one effect of it. */
    const body = aWebhook({});
    let driver: Driver;
    beforeAll(async () => {
      driver = await open();
      return () => driver.close();
    });

    it(`by ops rotate costs none of ${12 * PER_SECOND} webhooks, and ends with the old credential refused`, async () => {
      const old = driver.basic;
      // Other tests may have left entries of their own.
      await driver.putWebhookSecret({ basic: [old], hmac: [driver.hmac] });
      const terminal = new KeptTerminal();
      let used = old;
      const answers: Promise<number>[] = [];

      async function send(seconds: number): Promise<void> {
        for (let sent = 0; sent < seconds * PER_SECOND; sent += 1) {
          answers.push(statusOf(basicOf(used.username, used.password)));
          await sleep(1_000 / PER_SECOND);
        }
      }

      const [added] = await Promise.all([ops("add", terminal), send(4)]);
      used = { username: old.username, password: terminal.revealed[0]?.secret ?? "" };
      const withOld = Promise.all(answers);
      await send(4);
      await withOld;
      const [removed] = await Promise.all([ops("remove", terminal), send(4)]);
      const refused = (await Promise.all(answers)).filter((status) => status !== 200);
      await untilRefused(basicOf(old.username, old.password));
      await driver.putWebhookSecret({ basic: [old], hmac: [driver.hmac] });
      console.log(`rotation, ${name}: ${answers.length} webhooks, ${refused.length} rejected`);

      expect(answers).toHaveLength(12 * PER_SECOND);
      expect(refused).toEqual([]);
      expect(added.probes).toEqual([{ entry: "basic-2", isTaken: true, answer: "204" }]);
      expect(removed.changed?.entry).toBe("basic-1");
      expect(removed.probes.map(({ isTaken }) => isTaken)).toEqual([true, true]);
      expect(terminal.text).not.toContain(used.password);
    });

    async function statusOf(authorization: string): Promise<number> {
      return (await post(driver, body, authorization)).status;
    }

    function ops(action: "add" | "remove", terminal: KeptTerminal) {
      const stack = { ...aStack(), ...driver.secret, webhookUrl: driver.webhookUrl };
      return rotate(
        stack,
        action,
        {
          second: action === "remove" ? "basic-1" : "",
          basic: action === "add" ? driver.basic.username : null,
          hmac: false,
          fromStdin: false,
          toFile: null,
          leaked: true,
          yes: true,
          stages: [],
          now: Date.now(),
          wait: sleep,
          standardInput: null,
        },
        terminal,
      );
    }

    /** A wrong password has a sandbox read the secret again, at most once in ten seconds. */
    async function untilRefused(authorization: string): Promise<void> {
      for (let attempt = 1; attempt <= 10; attempt += 1) {
        await post(driver, body, basicOf("alloy", "a password that somebody guesses"));
        if ((await statusOf(authorization)) === 401) return;
        await sleep(INGEST.secretRefreshMs / 2);
      }
      throw new Error("The removed credential is still taken.");
    }
  });
}
