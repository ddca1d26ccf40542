import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { SQSClient } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { AwsDeliveries } from "../../lambdas/adapters/aws-deliveries.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { startCountedConsumer } from "../cloud-in-memory/counted-consumer.ts";
import {
  batchOf,
  lambdaContext,
  webhookOf,
  alloyAnswer,
  alloyThatAnswers,
} from "../cloud-in-memory/builders.ts";
import type { Bill } from "../cloud-in-memory/write-meter.ts";
import { billOf } from "../cloud-in-memory/write-meter.ts";
import { POLLER_SETTINGS, pollerOver } from "../cloud-in-memory/runtime.ts";
import { readScenarios } from "../alloy-simulator/scenario.ts";
import { answered } from "../cloud-in-memory/clients.ts";

/** What polling was seen to cost over the life of an application that ends within a day. */
export type PollerCount = Readonly<Awaited<ReturnType<typeof countPoller>>>;

const QueriesSchema = v.looseObject({ MetricDataQueries: v.array(v.unknown()) });

const SCENARIO = "manual-review-then-approved";
const TOKEN = "JA-costPollAAAAAAAAAAAAA";
const HOUR = 60 * 60 * 1_000;
/** The last check comes after 25 hours; if it has not by then, something is wrong. */
const LAST_RUN_MS = 72 * HOUR;
/** Runs the real poller, hour by hour, over one application of which no webhook was lost. */
export async function countPoller(stage: StageConfiguration) {
  const scenario = readScenarios().get(SCENARIO);
  if (scenario === undefined) throw new Error(`The scenario ${SCENARIO} is gone: name another.`);
  const consumer = await startCountedConsumer(stage.routes);
  try {
    const start = Date.now();
    const events: JourneyEvent[] = [];
    let at = start - HOUR;
    for (const { event, afterSeconds } of scenario.steps) {
      at += afterSeconds * 1_000 + 1;
      const webhook = webhookOf(event, TOKEN, Math.min(at, start));
      const parsed = parseWebhook(webhook);
      if (parsed.kind === "journey-event") events.push(parsed.event);
      await consumer.process(batchOf([webhook]), lambdaContext());
    }
    const sandbox = stage.environment === "sandbox";
    const ended = { status: "completed", complete_outcome: "Approved", sandbox, updated_at: start };

    let now = start;
    const { client, applicationTableName } = consumer.dynamo;
    const applications = new DynamoDueApplications(client, applicationTableName);
    // One write a day of a stage, however many applications it has.
    applications.keepWitness = async () => {};
    const run = makePollerHandler(
      pollerOver({
        applications,
        alloy: alloyThatAnswers(() => alloyAnswer(TOKEN, events, ended)),
        outcomes: { total: missing("the count has no rules that compare windows") },
        // Nothing is missing, so nobody asks why; the run goes on without.
        deliveries: { record: missing("there are no metrics to read here") },
        queue: {
          send: async ({ length }) => {
            if (length > 0) throw new Error(`the poller misses ${length} events of a healthy life`);
            return [];
          },
        },
        payloads: { put: missing("the count has no large bodies") },
        settings: {
          ...POLLER_SETTINGS,
          environment: stage.environment,
          alloyBaseUrl: stage.alloy.baseUrl,
          journeys: stage.journeys,
          ignoredEventTypes: stage.events.handled.allBut,
          alloyAuth: stage.alloy.auth,
          polling: stage.polling,
          gaps: stage.gaps,
          eventRetentionMs: stage.retention.eventsMs,
        },
        now: () => now,
        random: () => 0.5,
      }),
    );

    const bills: Bill[] = [];
    while ((await applications.list(Number.MAX_SAFE_INTEGER, 1)).length > 0) {
      if (now > start + LAST_RUN_MS) throw new Error("the poller never settled the application");
      now += HOUR;
      bills.push(
        await billOf(async () => {
          await run({});
        }),
      );
    }
    // A run asks each shard what is due, and which gaps are open, whether or not anything is.
    const idleReads = Math.min(...bills.map(({ reads }) => reads));
    const sum = (of: (bill: Bill) => number) => bills.reduce((total, bill) => total + of(bill), 0);
    return {
      /** Write units, index entries included. */
      writesPerApplication: sum(({ items, indexes }) => items + indexes),
      /** Read requests: what runs with the application due read more than runs without. */
      readsPerApplication: sum(({ reads }) => reads - idleReads),
      /** Metrics that a run asks CloudWatch for, whatever is due. */
      metricsReadPerRun: await countMetricsRead(),
    };
  } finally {
    await consumer.dynamo.close();
  }
}

/** A port that this count must not need. */
function missing(why: string) {
  return async () => {
    throw new TransientError(why);
  };
}

/** Lets the real adapter ask a CloudWatch that knows nothing, and counts what for. */
async function countMetricsRead(): Promise<number> {
  let asked = 0;
  const cloudWatch = answered(new CloudWatchClient({ region: "us-east-1" }), (input) => {
    asked += v.parse(QueriesSchema, input).MetricDataQueries.length;
    return { MetricDataResults: [] };
  });
  const sqs = answered(new SQSClient({ region: "us-east-1" }), () => ({
    Attributes: { ApproximateNumberOfMessages: "0" },
  }));
  const deliveries = new AwsDeliveries({
    cloudWatch,
    sqs,
    stage: "production",
    apiId: "api",
    queueUrl: "queue",
    refusals: { byAuthorizer: false, byAddress: false },
  });
  await deliveries.record(0, HOUR);
  return asked;
}
