import type { ConsumerDependencies } from "../../lambdas/consumer/handler.ts";
import type { AlloyApi } from "../../lambdas/domain/polling/polling-ports.ts";
import { makeAllowList } from "../../lambdas/ingest/allow-list.ts";
import { makeAuthorize } from "../../lambdas/ingest/authorize.ts";
import { makeCredentialCache } from "../../lambdas/ingest/credential-cache.ts";
import type {
  CredentialCache,
  WebhookSecretSource,
} from "../../lambdas/ingest/credential-cache.ts";
import type { IngestDependencies } from "../../lambdas/ingest/handler.ts";
import type { PollerDependencies } from "../../lambdas/poller/handler.ts";
import type { ConsumerSettings } from "../../lambdas/settings/consumer-settings.ts";
import type { AuthSettings } from "../../lambdas/settings/ingest-settings.ts";
import { INGEST } from "../../lambdas/settings/limits.ts";
import type { PollerSettings } from "../../lambdas/settings/poller-settings.ts";
import type { Metrics } from "../../lambdas/telemetry/metrics.ts";
import type { MessageLogger } from "../../lambdas/telemetry/powertools-logger.ts";
import { perRoute } from "../../lib/config/per-route.ts";
import { makeMemoryCloud } from "./cloud.ts";
import type { MemoryCloud } from "./cloud.ts";
import { MemoryIdempotency } from "./idempotency.ts";
import { consumerPorts, ingestPorts, pollerPorts } from "./ports.ts";
import { SECOND, MINUTE, HOUR } from "./clock.ts";

/** Metrics that nobody reads. */
export const UNCOUNTED: Metrics = { count() {}, milliseconds() {}, flush() {} };

/** A log that nobody reads. */
export const SILENT: MessageLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** A stage that publishes everything. */
export const CONSUMER_SETTINGS: ConsumerSettings = {
  environment: "sandbox",
  journeys: [],
  ignoredEventTypes: ["visited_node"],
  routes: perRoute(() => ({ publish: true, publishLate: false })),
  investigations: false,
  decides: false,
  journeyRoutes: {},
  countedJourneys: [],
  firstCheckMs: 10 * MINUTE,
  graceMs: 2 * MINUTE,
  eventRetentionMs: null,
};

/** A stage that polls as the defaults do (`lib/config/default-stages.ts`), and compares no outcomes. */
export const POLLER_SETTINGS: PollerSettings = {
  environment: "sandbox",
  alloyBaseUrl: "http://127.0.0.1:1/v1",
  alloyAuth: "basic",
  refusals: { byAuthorizer: false, byAddress: false },
  eventRetentionMs: null,
  journeys: [],
  ignoredEventTypes: ["visited_node"],
  investigations: false,
  decision: null,
  polling: {
    rateMs: 5 * MINUTE,
    firstCheckMs: 10 * MINUTE,
    secondCheckMs: 15 * MINUTE,
    growth: 2,
    capMs: 24 * HOUR,
    finalCheckMs: 25 * HOUR,
    rerunCheckMs: null,
    requestsPerSecond: 5,
    callsPerRun: 200,
    runMs: 45 * SECOND,
  },
  comparisons: [],
  expectedOutcomes: [],
  gaps: { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 30 * 24 * HOUR },
};

/** What replaces a dependency of a handler; and the cloud that the others are ports of. @default - an empty one */
export type Given<Dependencies> = Partial<Dependencies> & { readonly cloud?: MemoryCloud };

/** Ingest's dependencies, as its `index.ts` wires them, over a cloud in memory. */
export function ingestOver(
  given: Given<IngestDependencies> & {
    /** Where the credentials are read. @default - the cloud's secret */
    readonly secret?: WebhookSecretSource;
    readonly auth?: AuthSettings;
    /** The cache that authorizes in place of this one. @default - this one */
    readonly throughCache?: (cache: CredentialCache) => CredentialCache;
  },
): IngestDependencies {
  const { now = Date.now, cloud = makeMemoryCloud({ now }), ...rest } = given;
  const { secret = cloud.webhookSecret, auth = "secret", throughCache, ...replaced } = rest;
  const { metrics = UNCOUNTED, logger = SILENT } = given;
  const cache = makeCredentialCache({
    source: secret,
    lifetimeMs: INGEST.secretLifetimeMs,
    refreshMs: INGEST.secretRefreshMs,
    pauseMs: INGEST.secretPauseMs,
    readMs: INGEST.secretReadMs,
    now,
    metrics,
    logger,
  });
  return {
    ...ingestPorts(cloud),
    allowList: makeAllowList(["52.7.221.27"]),
    allowListMode: "observe",
    authorize: makeAuthorize(auth, throughCache?.(cache) ?? cache),
    budgetMs: INGEST.budgetMs,
    countsStored: true,
    now,
    metrics,
    logger,
    ...replaced,
  };
}

/** The consumer's dependencies over a cloud in memory. No time passes within an invocation. */
export function consumerOver(given: Given<ConsumerDependencies> = {}): ConsumerDependencies {
  const { now = Date.now, cloud = makeMemoryCloud({ now }), ...replaced } = given;
  return {
    ...consumerPorts(cloud),
    idempotency: new MemoryIdempotency(cloud.idempotency, now),
    metrics: UNCOUNTED,
    logger: SILENT,
    settings: CONSUMER_SETTINGS,
    now,
    schedule: () => () => {},
    ...replaced,
  };
}

/** The poller's dependencies over a cloud in memory. It does not wait, and its chance is always the same. */
export function pollerOver(
  given: Given<PollerDependencies> & { readonly alloy: AlloyApi },
): PollerDependencies {
  const { now = Date.now, cloud = makeMemoryCloud({ now }), ...replaced } = given;
  return {
    ...pollerPorts(cloud),
    settings: POLLER_SETTINGS,
    metrics: UNCOUNTED,
    logger: SILENT,
    now,
    random: () => 0,
    sleep: async () => {},
    ...replaced,
  };
}
