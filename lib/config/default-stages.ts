import type { RouteId } from "../../lambdas/settings/routes.ts";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { EXAMPLE_RULES } from "./example-rules.ts";
import { perRoute } from "./per-route.ts";
import { ConfigurationError } from "./stage-configuration.ts";
import type { RouteConfiguration, StageConfiguration } from "./stage-configuration.ts";

/*
 * The stages as they are shipped: `lib/stages.ts`, which is yours, begins with these. The tests and the generated docs
 * look at these alone, so that nothing you configure turns them red.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Alloy's published addresses, US and EU (docs: webhook-source-ip-addresses). */
const ALLOY_CIDRS = [
  "52.7.221.27/32",
  "23.22.29.149/32",
  "34.236.208.20/32",
  "34.243.81.160/32",
  "34.243.1.9/32",
  "34.251.251.143/32",
];

/** A route as it is when nobody says otherwise: published, into a queue of its own. */
const ROUTE: RouteConfiguration = {
  publish: true,
  // A late step would be an old "pending" after a final decision. A late final event is still published.
  publishLate: false,
  queue: true,
  targetArn: null,
};

/** Changes the routes that it names; the others stay as they are by default. */
function routes(
  changes: Readonly<Partial<Record<RouteId, Partial<RouteConfiguration>>>> = {},
): Readonly<Record<RouteId, RouteConfiguration>> {
  const one = (id: RouteId) => ({
    ...ROUTE,
    // What nobody knows the meaning of, nobody may call history.
    ...(id === "unrecognised" && { publishLate: true }),
    ...changes[id],
  });
  return perRoute(one);
}

/** What all stages share. */
const shared: Omit<StageConfiguration, "stage" | "environment" | "alloy" | "removal"> = {
  journeys: [],
  // One for each node of the Journey's graph: the bulk of the volume, and no decision in it.
  events: { handled: { allBut: ["visited_node"] } },
  auth: "secret",
  // Alloy may change its addresses, and a 403 counts towards its switch-off.
  allowList: { mode: "observe", cidrs: ALLOY_CIDRS },
  // Contract 2.6: any Source but ours. Name your onboarding service's, and nobody else announces anything.
  submissions: { sources: "any" },
  routes: routes(),
  // Ongoing monitoring is a product of its own: of an account without it, Alloy's list is refused, and an alarm rings.
  investigations: "off",
  // Reasons and outputs may be personal, and they go to everybody who reads the bus.
  decision: "off",
  // Outcomes are configured per Journey. If yours is "Approved with conditions", say here what it means.
  journeyRoutes: {},
  polling: {
    rateMs: 5 * MINUTE,
    // Alloy's fourth attempt comes after ten minutes: what is missing then is worth asking for.
    firstCheckMs: 10 * MINUTE,
    secondCheckMs: 15 * MINUTE,
    growth: 2,
    capMs: 1 * DAY,
    // One hour after Alloy's last attempt.
    finalCheckMs: 25 * HOUR,
    // A rerun's own webhooks report it. If people often start reruns by hand, use 7 * DAY.
    rerunCheckMs: null,
    // Alloy publishes no limit and recommends no interval: modest, so that others keep their share.
    requestsPerSecond: 5,
    callsPerRun: 200,
    // 200 calls at 5 a second are 40 s; the rest is for Alloy being slow. Below poller-near-timeout.
    runMs: 42 * SECOND,
  },
  gaps: {
    // Alloy's third attempt comes after one minute, and the queue drains in seconds.
    graceMs: 2 * MINUTE,
    thresholdMs: 15 * MINUTE,
    // Nothing times out, but someone should know.
    staleAfterMs: 30 * DAY,
  },
  alarms: {
    runbooksUrl:
      "https://github.com/alloy-journey-webhooks/alloy-journey-webhooks/blob/main/docs/runbooks",
    channels: { page: [], ticket: [] },
    teams: {},
  },
  // What is out of the ordinary is for you to say: docs/notifications.md has rules to begin with.
  notifications: [],
  retention: {
    // How long a bank has to keep them, its law says. Later is not too late: `npm run ops -- retention` ends older ones.
    eventsMs: null,
    logs: RetentionDays.ONE_MONTH,
    // As long as the idempotency window: whatever may come back finds its body.
    payloadsMs: 40 * DAY,
    // As long as an auditor may ask; they name nobody.
    statementsMs: 7 * 365 * DAY,
  },
  encryption: "aws-managed",
  people: "policies",
  domain: null,
  concurrency: "reserved",
  // Half an hour for each deployment would be long where nobody depends on it.
  rollout: "all-at-once",
};

