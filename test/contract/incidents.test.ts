import { SQSClient } from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { TestContext } from "vitest";
import { METRIC_NAMESPACE } from "../../lambdas/settings/metrics.ts";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { seriesName } from "../../tools/cloudwatch/alarms.ts";
import { PUBLICATION_DELAY, rangeAt } from "../../tools/cloudwatch/evaluate.ts";
import { judge } from "../../tools/cloudwatch/judge.ts";
import { Measurements } from "../../tools/cloudwatch/measurements.ts";
import { makeMemoryVerbs } from "../../tools/console/verbs.ts";
import { startInProcess } from "../../tools/in-process/start.ts";
import { readEmbeddedMetrics } from "../../tools/local/emulator/embedded-metrics.ts";
import { pollerPace } from "../../tools/local/emulator/poller-pace.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { allowLooks } from "../../tools/local/emulator/route-queues.ts";
import { plant } from "../../tools/local/incidents.ts";
import type { IncidentName } from "../../tools/local/incident-names.ts";
import { basicOf } from "../support/ingest.ts";
import { aStack } from "../support/operator.ts";
import { alarmsOf, templateOf } from "../support/template.ts";
import { eventually } from "../e2e/driver.ts";

const TIME_SCALE = 600;

/** It takes seconds; a busy machine takes longer. */
const LIMIT_MS = 600_000;

/** Wherever on the clock: what is measured between two looks is of one minute. */
const MINUTE = 10_000;

const Warning = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    code: v.string(),
    applicationToken: v.optional(v.string(), ""),
    cause: v.optional(v.string(), ""),
  }),
);

const stageBeside = (alloyPort: number) =>
  stageFrom({
    stage: "local",
    alloyBaseUrl: `http://127.0.0.1:${alloyPort}/v1`,
    timeScale: TIME_SCALE,
    investigations: "on",
  });

/** Of the template, which is made once; where Alloy is says nothing of its alarms and roles. */
const STAGE = stageBeside(9);

const alloyPorts = await freePorts(5);

