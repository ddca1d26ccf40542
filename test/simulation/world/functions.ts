import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

import { makeConsumerHandler } from "../../../lambdas/consumer/handler.ts";
import type { AlloyApi } from "../../../lambdas/domain/polling/polling-ports.ts";
import { makeIngestHandler } from "../../../lambdas/ingest/handler.ts";
import { makePollerHandler } from "../../../lambdas/poller/handler.ts";
import type { ConsumerSettings } from "../../../lambdas/settings/consumer-settings.ts";
import { CONCURRENCY, TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import type { PollerSettings } from "../../../lambdas/settings/poller-settings.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { MemoryIdempotency } from "../../../tools/cloud-in-memory/idempotency.ts";
import {
  MemoryDeadLetters,
  MemoryEnvelopeQueue,
} from "../../../tools/cloud-in-memory/queue-ports.ts";
import { consumerOver, ingestOver, pollerOver } from "../../../tools/cloud-in-memory/runtime.ts";
import { damagedDueIn, damagedStoreIn } from "../faults/damage.ts";
import { makeLambdaFunction } from "./lambda.ts";
import type { Observed } from "./observed.ts";
import type { Observer } from "./observer.ts";
import {
  applicationStoreIn,
  deadLettersIn,
  deliveriesIn,
  dueApplicationsIn,
  eventQueueIn,
  gapAnnouncerIn,
  idempotencyRecordsIn,
  ingestPortsIn,
  investigationsIn,
  payloadBucketIn,
  payloadReaderIn,
  publisherIn,
  queueMessagesIn,
} from "../faults/ports.ts";
import type { Sandbox, Surroundings } from "../faults/sandbox.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { deniedNow } from "../faults/iam.ts";
import { judgedPorts } from "../../../tools/strict-aws/iam/judged-ports.ts";
import type { Handler, LambdaFunction } from "./lambda.ts";

/** The three functions of the stack: the real handlers, wired in every sandbox as `index.ts` wires them. */
export interface Functions {
  readonly ingest: LambdaFunction<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;
  readonly consumer: LambdaFunction<SQSEvent, SQSBatchResponse>;
  readonly poller: LambdaFunction<unknown, unknown>;
}

/** What the functions are wired to. */
export interface Wiring {
  readonly world: Surroundings;
  readonly cloud: MemoryCloud;
  readonly observed: Observed;
  readonly observer: Observer;
  readonly consumerSettings: ConsumerSettings;
  readonly pollerSettings: PollerSettings;
  readonly alloyIn: (sandbox: Sandbox) => AlloyApi;
  readonly faultPoints: FaultPoints;
  /** Whether nothing can be done with an application's item. */
  readonly isDamaged: (applicationToken: string) => boolean;
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

function metricsIn(sandbox: Sandbox, observer: Observer) {
  return {
    count: (name: Parameters<Observer["count"]>[0], value = 1) => {
      observer.count(name, value, sandbox.invocation);
    },
    milliseconds() {},
    flush() {},
  };
}

function ingestIn(sandbox: Sandbox, { cloud, observer, observed, faultPoints }: Wiring) {
  const { secret, ...ports } = ingestPortsIn(sandbox, {
    queue: observed.envelopeQueue(new MemoryEnvelopeQueue(cloud.events)),
    payloads: cloud.payloads,
    secret: cloud.webhookSecret,
  });
  const right = ingestOver({
    ...ports,
    cloud,
    secret,
    throughCache: (cache) => faultPoints.credentialCache?.(cache) ?? cache,
    now: sandbox.now,
    metrics: metricsIn(sandbox, observer),
  });
  const context = { sandbox, cloud };
  const handle = makeIngestHandler(
    judgedPorts("ingest", faultPoints.ingestDependencies?.(right, context) ?? right, deniedNow()),
  );
  return faultPoints.ingest?.(handle, context) ?? handle;
}

function consumerIn(
  sandbox: Sandbox,
  { cloud, observer, observed, consumerSettings, faultPoints, isDamaged }: Wiring,
) {
  const records = observed.idempotencyRecords(sandbox);
  const idempotency = new MemoryIdempotency(idempotencyRecordsIn(sandbox, records), sandbox.now);
  const right = consumerOver({
    cloud,
    store: applicationStoreIn(sandbox, damagedStoreIn(sandbox, observed.store, isDamaged)),
    investigations: investigationsIn(sandbox, cloud.investigations),
    idempotency,
    publisher: publisherIn(sandbox, observed.putEvents(sandbox), faultPoints.putEvents),
    deadLetters: deadLettersIn(sandbox, new MemoryDeadLetters(cloud.deadLetters)),
    payloads: payloadReaderIn(sandbox, cloud.payloads),
    messages: queueMessagesIn(sandbox, observed.messages),
    metrics: metricsIn(sandbox, observer),
    settings: consumerSettings,
    now: sandbox.now,
    schedule: sandbox.schedule,
  });
  const context = { sandbox, cloud };
  const handle = makeConsumerHandler(
    judgedPorts(
      "consumer",
      faultPoints.consumerDependencies?.(right, context) ?? right,
      deniedNow(),
    ),
  );
  return faultPoints.consumer?.(handle, context) ?? handle;
}

function pollerIn(
  sandbox: Sandbox,
  { world, cloud, observer, observed, pollerSettings, alloyIn, faultPoints, isDamaged }: Wiring,
) {
  const right = pollerOver({
    cloud,
    applications: dueApplicationsIn(sandbox, damagedDueIn(observed.due, isDamaged)),
    investigations: investigationsIn(sandbox, cloud.investigations),
    alloy: alloyIn(sandbox),
    deliveries: deliveriesIn(sandbox, cloud.deliveries),
    queue: eventQueueIn(sandbox, observed.sendBatch(sandbox)),
    payloads: payloadBucketIn(sandbox, cloud.payloads),
    gaps: gapAnnouncerIn(sandbox, observed.putEvents(sandbox)),
    settings: pollerSettings,
    metrics: metricsIn(sandbox, observer),
    now: sandbox.now,
    random: world.random.next,
    sleep: sandbox.sleep,
  });
  const context = { sandbox, cloud };
  return makePollerHandler(
    judgedPorts("poller", faultPoints.pollerDependencies?.(right, context) ?? right, deniedNow()),
  );
}
