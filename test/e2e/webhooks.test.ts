import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { aToken, aWebhook, eventually, isSkipped, makeDriver } from "./driver.ts";

describe.skipIf(isSkipped)("a webhook, through the deployed stack", () => {
  let driver: ReturnType<typeof makeDriver>;
  beforeAll(() => {
    driver = makeDriver();
  });

  /** The event items of an application, once there are any. */
  const eventsOf = (applicationToken: string) =>
    eventually(async () => {
      const items = await driver.items();
      const events = items.filter(
        ({ pk, sk }) => pk === `APPLICATION#${applicationToken}` && String(sk).startsWith("EVENT#"),
      );
      return events.length > 0 ? events : null;
    });

  /** Messages about this application that come into a route's queue within a while. */
  const publishedTo = async (name: string, applicationToken: string) => {
    const found: unknown[] = [];
    for (let pass = 0; pass < 4; pass += 1) {
      for (const { Body = "" } of await driver.receive(name)) {
        if (Body.includes(applicationToken)) found.push(JSON.parse(Body));
      }
    }
    return found;
  };

  it("with a wrong password gets 401, and nothing is stored", async () => {
    const applicationToken = aToken("JA");
    const body = aWebhook({ journey_application_token: applicationToken });

    const { status, headers, body: answer } = await driver.post(body, driver.basic("wrong"));

    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).not.toBeNull();
    expect(answer).not.toContain(applicationToken);
    // As long as a webhook that is taken needs to be in the table, several times over.
    await sleep(3_000);
    expect(JSON.stringify(await driver.items())).not.toContain(applicationToken);
    expect(JSON.stringify(await driver.receive("DeadLetterQueueUrl"))).not.toContain(
      applicationToken,
    );
  });

  it("with the right password and no JSON gets 200, and is dead-lettered with the reason", async () => {
    const { status, body } = await driver.post("not json", driver.basic());

    expect({ status, body }).toEqual({ status: 200, body: "{}" });
    const letter = await eventually(async () => {
      const letters = await driver.receive("DeadLetterQueueUrl");
      return letters.find(({ Body = "" }) => Body.includes("not json"));
    });
    expect(JSON.parse(letter.Body ?? "")).toMatchObject({
      v: 1,
      kind: "webhook",
      body: "not json",
    });
    expect(letter.MessageAttributes?.["reason"]?.StringValue).toContain("not JSON");
  });

  it("in the dead-letter queue sets off the alarm on it", async () => {
    const { status } = await driver.post("not json either", driver.basic());

    expect(status).toBe(200);
    const alarm = await eventually(async () => {
      const { MetricAlarms = [] } = await driver.clients.cloudWatch.send(
        new DescribeAlarmsCommand({ StateValue: "ALARM" }),
      );
      return MetricAlarms.find(({ AlarmName = "" }) =>
        AlarmName.endsWith("dead-letters-not-empty"),
      );
    });
    expect(alarm.AlarmDescription).toContain("/dead-letters-not-empty.md");
  });

  it("signed with the HMAC secret is taken, recorded and published", async () => {
    const applicationToken = aToken("JA");
    const body = aWebhook({ journey_application_token: applicationToken });

    const { status } = await driver.post(body, driver.hmac(body));

    expect(status).toBe(200);
    expect(await eventsOf(applicationToken)).toMatchObject([
      { type: "completed_application", origin: "webhook", route: "approved" },
    ]);
    expect(await publishedTo("ApprovedQueueUrl", applicationToken)).toMatchObject([
      {
        source: "alloy.journeys",
        "detail-type": "Journey Application Approved",
        detail: { applicationToken, status: "completed", outcome: "Approved", origin: "webhook" },
      },
    ]);
  });

  it("signed with another secret, or over other bytes, gets 401", async () => {
    const body = aWebhook({});

    const wrongSecret = await driver.post(body, driver.hmac(body, "another"));
    const otherBytes = await driver.post(`${body} `, driver.hmac(body));

    expect([wrongSecret.status, otherBytes.status]).toEqual([401, 401]);
  });

  it("in ten copies at once is one event and one effect", async () => {
    const applicationToken = aToken("JA");
    const data = { journey_application_token: applicationToken, timestamp: Date.now() };

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => driver.post(aWebhook(data), driver.basic())),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const published = await publishedTo("ApprovedQueueUrl", applicationToken);
    expect(published).toHaveLength(1);
    expect(await eventsOf(applicationToken)).toHaveLength(1);
  });

  it("that Alloy's documentation does not know is published as unrecognised", async () => {
    const mark = aToken("mark");

    const { status } = await driver.post(JSON.stringify({ hello: mark }), driver.basic());

    expect(status).toBe(200);
    const message = await eventually(async () => {
      const [first] = await driver.receive("UnrecognisedQueueUrl");
      return first;
    });
    expect(JSON.parse(message.Body ?? "")).toMatchObject({
      "detail-type": "Unrecognised Alloy Event",
      detail: { route: "unrecognised", applicationToken: null },
    });
    // The bus carries what happened, not what was sent.
    expect(message.Body).not.toContain(mark);
  });
});