/** The receiver beside the simulated Alloy, its alarms by the template's definitions, and what on call sees of it. */
async function aPractice({ onTestFinished }: Pick<TestContext, "onTestFinished">) {
  const alloyPort = alloyPorts.pop() ?? 0;
  const stage = stageBeside(alloyPort);
  const basic = { username: "alloy", password: "in-process-password" };
  const alloyApi = { token: "in-process-token", secret: "in-process-secret" };
  const lines: string[] = [];
  const running = await startInProcess({
    stage,
    port: 0,
    secrets: { webhook: { basic: [basic], hmac: ["practice-hmac-key"] }, alloyApi },
    pollerPaceMs: pollerPace(TIME_SCALE) ?? stage.polling.rateMs,
    onLog: (line) => lines.push(line),
    onFailure: (error) => {
      throw error;
    },
    templateOf: () => templateOf(STAGE),
  });
  const simulator = await startAlloySimulator({
    port: alloyPort,
    webhookUrl: running.webhookUrl,
    credential: { kind: "basic", ...basic },
    environment: "sandbox",
    timeScale: TIME_SCALE,
    apiKey: { token: alloyApi.token, secrets: [alloyApi.secret] },
  });
  const ending = new AbortController();
  onTestFinished(async () => {
    ending.abort();
    await simulator.stop();
    await running.stop();
  });
  const alarms = alarmsOf(templateOf(STAGE));

  /** The alarms that ring by what was logged since the last look, and by the depth of the dead-letter queue. */
  function ringing(): readonly string[] {
    const measurements = new Measurements();
    for (const { namespace, data } of lines.flatMap(readEmbeddedMetrics)) {
      for (const { MetricName = "", Dimensions = [], Value = 0 } of data) {
        const dimensions = Dimensions.map(({ Name = "", Value: of }) => ({ Name, Value: of }));
        measurements.put(seriesName(namespace, MetricName, dimensions), MINUTE, Value);
      }
    }
    measurements.put(
      seriesName("AWS/SQS", "ApproximateNumberOfMessagesVisible", [
        { Name: "QueueName", Value: { "Fn::GetAtt": ["DeadLetterQueue", "QueueName"] } },
      ]),
      MINUTE,
      running.cloud.deadLetters.messages().length,
    );
    return alarms.metric
      .filter(({ metrics }) => metrics.some(({ namespace, name }) => isSeen(namespace, name)))
      .filter((alarm) => {
        const range = rangeAt(alarm, measurements, MINUTE + 1 + PUBLICATION_DELAY);
        return judge(alarm, range) === "ALARM";
      })
      .map(({ id }) => id);
  }
  const verbs = makeMemoryVerbs(running.cloud, Date.now);
  /** The log lines with this code. */
  const warned = (code: string) =>
    lines.flatMap((line) => {
      const parsed = v.safeParse(Warning, line);
      return parsed.success && parsed.output.code === code ? [parsed.output] : [];
    });
  return {
    ...running,
    simulator,
    ringing,
    forgetLog: () => void lines.splice(0),
    /** Of the applications of these scenarios. @param scenarios - none: all */
    tokens: (...scenarios: readonly string[]) =>
      simulator
        .applications()
        .filter(({ scenario }) => scenarios.length === 0 || scenarios.includes(scenario))
        .map(({ applicationToken }) => applicationToken),
    plant: (
      name: IncidentName,
      {
        sqs = aStack().sqs,
        outputs = {},
      }: { sqs?: SQSClient; outputs?: Readonly<Record<string, string>> } = {},
    ) =>
      plant(name, {
        simulator,
        stack: { receiver: running.receiver, outputs },
        connected: {
          ...aStack(),
          sqs,
          webhookUrl: running.webhookUrl,
          authorization: basicOf(basic.username, basic.password),
        },
        signal: ending.signal,
      }),
    untilAlloyIsCalled: (tokens: readonly string[]) =>
      eventually(async () => {
        for (const token of tokens) await verbs.check(token);
        return lines.some((line) => /"AlloyCalls":[1-9]/.test(line)) ? true : null;
      }, LIMIT_MS),
    check: (token: string) => verbs.check(token),
    untilRings: (id: string) =>
      eventually(async () => (ringing().includes(id) ? true : null), LIMIT_MS),
    /** The warnings of a code, once there is one about each of these applications. */
    untilWarned: (code: string, tokens: readonly string[]) =>
      eventually(async () => {
        const about = warned(code).filter(({ applicationToken }) =>
          tokens.includes(applicationToken),
        );
        return new Set(about.map((one) => one.applicationToken)).size === tokens.length
          ? about
          : null;
      }, LIMIT_MS),
    /** Waits until the decision of an application has come so. */
    untilDecided: (origin: "poll" | "webhook", token = "") =>
      eventually(async () => {
        const here = await running.receiver.application(token);
        const decision = here?.events.find(({ type }) => type === "completed_application");
        return decision?.origin === origin ? true : null;
      }, LIMIT_MS),
  };
}

/** What this test measures: our own metrics, and the dead letters. */
function isSeen(namespace: string, name: string): boolean {
  return namespace === METRIC_NAMESPACE || name === "ApproximateNumberOfMessagesVisible";
}

