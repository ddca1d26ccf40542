import type { RequestListener } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { evaluate } from "../../tools/cloudwatch/evaluate.ts";
import { Measurements } from "../../tools/cloudwatch/measurements.ts";
import { seriesOf } from "../../tools/cloudwatch/series.ts";
import { redriveTarget } from "../../tools/ops/redrive-target.ts";
import { deliverOverHttp } from "../../tools/strict-aws/api-destination.ts";
import type { HttpDelivery } from "../../tools/strict-aws/api-destination.ts";
import { ArnResolver } from "../../tools/strict-aws/iam/arns.ts";
import { isRecord, listOf } from "../../tools/template/template.ts";
import { withTargets } from "../../tools/template/variants.ts";
import { cloudFormationOf } from "./cloud-formation.ts";
import { startLocalServer } from "./local-server.ts";
import { memoryEvents } from "./memory-events.ts";
import { MemorySqs } from "./memory-sqs.ts";
import { aStack, KeptTerminal } from "./operator.ts";
import { alarmsOf, templateOf } from "./template.ts";

const STACK = "AlloyJourneyWebhooks-production";
const NAME = "core-banking";
const RULE = `${STACK}-approved-${NAME}`;
const MINUTE = 60_000;

const template = templateOf(withTargets);
const arns = new ArnResolver(template.resources);

/** The event as the bus has it. */
export const EVENT = JSON.stringify({
  version: "0",
  id: "0a1b2c3d",
  source: "alloy.journeys",
  "detail-type": ROUTE_TITLES.approved,
  detail: { version: 1, eventId: "e1", applicationToken: "JA-1" },
});

/** How the template has EventBridge call the target, but at this address, with what its secret holds. */
function deliveryOf(endpoint: string, credential: string): HttpDelivery {
  const rule = template
    .ofType("AWS::Events::Rule")
    .find(({ Properties }) => Properties["Name"] === RULE);
  const [target] = listOf(arns.resolve(rule?.Properties["Targets"])).filter(isRecord);
  const policy = isRecord(target?.["RetryPolicy"]) ? target["RetryPolicy"] : {};
  const deadLetters = isRecord(target?.["DeadLetterConfig"]) ? target["DeadLetterConfig"] : {};
  if (!String(deadLetters["Arn"]).endsWith(":ApprovedDeadLetterQueue")) {
    throw new Error(`${RULE} has no dead-letter queue, so EventBridge would drop the event.`);
  }
  const destination = template
    .ofType("AWS::Events::ApiDestination")
    .find(({ Properties }) => Properties["Name"] === RULE);
  return {
    endpoint,
    method: String(destination?.Properties["HttpMethod"]),
    headers: { authorization: `Basic ${Buffer.from(credential).toString("base64")}` },
    retry: {
      maximumEventAgeMs: Number(policy["MaximumEventAgeInSeconds"]) * 1_000,
      maximumAttempts: Number(policy["MaximumRetryAttempts"]),
    },
  };
}

/** A request as the target's server got it. */
interface Received {
  readonly atMs: number;
  readonly body: string;
  readonly authorization: string | undefined;
}

/**
 * An HTTP target whose server is on this machine, behind the model of EventBridge's delivery. Time passes as the model
 * says, and takes none.
 */
export async function httpTarget(
  answer: (response: Parameters<RequestListener>[1], call: number, nowMs: number) => void,
) {
  let now = 0;
  const received: Received[] = [];
  const server = await startLocalServer((request, response) => {
    void (async () => {
      const body = await text(request);
      received.push({ atMs: now, body, authorization: request.headers.authorization });
      answer(response, received.length, now);
    })();
  });
  onTestFinished(server.close);
  const measured = new Measurements();
  const series = seriesOf("production");
  const count = (metric: string) =>
    measured.put(series.rule(metric, `approved-${NAME}`), Math.floor(now / MINUTE), 1);
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
      count("RetryInvocationAttempts");
    },
    // The five seconds are one: a busy machine answers within it.
    timeScale: 5,
  };
  const sqs = new MemorySqs();

  async function deliver(event = EVENT, credential = "alloy:right") {
    const end = await deliverOverHttp(event, deliveryOf(server.url, credential), clock);
    if (end.end === "dead-lettered") {
      count("FailedInvocations");
      const RULE_ARN = `arn:aws:events:us-east-1:123456789012:rule/${STACK}/${RULE}`;
      sqs.put("ApprovedDeadLetterQueue", event, {
        sentAt: now,
        attributes: { RULE_ARN, ...end.attributes },
      });
    }
    return end;
  }

  /** `ops redrive --target`, and what EventBridge delivers of it. */
  async function redrive() {
    const events = memoryEvents();
    const stack = {
      ...aStack(sqs),
      stackName: STACK,
      events: events.client,
      cloudFormation: cloudFormationOf(template),
    };
    const options = { application: null, event: null, limit: null, dryRun: false, yes: true };
    await redriveTarget(stack, `approved/${NAME}`, options, new KeptTerminal(), now + 1);
    return Promise.all(events.put.map(({ detail }) => deliver(JSON.stringify(detail))));
  }

  /** The alarms of the target that rang, and the minute at which each did. */
  function rang(): Readonly<Record<string, number | undefined>> {
    const metric = alarmsOf(template).metric.filter(({ id }) => id.endsWith(`-approved-${NAME}`));
    const story = evaluate({ metric, composite: [] }, measured, {
      from: 0,
      to: Math.floor(now / MINUTE) + 10,
    });
    return Object.fromEntries([...story.rang].map(([id, [first]]) => [id, first]));
  }

  return {
    received,
    deliver,
    redrive,
    rang,
    /** The bodies that wait as dead letters. */
    deadLetters: () => sqs.all("ApprovedDeadLetterQueue"),
    hours: () => now / (60 * MINUTE),
  };
}
