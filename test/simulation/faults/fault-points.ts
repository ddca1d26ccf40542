import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";

import type { PutEvents } from "../../../lambdas/adapters/put-events.ts";
import type {
  ConsumerDependencies,
  makeConsumerHandler,
} from "../../../lambdas/consumer/handler.ts";
import type { ApplicationStore } from "../../../lambdas/domain/ports.ts";
import type { CredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import type { IngestDependencies } from "../../../lambdas/ingest/handler.ts";
import type { PollerDependencies } from "../../../lambdas/poller/handler.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { IdempotencyRecords } from "../../../tools/cloud-in-memory/idempotency.ts";
import type { Sandbox, Surroundings } from "./sandbox.ts";
import type { Page } from "../scenario/api.ts";

export type ConsumerHandler = ReturnType<typeof makeConsumerHandler>;
export type IngestHandler = (
  event: APIGatewayProxyEventV2,
) => Promise<APIGatewayProxyStructuredResultV2>;

/** What takes the place of what is right. */
type Instead<Right, Around extends readonly unknown[] = []> = (
  right: Right,
  ...around: Around
) => Right;

/** Where a planted bug takes the place of what is right. Each is optional, and changes one thing. */
export interface FaultPoints {
  /** Around the handlers, and what they depend on. */
  readonly consumer?: Instead<ConsumerHandler, [SandboxContext]>;
  readonly consumerDependencies?: Instead<ConsumerDependencies, [SandboxContext]>;
  readonly ingest?: Instead<IngestHandler, [SandboxContext]>;
  readonly ingestDependencies?: Instead<IngestDependencies, [SandboxContext]>;
  readonly credentialCache?: Instead<CredentialCache>;
  readonly pollerDependencies?: Instead<PollerDependencies, [SandboxContext]>;
  /** Between the publisher and the bus: what is read of an answer. */
  readonly putEvents?: Instead<PutEvents["putEvents"]>;
  /** What comes of a page of Alloy's API, in a world that calls it over HTTP. */
  readonly alloyPage?: (url: string, page: Page) => Page;
  /** In the cloud itself: what the adapters, or the template, make of it. */
  readonly store?: Instead<ApplicationStore, [MemoryCloud, Surroundings]>;
  readonly idempotencyRecords?: Instead<IdempotencyRecords, [MemoryCloud]>;
  /** Before an item of the release before is read. */
  readonly releasedItem?: Instead<Readonly<Record<string, unknown>>>;
  readonly visibilityMs?: number;
  readonly reportsBatchItemFailures?: boolean;
}

/** What is particular to one sandbox. */
export interface SandboxContext {
  readonly sandbox: Sandbox;
  readonly cloud: MemoryCloud;
}
