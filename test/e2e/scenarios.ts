import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { playScenarios } from "../../tools/local/scenarios/play.ts";
import { isGood, renderReport } from "../../tools/local/terminal/report.ts";
import { plain } from "../../tools/terminal/lines.ts";
import { basicOf, signatureOf } from "../support/ingest.ts";
import { aToken, aWebhook, eventually, post } from "./driver.ts";
import type { DeadLetter, Driver } from "./driver.ts";

/** As long as a webhook that is taken needs for its effect, several times over. */
const LONG_ENOUGH_MS = 3_000;

/** What the receiver does as seen from outside, wherever it runs. */
export function describeScenarios(name: string, isSkipped: boolean, open: () => Promise<Driver>) {
  describe.skipIf(isSkipped)(`the receiver, ${name}`, () => {
    let driver: Driver;
    beforeAll(async () => {
      driver = await open();
      return () => driver.close();
    });

    const basic = (password = driver.basic.password) => basicOf(driver.basic.username, password);

    /** The recorded events of an application, once there are any. */
    const eventsOf = (applicationToken: string) =>
      eventually(async () => {
        const { events = [] } = (await driver.receiver.application(applicationToken)) ?? {};
        return events.length > 0 ? events : null;
      });

    /** Messages about this application in the routes' queues, those that come a little later included. */
    const publishedOf = async (applicationToken: string) => {
      const find = async () => {
        const messages = await driver.receiver.published();
        return messages.filter((message) => message.applicationToken === applicationToken);
      };
      await eventually(async () => ((await find()).length > 0 ? true : null));
      await sleep(LONG_ENOUGH_MS);
      return find();
    };

    /** What the dead-letter queue has had so far: each letter is there in one answer only. */
    const letters: DeadLetter[] = [];
    const deadLetters = async () => {
      letters.push(...(await driver.deadLetters()));
      return letters;
    };

    // Beside each other: each waits for what comes of a webhook of its own.
    describe.concurrent("given a webhook", () => {
      it("with a wrong password answers 401, and stores nothing", async () => {
        const applicationToken = aToken("JA");
        const webhook = aWebhook({ journey_application_token: applicationToken });

        const { status, headers, body } = await post(driver, webhook, basic("wrong"));

        expect(status).toBe(401);
        expect(headers.get("www-authenticate")).not.toBeNull();
        expect(body).not.toContain(applicationToken);
        await sleep(LONG_ENOUGH_MS);
        expect(await driver.stored()).not.toContain(applicationToken);
        expect(JSON.stringify(await deadLetters())).not.toContain(applicationToken);
      });

      it("with the right password and no JSON answers 200, and dead-letters it with the reason", async () => {
        const mark = aToken("mark");
        const { status, body } = await post(driver, `not json ${mark}`, basic());

        expect({ status, body }).toEqual({ status: 200, body: "{}" });
        const letter = await eventually(async () =>
          (await deadLetters()).find((one) => one.body.includes(mark)),
        );
        expect(JSON.parse(letter.body)).toMatchObject({
          v: 1,
          kind: "webhook",
          body: `not json ${mark}`,
        });
        expect(letter.reason).toContain("not JSON");
      });

      it("signed with the HMAC secret takes, records and publishes it", async () => {
        const applicationToken = aToken("JA");
        const webhook = aWebhook({ journey_application_token: applicationToken });

        const { status } = await post(driver, webhook, signatureOf(driver.hmac, webhook));

        expect(status).toBe(200);
        expect(await eventsOf(applicationToken)).toMatchObject([
          { type: "completed_application", origin: "webhook", route: "approved" },
        ]);
        const published = await publishedOf(applicationToken);
        expect(published.map(({ route }) => route)).toEqual(["approved"]);
        expect(JSON.parse(published[0]?.body ?? "")).toMatchObject({
          source: "alloy.journeys",
          "detail-type": "Journey Application Approved",
          detail: { applicationToken, status: "completed", outcome: "Approved", origin: "webhook" },
        });
      });

      it("signed with another secret, or over other bytes, answers 401", async () => {
        const webhook = aWebhook({});

        const wrongSecret = await post(driver, webhook, signatureOf("another", webhook));
        const otherBytes = await post(driver, `${webhook} `, signatureOf(driver.hmac, webhook));

        expect([wrongSecret.status, otherBytes.status]).toEqual([401, 401]);
      });

      it("in ten copies at once has one event and one effect", async () => {
        const applicationToken = aToken("JA");
        const data = { journey_application_token: applicationToken, timestamp: Date.now() };

        const answers = await Promise.all(
          Array.from({ length: 10 }, () => post(driver, aWebhook(data), basic())),
        );

        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
        expect(await publishedOf(applicationToken)).toHaveLength(1);
        expect(await eventsOf(applicationToken)).toHaveLength(1);
      });

      it("that Alloy's documentation does not know publishes it as unrecognised", async () => {
        const mark = aToken("mark");
        const route: RouteId = "unrecognised";

        const { status } = await post(driver, JSON.stringify({ hello: mark }), basic());

        expect(status).toBe(200);
        const { body } = await eventually(async () =>
          (await driver.receiver.published()).find((message) => message.route === route),
        );
        expect(JSON.parse(body)).toMatchObject({
          "detail-type": "Unrecognised Alloy Event",
          detail: { route, applicationToken: null },
        });
        // The bus carries what happened, not what was sent.
        expect(body).not.toContain(mark);
      });

      it("by another method, or at another path, answers 404", async () => {
        const { webhookUrl } = driver;
        const authorization = basic();

        const answers = await Promise.all([
          fetch(webhookUrl, { headers: { authorization } }),
          ...["PUT", "PATCH", "DELETE"].map((method) =>
            fetch(webhookUrl, { method, headers: { authorization } }),
          ),
          fetch(`${webhookUrl}/more`, { method: "POST", headers: { authorization }, body: "{}" }),
        ]);

        expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
      });
    });

    describe("beside Alloy", () => {
      let alloy: AlloySimulator;
      beforeAll(async () => {
        const { port, token, secret, timeScale } = driver.alloy;
        alloy = await startAlloySimulator({
          port,
          webhookUrl: driver.webhookUrl,
          credential: { kind: "basic", ...driver.basic },
          timeScale,
          apiKey: { token, secrets: [secret] },
        });
        return () => alloy.stop();
      });

      it("knows an application by its submission alone, and heals it event by event, each with one effect", async () => {
        const [held] = await alloy.play(["all-webhooks-lost"], {
          onSubmitted: (created) => driver.receiver.announceSubmission(created),
        });

        const token = held?.applicationToken ?? "";
        const healed = await eventually(async () => {
          const application = await driver.receiver.application(token);
          return application?.outcome === "Approved" ? application : null;
        });
        expect(healed).toMatchObject({ status: "completed", failures: 0 });
        expect(new Set(healed.events.map(({ origin }) => origin))).toEqual(new Set(["poll"]));

        const published = await eventually(async () => {
          const messages = (await driver.receiver.published()).filter(
            ({ applicationToken }) => applicationToken === token,
          );
          return messages.some(({ route }) => route === "approved") ? messages : null;
        });
        const effects = published.map(({ eventId }) => eventId);
        expect(new Set(effects).size).toBe(effects.length);
      });

      it("ends every application of every scenario where Alloy says, each effect once", async () => {
        const { token, secret, investigations } = driver.alloy;
        const limitMs = 90_000;
        const result = await playScenarios(
          { simulator: alloy, baseUrl: alloy.baseUrl, token, secret },
          driver.receiver,
          { signal: new AbortController().signal, limitMs, investigations, onProgress() {} },
        );

        // Of a report that is not good, all of it is what helps.
        const report = renderReport(result, { elapsedMs: 0, limitMs }).map(plain).join("\n");
        expect(isGood(result) ? "good" : report).toBe("good");
        expect(result.verdicts.length).toBeGreaterThanOrEqual(alloy.scenarioNames.length);
      });
    });
  });
}