// Beside each other: each waits for what comes of its own.
describe.concurrent("an incident to practise", () => {
  it("lost-webhooks: rings what recovers them, names both applications, and ends with the loss", async (test) => {
    const practice = await aPractice(test);
    await practice.plant("lost-webhooks");
    expect(practice.tokens()).toHaveLength(2);

    await practice.untilRings("webhooks-repaired");
    await practice.untilWarned("poller.application.behind", practice.tokens());

    practice.simulator.withholdWebhooks(false);
    await practice.simulator.play(["denied"]);
    await practice.untilDecided("webhook", practice.tokens().at(-1));
  });

  it("wrong-secret: rings for the credential, names all three in the end, and ends with the right one", async (test) => {
    const practice = await aPractice(test);
    await practice.plant("wrong-secret");

    await practice.untilRings("credentials-rejected");
    expect(practice.tokens()).toHaveLength(3);
    await practice.untilWarned("poller.application.behind", practice.tokens());

    practice.simulator.webhookFaults.set("wrong-secret", false);
    await practice.simulator.play(["denied"]);
    await practice.untilDecided("webhook", practice.tokens().at(-1));
  });

  it("poison: dead-letters both bodies with their reasons, and ends when they are gone", async (test) => {
    const practice = await aPractice(test);
    await practice.plant("poison");

    await practice.untilRings("dead-letters-not-empty");
    const letters = await eventually(async () => {
      const found = practice.cloud.deadLetters.messages();
      return found.length === 2 ? found : null;
    }, LIMIT_MS);
    for (const { attributes } of letters) {
      expect(attributes["reason"]).toMatch(/the body is not JSON/);
    }

    for (const { receiptHandle } of practice.cloud.deadLetters.receive(10)) {
      practice.cloud.deadLetters.delete(receiptHandle);
    }
    expect(practice.ringing()).not.toContain("dead-letters-not-empty");
  });

  it("vendor-outage: rings for Alloy's API, names whom it could not ask for, and ends with the outage", async (test) => {
    const practice = await aPractice(test);
    await practice.plant("vendor-outage");

    await practice.untilRings("alloy-api-failing");
    const unanswered = await practice.untilWarned("poller.call.failed", practice.tokens());
    expect(new Set(unanswered.map(({ cause }) => cause))).toEqual(new Set(["server-error"]));

    practice.simulator.setApiFault({ kind: "none" });
    const lost = practice.tokens("denied", "approved-at-once");
    for (const token of lost) await practice.check(token);
    for (const token of lost) await practice.untilDecided("poll", token);
    practice.forgetLog();
    await practice.untilAlloyIsCalled(lost);
    expect(practice.ringing()).not.toContain("alloy-api-failing");
  });

  it("dead-route: moves what EventBridge may not deliver, with EventBridge's own reason", async (test) => {
    const practice = await aPractice(test);
    const message = (name: string, ageMs: number) => ({
      MessageId: name,
      ReceiptHandle: name,
      Body: name,
      Attributes: { SentTimestamp: String(Date.now() - ageMs) },
    });
    const queues = new Map([
      ["/approved", [message("one of before", 60_000), message("an approval", -60_000)]],
    ]);
    const deleted: unknown[] = [];
    const sent: unknown[] = [];
    const sqs = aRouteQueue({
      ReceiveMessageCommand: ({ QueueUrl }) => ({ Messages: queues.get(String(QueueUrl)) ?? [] }),
      DeleteMessageBatchCommand: ({ QueueUrl, Entries }) => {
        deleted.push(Entries);
        queues.delete(String(QueueUrl));
        return {};
      },
      SendMessageCommand: (input) => {
        sent.push(input);
        return {};
      },
    });

    await practice.plant("dead-route", { sqs, outputs: { ApprovedQueueUrl: "/approved" } });
    await eventually(async () => (queues.size === 0 ? true : null), LIMIT_MS);

    expect(sent).toMatchObject([
      {
        QueueUrl: "/approved-dead-letters",
        MessageBody: "an approval",
        MessageAttributes: { ERROR_CODE: { StringValue: "NO_PERMISSIONS" } },
      },
    ]);
    expect(deleted).toEqual([[{ Id: "0", ReceiptHandle: "an approval" }]]);
    expect(practice.tokens()).toHaveLength(2);
  });
});

describe("looks into a route's queue", () => {
  it("do not dead-letter what is looked at: six receives would", async () => {
    const set: unknown[] = [];
    const sqs = aRouteQueue({
      SetQueueAttributesCommand: (input) => {
        set.push(input);
        return {};
      },
    });

    expect(await allowLooks(sqs, { ApprovedQueueUrl: "/approved", WebhookUrl: "/" })).toEqual([
      "/approved-dead-letters",
    ]);
    expect(set).toEqual([
      {
        QueueUrl: "/approved",
        Attributes: {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: LETTERS_ARN,
            maxReceiveCount: 1_000,
          }),
        },
      },
    ]);
  });
});

const LETTERS_ARN = "arn:aws:sqs:us-east-1:000000000000:approved-dead-letters";

/** An SQS with the queue of a route, and how it answers what else it gets. */
function aRouteQueue(
  answers: Readonly<Record<string, (input: Readonly<Record<string, unknown>>) => object>>,
): SQSClient {
  return answered(new SQSClient({ region: "us-east-1" }), (input, commandName) => {
    if (commandName === "GetQueueAttributesCommand") {
      const policy = { deadLetterTargetArn: LETTERS_ARN, maxReceiveCount: 6 };
      return { Attributes: { RedrivePolicy: JSON.stringify(policy) } };
    }
    if (commandName === "GetQueueUrlCommand") return { QueueUrl: "/approved-dead-letters" };
    const answer = answers[commandName];
    if (answer === undefined) throw new Error(`${commandName} is not expected.`);
    return answer({ ...input });
  });
}
