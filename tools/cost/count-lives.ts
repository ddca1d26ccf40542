import { ScanCommand } from "@aws-sdk/client-dynamodb";

import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { consumerSettings, pollerSettings } from "../../lib/config/function-settings.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import {
  alloyAnswer,
  alloyThatAnswers,
  batchOf,
  batchOfMessages,
  lambdaContext,
} from "../cloud-in-memory/builders.ts";
import { makeMemoryCloud } from "../cloud-in-memory/cloud.ts";
import {
  LIVES_BEGIN,
  metricsIn,
  startCountedConsumer,
} from "../cloud-in-memory/counted-consumer.ts";
import type { LocalDynamoDb } from "../cloud-in-memory/dynalite.ts";
import { meterReadUnits } from "../cloud-in-memory/read-meter.ts";
import { pollerOver } from "../cloud-in-memory/runtime.ts";
import { billOf, itemSize } from "../cloud-in-memory/write-meter.ts";
import type { Bill } from "../cloud-in-memory/write-meter.ts";
import { answerAbout, livesOf, ON_ITS_WAY_MS, PHASES } from "./lives.ts";
import type { Life, LifeStep } from "./lives.ts";

/** What the consumer and the poller were seen to do over whole lives of applications. */
export type LivesCount = Readonly<Awaited<ReturnType<typeof countLives>>>;

const DAY = 24 * 60 * 60 * 1_000;
/** The last check comes after 25 hours; if it has not by then, something is wrong. */
const LAST_RUN_MS = 4 * DAY;

/** What a run of the poller was seen to do in a stage where nothing is due. */
export type IdleCount = Pick<LivesCount, "idleMetrics" | "idleReads">;

export async function countIdle(stage: StageConfiguration): Promise<IdleCount> {
  await using world = await startWorld(stage, []);
  const { readUnits } = await world.poll();
  return { idleMetrics: world.metrics().length, idleReads: readUnits };
}

/**
 * Plays the lives of all scenarios' applications through the real consumer and the real poller, in virtual time: webhooks
 * come when the scenario says so, and the poller runs when the stage's schedule says so, until every application is settled.
 */
export async function countLives(stage: StageConfiguration) {
  const { ignoredEventTypes, polling } = pollerSettings(stage);
  const { rateMs } = polling;
  const lives = livesOf(ignoredEventTypes, PHASES, rateMs);
  await using world = await startWorld(stage, lives);
  const { consumer, applications, poll, setNow } = world;

  // A run asks each shard what is due, and which gaps are open, whether or not anything is.
  const idle = await poll();
  const idleMetrics = world.metrics().length;
  const events: EventBill[] = [];
  const checks: (Bill & { readonly readUnits: number })[] = [];
  const webhooks = lives
    .flatMap((life) => life.steps.map((step, index) => ({ life, step, isFirst: index === 0 })))
    .filter(({ step }) => !step.isIgnored)
    .toSorted((one, other) => one.step.at - other.step.at);
  let logged = 0;
  for (let tick = LIVES_BEGIN + rateMs; ; tick += rateMs) {
    while (webhooks[0] !== undefined && webhooks[0].step.at + ON_ITS_WAY_MS < tick) {
      const { life, step, isFirst } = webhooks[0];
      webhooks.shift();
      const now = step.at + ON_ITS_WAY_MS;
      setNow(now);
      const before = consumer.logBytes();
      const bill = await billOf(() =>
        consumer.process(batchOf([step.webhook], now), lambdaContext()),
      );
      logged += consumer.logBytes() - before;
      events.push({ life, step, isFirst, bill });
    }
    const [due] = await applications.list(Number.MAX_SAFE_INTEGER, 1);
    if (webhooks.length === 0) {
      if (due === undefined) break;
      // The runs in between find nothing due. They are no application's.
      tick += rateMs * Math.max(0, Math.ceil((due.dueAt - tick) / rateMs));
    }
    if (tick > LIVES_BEGIN + LAST_RUN_MS) throw new Error("the poller never settled all lives");
    setNow(tick);
    if (due !== undefined && due.dueAt <= tick) checks.push(await poll());
  }

  const writes = ({ items, indexes }: Bill) => items + indexes;
  const sizes = await itemSizes(consumer.dynamo);
  return {
    lives: lives.length,
    events: events.length,
    /** Write units, index entries included, of an application's first event. */
    firstWrites: mean(events.filter(({ isFirst }) => isFirst).map(({ bill }) => writes(bill))),
    /** The same of every further one, in the mean over the scenarios. */
    furtherWrites: mean(events.filter(({ isFirst }) => !isFirst).map(({ bill }) => writes(bill))),
    /** Bytes of log of an event that comes alone. */
    logBytesAlone: Math.round(logged / events.length),
    readsPerEvent: mean(events.map(({ bill }) => bill.reads)),
    /** Events put on the bus per event, in the mean over the scenarios and by the stage's routes. */
    publishedPerEvent: consumer.busEvents() / events.length,
    /** Of an application that ends within a day: write units of all its checks, index entries included. */
    checkWrites: sum(checks.map(writes)) / lives.length,
    /** The same in read units: what runs with it due read more than runs without. */
    checkReads: sum(checks.map(({ readUnits }) => readUnits - idle.readUnits)) / lives.length,
    /** Read units of a run that finds nothing due. */
    idleReads: idle.readUnits,
    /** Envelopes that the poller queues for it. */
    corrections: world.corrections() / lives.length,
    /** Metrics that a run writes when there is nothing to do, and those that traffic adds. */
    idleMetrics,
    busyMetrics: new Set([...world.metrics(), ...consumer.emitted()]).size - idleMetrics,
    // Of an event's item, and of an application's at its end. Ids and times are a few bytes longer or shorter
    // from run to run.
    eventBytes: Math.round(mean(sizes.events) / 50) * 50,
    applicationBytes: Math.round(mean(sizes.applications) / 50) * 50,
  };
}

