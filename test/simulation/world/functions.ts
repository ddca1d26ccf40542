import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

import { makeConsumerHandler } from "../../../lambdas/consumer/handler.ts";
import { makeIngestHandler } from "../../../lambdas/ingest/handler.ts";
import { makePollerHandler } from "../../../lambdas/poller/handler.ts";
import { CONCURRENCY, TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import type { MessageLogger } from "../../../lambdas/telemetry/powertools-logger.ts";
import type { PollerSettings } from "../../../lambdas/settings/poller-settings.ts";
import { MemoryIdempotency } from "../../../tools/cloud-in-memory/idempotency.ts";
import {
  MemoryDeadLetters,
  MemoryEnvelopeQueue,
} from "../../../tools/cloud-in-memory/queue-ports.ts";
import { consumerOver, ingestOver, pollerOver } from "../../../tools/cloud-in-memory/runtime.ts";
import { damagedDue, damagedStoreIn } from "../faults/damage.ts";
import { makeLambdaFunction } from "./lambda.ts";
import type { Observed } from "./observed.ts";
import type { Observer } from "./observer.ts";
import { portsIn } from "../faults/ports.ts";
import type { Sandbox } from "../faults/sandbox.ts";
import { deniedNow } from "../faults/iam.ts";
import { judgedPorts } from "../../../tools/strict-aws/iam/judged-ports.ts";
import { alloyApiIn } from "./alloy-api.ts";
import type { Handler, LambdaFunction } from "./lambda.ts";
import type { World } from "./world.ts";

/** The three functions of the stack: the real handlers, wired in every sandbox as `index.ts` wires them. */
export interface Functions {
  readonly ingest: LambdaFunction<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;
  readonly consumer: LambdaFunction<SQSEvent, SQSBatchResponse>;
  readonly poller: LambdaFunction<unknown, unknown>;
}

/** What the functions are wired to. */
interface Wiring {
  readonly world: World;
  readonly observed: Observed;
  readonly pollerSettings: PollerSettings;
}

export function makeFunctions(wiring: Wiring): Functions {
  const { world } = wiring;
  const skewMs = () => {
    const fault = world.faults.draw("sandbox.clock", ["skewed"]);
    return fault === null ? 0 : Math.round((fault.amount - 0.5) * 2_000);
  };
  const lambda = <Event, Result>(
    name: keyof Functions,
    handlerIn: (sandbox: Sandbox, wiring: Wiring) => Handler<Event, Result>,
  ) =>
    makeLambdaFunction<Event, Result>(world, {
      name,
      timeoutMs: TIMEOUTS_MS[name],
      concurrency: CONCURRENCY[name],
      skewMs,
      make: (sandbox) => handlerIn(sandbox, wiring),
    });
  return {
    ingest: lambda("ingest", ingestIn),
    consumer: lambda("consumer", consumerIn),
    poller: lambda("poller", pollerIn),
  };
}

/** Whoever reads logs and metrics finds no reason of a decision. */
function telemetryIn(sandbox: Sandbox, { scenario, observer }: World) {
  const { decides } = scenario.settings;
  const log = (...entry: readonly unknown[]) => {
    if (decides) observer.read("the log", entry);
  };
  const logger: MessageLogger = { debug: log, info: log, warn: log, error: log };
  return { metrics: metricsIn(sandbox, observer), logger };
}

function metricsIn(sandbox: Sandbox, observer: Observer) {
  return {
    count: (
      name: Parameters<Observer["count"]>[0],
      ...[value = 1, dimensions]: readonly [value?: number, dimensions?: object]
    ) => {
      if (dimensions !== undefined) observer.read("a metric", dimensions);
      observer.count(name, value, sandbox.invocation);
    },
    milliseconds() {},
    flush() {},
  };
}

function ingestIn(sandbox: Sandbox, { world, observed }: Wiring) {
  const { cloud, faultPoints } = world;
  const ports = portsIn(sandbox);
  const right = ingestOver({
    cloud,
    queue: ports.ingestQueue(observed.envelopeQueue(new MemoryEnvelopeQueue(cloud.events))),
    payloads: ports.ingestPayloads(cloud.payloads),
    secret: ports.secret(cloud.webhookSecret),
    throughCache: (cache) => faultPoints.credentialCache?.(cache) ?? cache,
    now: sandbox.now,
    ...telemetryIn(sandbox, world),
  });
  const context = { sandbox, cloud };
  const wrong = faultPoints.ingestDependencies?.(right, context) ?? right;
  const handle = makeIngestHandler(judgedPorts("ingest", wrong, deniedNow()));
  return faultPoints.ingest?.(handle, context) ?? handle;
}

function consumerIn(sandbox: Sandbox, { world, observed }: Wiring) {
  const { scenario, cloud, faultPoints } = world;
  const { now, schedule } = sandbox;
  const ports = portsIn(sandbox);
  const records = ports.idempotencyRecords(observed.idempotencyRecords(sandbox));
  const right = consumerOver({
    cloud,
    store: ports.store(damagedStoreIn(sandbox, observed.storeIn(sandbox), world)),
    investigations: ports.investigations(cloud.investigations),
    idempotency: new MemoryIdempotency(records, now),
    publisher: ports.publisher(observed.putEvents(sandbox), faultPoints.putEvents),
    deadLetters: ports.deadLetters(new MemoryDeadLetters(cloud.deadLetters)),
    payloads: ports.payloads(cloud.payloads),
    messages: ports.messages(observed.messages),
    ...telemetryIn(sandbox, world),
    settings: scenario.settings,
    now,
    schedule,
  });
  const context = { sandbox, cloud };
  const wrong = faultPoints.consumerDependencies?.(right, context) ?? right;
  const handle = makeConsumerHandler(judgedPorts("consumer", wrong, deniedNow()));
  return faultPoints.consumer?.(handle, context) ?? handle;
}

function pollerIn(sandbox: Sandbox, { world, observed, pollerSettings }: Wiring) {
  const { cloud, faultPoints, random } = world;
  const { now, sleep } = sandbox;
  const ports = portsIn(sandbox);
  const right = pollerOver({
    cloud,
    applications: ports.due(damagedDue(observed.due, world)),
    investigations: ports.investigations(cloud.investigations),
    alloy: alloyApiIn(sandbox, world),
    deliveries: ports.deliveries(cloud.deliveries),
    queue: ports.eventQueue(observed.sendBatch(sandbox)),
    payloads: ports.pollerPayloads(cloud.payloads),
    gaps: ports.gaps(observed.putEvents(sandbox)),
    settings: pollerSettings,
    ...telemetryIn(sandbox, world),
    now,
    random: random.next,
    sleep,
  });
  const wrong = faultPoints.pollerDependencies?.(right, { sandbox, cloud }) ?? right;
  return makePollerHandler(judgedPorts("poller", wrong, deniedNow()));
}
