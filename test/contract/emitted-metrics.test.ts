import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";

import { QUEUE } from "../../lambdas/settings/limits.ts";
import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import { SUBMISSION_DETAIL_TYPE } from "../../lambdas/settings/routes.ts";
import { makeStatementHandler } from "../../lambdas/statement/handler.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../tools/alloy-simulator/server.ts";
import { emittedMetrics } from "../../tools/generate/emitted-metrics.ts";
import { makeFunctions } from "../../tools/in-process/functions.ts";
import { makeMemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { settleBatch, sqsEventOf } from "../../tools/cloud-in-memory/event-source.ts";
import { SILENT } from "../../tools/cloud-in-memory/runtime.ts";
import { embeddedMetricsIn } from "../../tools/strict-aws/embedded-metric-format.ts";
import { aRequest, basicOf } from "../support/ingest.ts";

/** Of the requests that the tests of ingest make. */
const AUTHENTIC = { username: "alloy", password: "correct horse battery" };

/** What takes a fault of AWS's or of Alloy's, a race, an absurd text, or a rule of a stage, and is tested where it is. */
const RARE: readonly string[] = [
  METRICS.storesFailed,
  // Of Alloy under a new address, where the stage refuses those.
  METRICS.alloyRefused,
  METRICS.credentialsMissing,
  METRICS.credentialsUnusable,
  METRICS.eventsCut,
  METRICS.eventsInConflict,
  METRICS.recordsFailed,
  METRICS.recordsDeadLettered,
  METRICS.gapDuration,
  METRICS.outcomeChange,
  METRICS.environmentMixed,
  METRICS.runsKnowingNone,
  METRICS.applicationsUnchecked,
  METRICS.statusesUnrecognised,
  METRICS.investigationsUnlisted,
  // The poller writes no zeros.
  METRICS.applicationsBehind,
  METRICS.applicationsStale,
  METRICS.eventsLeft,
  METRICS.correctionsQueued,
  METRICS.envelopesRefused,
  METRICS.failuresInARow,
  METRICS.alloyCallsFailed,
  METRICS.alloyCallsUnauthorized,
];

describe("what the functions really emit", () => {
  const lines: string[] = [];

  beforeAll(async () => {
    const alloy = await startAlloySimulator({
      apiKey: { token: "token", secrets: ["secret"] },
      timeScale: 1e6,
    });
    await liveADay(alloy, lines);
    await alloy.stop();
  });

  const emitted = () => lines.flatMap((line) => embeddedMetricsIn(line, Date.now()));

  it("is valid embedded metric format, in our namespace, with the stage", () => {
    expect(emitted().length).toBeGreaterThan(100);
    for (const { namespace, dimensions } of emitted()) {
      expect(namespace).toBe(METRIC_NAMESPACE);
      expect(dimensions).toContain(STAGE_DIMENSION);
    }
  });

  it("is what docs/metrics.md says: name, unit and dimensions", () => {
    const documented = new Set(
      emittedMetrics().map(({ name, unit, dimensions }) =>
        idOf(name, unit, [STAGE_DIMENSION, ...dimensions]),
      ),
    );

    const unknown = emitted()
      .map(({ name, unit, dimensions }) => idOf(name, unit, dimensions))
      .filter((id) => !documented.has(id));

    expect(unknown).toEqual([]);
  });

  it("is every metric, but for those that take a fault", () => {
    const seen = new Set(emitted().map(({ name }) => name));

    const unseen = Object.values(METRICS).filter((name) => !seen.has(name));

    expect(unseen.filter((name) => !RARE.includes(name))).toEqual([]);
  });
});

/** Every fixture comes as a webhook, twice; strangers knock; the webhooks of an application are lost and healed. */
async function liveADay(alloy: AlloySimulator, lines: string[]): Promise<void> {
  const stage = stageFrom({ stage: "local", alloyBaseUrl: alloy.baseUrl, timeScale: "1000000" });
  const cloud = makeMemoryCloud({ now: Date.now, routes: [] });
  cloud.webhookSecret.put(JSON.stringify({ basic: [AUTHENTIC], hmac: [] }));
  cloud.alloyApiSecret.put(JSON.stringify({ token: "token", secret: "secret" }));
  const { ingest, newConsumer, poll } = makeFunctions({
    cloud,
    stage: {
      ...stage,
      // That of the fixtures and that of the scenario: they are counted by themselves.
      journeys: ["J-exampleOnboardingVXk2", "J-simConsumer4TqW8nLz"],
      // What is a moment old is missing: nothing is in flight here.
      gaps: { ...stage.gaps, graceMs: 1, thresholdMs: 1 },
    },
    write: (line) => void lines.push(line),
    signal: new AbortController().signal,
  });
  const consume = newConsumer();

  async function drain(): Promise<void> {
    for (let messages = receive(); messages.length > 0; messages = receive()) {
      settleBatch(cloud.events, messages, await consume(sqsEventOf(messages)));
    }
  }
  function receive() {
    return cloud.events.receive(QUEUE.batchSize);
  }

  for (const [index, body] of [...fixtures(), ...fixtures()].entries()) {
    await ingest(aRequest({ body, requestId: `receipt-${index}` }));
  }
  await ingest(aRequest({ authorization: basicOf("alloy", "wrong") }));
  await ingest(aRequest({ sourceIp: "192.0.2.1" }));
  await drain();

  await alloy.play(["all-webhooks-lost"], {
    onSubmitted: (created) => cloud.bus.put("onboarding", SUBMISSION_DETAIL_TYPE, created),
  });
  await drain();
  // Times are real here, if short: what is due a millisecond later is met by one of the next runs.
  for (let run = 0; run < 100 && !isHealed(); run += 1) {
    await sleep(5);
    await poll();
    await drain();
  }

  await makeStatementHandler({
    sources: {
      unsettled: async () => [...cloud.applications.applications.keys()],
      look: (token) => cloud.applications.look(token),
      effects: async () => ({ published: 1, unfinished: 0 }),
    },
    archive: { newestBefore: async () => null, has: async () => false, keep: async () => true },
    signer: { sign: async (value) => ({ keyId: "key", algorithm: "none", value }) },
    settings: { publishedRoutes: [], finalCheckMs: stage.polling.finalCheckMs },
    stage: stage.stage,
    metrics: makeMetrics({
      stage: stage.stage,
      write: (line) => void lines.push(line),
      now: Date.now,
    }),
    logger: SILENT,
    now: Date.now,
  })();

  function isHealed(): boolean {
    return lines.some((line) => line.includes(`"${METRICS.timeToDecision}"`));
  }
}

function fixtures(): readonly string[] {
  return ["events", "other"].flatMap((folder) =>
    readdirSync(`test/fixtures/${folder}`).map((file) =>
      readFileSync(`test/fixtures/${folder}/${file}`, "utf8"),
    ),
  );
}

function idOf(name: string, unit: string, dimensions: readonly string[]): string {
  return `${name} in ${unit} by ${dimensions.toSorted().join(", ")}`;
}