/** The real consumer and the real poller of a stage, and Alloy's answers about these lives. */
async function startWorld(stage: StageConfiguration, lives: readonly Life[]) {
  // The scenarios' webhooks are of Alloy's sandbox. What they cost does not depend on it.
  const environment = "sandbox";
  const settings = { ...pollerSettings(stage), environment } as const;
  let now = LIVES_BEGIN;
  const consumer = await startCountedConsumer(consumerSettings(stage).routes, {
    settings: { ...consumerSettings(stage), environment },
    now: () => now,
  });
  const { client, applicationTableName } = consumer.dynamo;
  const byToken = new Map(lives.map((life) => [life.applicationToken, life]));
  const applications = new DynamoDueApplications(client, applicationTableName);
  // One write a day of a stage, however many applications it has.
  applications.keepWitness = async () => {};
  // Two writes a run, however many applications it checks: the schedule pays for them.
  applications.begin = async () => "begun";
  applications.end = async () => {};
  const queued: string[] = [];
  let corrections = 0;
  const polled = new Set<string>();
  const run = makePollerHandler(
    pollerOver({
      cloud: makeMemoryCloud({ now: () => now }),
      applications,
      alloy: alloyThatAnswers(({ applicationToken }) => {
        const life = byToken.get(applicationToken);
        if (life === undefined) throw new Error(`nobody lives as ${applicationToken}`);
        const { events, changes } = answerAbout(life, now);
        return alloyAnswer(applicationToken, events, {
          ...changes,
          sandbox: true,
        });
      }),
      outcomes: {
        total: async () => {
          throw new TransientError("the count has no rules that compare windows");
        },
      },
      queue: {
        // Alloy's answer confirms an end without an outcome: the poller queues it as a correction.
        send: async (envelopes) => {
          queued.push(...envelopes.map((envelope) => encodeEnvelope(envelope)));
          return envelopes.map(() => null);
        },
      },
      metrics: makeMetrics({
        stage: stage.stage,
        write(line) {
          for (const metric of metricsIn(line)) polled.add(metric);
        },
        now: () => now,
      }),
      settings,
      now: () => now,
      random: () => 0.5,
    }),
  );
  const meter = meterReadUnits(client);
  const poll = async () => {
    meter.taken();
    const bill = await billOf(async () => {
      await run({});
      corrections += queued.length;
      for (const body of queued.splice(0)) {
        await consumer.process(batchOfMessages([body], now), lambdaContext());
      }
    });
    return { ...bill, readUnits: meter.taken().units };
  };
  return {
    consumer,
    applications,
    poll,
    /** The metrics that the poller has written. */
    metrics: () => [...polled],
    /** Envelopes that the poller has queued. */
    corrections: () => corrections,
    setNow: (to: number) => void (now = to),
    [Symbol.asyncDispose]: consumer.dynamo.close,
  };
}

interface EventBill {
  readonly life: Life;
  readonly step: LifeStep;
  readonly isFirst: boolean;
  readonly bill: Bill;
}

async function itemSizes({ client, applicationTableName }: LocalDynamoDb) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: applicationTableName }));
  const sizesOf = (isOfKind: (sortKey: string) => boolean) =>
    Items.filter((item) => isOfKind(item["sk"]?.S ?? "")).map((item) => itemSize(item));
  return {
    events: sizesOf((sortKey) => sortKey.startsWith("EVENT#")),
    applications: sizesOf((sortKey) => sortKey === "STATE"),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}
