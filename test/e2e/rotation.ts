import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { INGEST } from "../../lambdas/settings/limits.ts";
import { basicOf } from "../support/ingest.ts";
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

    it(`by "add, switch, remove" costs none of ${12 * PER_SECOND} webhooks`, async () => {
      const put = (basic: readonly Driver["basic"][]) =>
        driver.putWebhookSecret({ basic, hmac: [driver.hmac] });
      const old = driver.basic;
      const next = { username: "alloy", password: "the next one of a rotation" };
      let used = old;
      const answers: Promise<number>[] = [];
      // Another test may just have guessed a password.
      await sleep(INGEST.secretRefreshMs);

      async function send(seconds: number): Promise<void> {
        for (let sent = 0; sent < seconds * PER_SECOND; sent += 1) {
          answers.push(postAsOften(basicOf(used.username, used.password)));
          await sleep(1_000 / PER_SECOND);
        }
      }

      await send(4);
      await put([old, next]);
      used = next;
      const withOld = Promise.all(answers);
      await send(4);
      await withOld;
      await put([next]);
      await send(4);
      const refused = (await Promise.all(answers)).filter((status) => status !== 200);
      await put([old]);
      console.log(`rotation, ${name}: ${answers.length} webhooks, ${refused.length} rejected`);

      expect(answers).toHaveLength(12 * PER_SECOND);
      expect(refused).toEqual([]);
    });

    /**
     * Tries again as Alloy does after a 5xx: the emulator on a busy machine may give a function less to run on than its
     * three seconds need, and kill it. A 4xx is final here: the webhook was rejected.
     */
    async function postAsOften(authorization: string): Promise<number> {
      for (let attempt = 1; ; attempt += 1) {
        const { status } = await post(driver, body, authorization);
        if (status < 500 || attempt === 10) return status;
        await sleep(1_000);
      }
    }
  });
}