/** A stage for Alloy's sandbox: nothing in it outlives its stack. */
export const SANDBOX: StageConfiguration = {
  ...shared,
  stage: "sandbox",
  environment: "sandbox",
  alloy: { baseUrl: "https://sandbox.alloy.co/v1", auth: "basic" },
  // People look for their test persons. For real volumes it is a choice of its own: each entity costs four writes.
  entityIndex: "on",
  removal: "destroy",
};

/** A stage for real applicants. It is not complete: who is paged for it, only you can say. */
export const PRODUCTION: StageConfiguration = {
  ...shared,
  stage: "production",
  environment: "live",
  alloy: { baseUrl: "https://api.alloy.co/v1", auth: "basic" },
  // Two thirds of the events are steps in which nobody has to act: they are still recorded and merged, and
  // published at the price of a webhook each (docs/cost.md). Without this line they are.
  routes: routes({ progressed: { publish: false } }),
  retention: { ...shared.retention, logs: RetentionDays.THREE_MONTHS },
  removal: "retain",
  rollout: "canary",
};

/** The same for docs and tests, which page nobody, and say so. */
export const EXAMPLE_PRODUCTION: StageConfiguration = {
  ...PRODUCTION,
  alarms: { ...PRODUCTION.alarms, channels: "none" },
};

/** What the command line may say of the stage `local`. */
export interface LocalContext {
  /** Where Alloy, or its simulator, is. */
  readonly alloyBaseUrl?: unknown;
  /** `on` where its Alloy has Investigations, as the simulator does. */
  readonly investigations?: unknown;
  /** Divides polling intervals and gap graces. */
  readonly timeScale?: unknown;
}

/** For an emulator on this machine; `tools/local` says where its Alloy is and how fast time runs. */
export function localStage(context: LocalContext): StageConfiguration {
  const scale = numberFrom(context.timeScale);
  const scaled = (ms: number) => Math.max(1, Math.round(ms / scale));
  const { polling, gaps } = shared;
  return {
    ...shared,
    stage: "local",
    environment: "sandbox",
    alloy: {
      ...SANDBOX.alloy,
      baseUrl: textFrom("alloyBaseUrl", context.alloyBaseUrl ?? SANDBOX.alloy.baseUrl),
    },
    investigations: context.investigations === "on" ? "on" : "off",
    // The simulator, or the user's own mock, calls from this machine.
    allowList: { mode: "observe", cidrs: ["127.0.0.0/8", ...ALLOY_CIDRS] },
    polling: {
      ...polling,
      // A schedule ticks once a minute at most; tools/local invokes the poller besides it.
      rateMs: 1 * MINUTE,
      firstCheckMs: scaled(polling.firstCheckMs),
      secondCheckMs: scaled(polling.secondCheckMs),
      capMs: scaled(polling.capMs),
      finalCheckMs: scaled(polling.finalCheckMs),
      // The other end is on this machine.
      requestsPerSecond: 50,
    },
    gaps: {
      // The emulator's own latency does not scale: a webhook takes seconds to come into effect.
      graceMs: Math.max(5 * SECOND, scaled(gaps.graceMs)),
      thresholdMs: Math.max(5 * SECOND, scaled(gaps.thresholdMs)),
      staleAfterMs: scaled(gaps.staleAfterMs),
    },
    // A list of targets, so that a person can try to pause a route and to replay to its queue alone.
    routes: routes({ approved: { targets: [] } }),
    // What docs/notifications.md explains, to be looked at. The team's channel is nobody's.
    notifications: EXAMPLE_RULES,
    alarms: { ...shared.alarms, teams: { "review-desk": [{ email: "review-desk@example.com" }] } },
    // An emulator has no metric filters.
    counting: "functions",
    removal: "destroy",
  };
}

/** @throws ConfigurationError when a context is no text. */
export function textFrom(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ConfigurationError(
    `The context ${name} is ${JSON.stringify(value)}, but it must be a text: cdk … --context ${name}=value.`,
  );
}

function numberFrom(timeScale: unknown): number {
  const scale = Number(timeScale ?? 1);
  if (Number.isFinite(scale) && scale >= 1) return scale;
  throw new ConfigurationError(
    `The context timeScale is ${JSON.stringify(timeScale)}, but it must be a number of at least 1, such as 600.`,
  );
}
