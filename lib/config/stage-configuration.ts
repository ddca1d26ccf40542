import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { AuthSettings } from "../../lambdas/settings/ingest-settings.ts";
import type { OutcomeRoutes, Publication } from "../../lambdas/settings/consumer-settings.ts";
import type { AllowListSettings } from "../../lambdas/settings/ingest-settings.ts";
import type {
  GapSettings,
  PollerSettings,
  PollingSettings,
} from "../../lambdas/settings/poller-settings.ts";
import { DECISION_ROUTE_ID, INVESTIGATION_ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { NotificationRule } from "./notification-rules.ts";
import type { RouteTarget } from "./route-targets.ts";

/** What one stage is made of. The values are in `stages.ts`. Times are in milliseconds. */
export interface StageConfiguration {
  /** Part of the stack's name and a dimension of every metric. */
  readonly stage: string;
  /** Alloy's environment whose webhooks come here. */
  readonly environment: "sandbox" | "live";
  readonly alloy: {
    /** Base URL of Alloy's API with its version; some clients have one of their own. */
    readonly baseUrl: string;
    /** How the poller authenticates: with the API key, or with a bearer of an hour got with it. */
    readonly auth: PollerSettings["alloyAuth"];
  };
  /** Journey tokens to accept; empty accepts all. */
  readonly journeys: readonly string[];
  readonly events: {
    /** Event types to acknowledge, count and drop; every other one is handled, unknown ones always. */
    readonly handled: { readonly allBut: readonly string[] };
  };
  /** How Alloy proves who it is: our own check of Basic and HMAC, or a JWT checked by API Gateway. */
  readonly auth: AuthSettings;
  readonly allowList: AllowListSettings;
  readonly submissions: {
    /** The `Source` of events that may announce a submission; `any`: every one but ours (docs/submissions.md). */
    readonly sources: "any" | readonly string[];
  };
  readonly routes: Readonly<Record<RouteId, RouteConfiguration>>;
  /**
   * Whether Alloy's Investigations have routes of their own, and are compared with Alloy's list of them. `off`: their
   * webhooks go to `other`. For accounts that have that product of Alloy's: of another one, the list is refused.
   */
  readonly investigations: "off" | "on";
  /**
   * What is published of a decision on the route `decided`, when an application ends. It may be personal data
   * (docs/personal-data.md), so each field is a choice of its own. `off`: nothing, and there is no such route. On, the
   * poller runs once a minute, whatever `polling.rateMs` says.
   */
  readonly decision: "off" | DecisionConfiguration;
  /** What single Journeys do differently, by their token; what a Journey does not say is as in `routes`. */
  readonly journeyRoutes: Readonly<Record<string, JourneyRouteConfiguration>>;
  readonly polling: PollingSettings;
  readonly gaps: GapSettings;
  /** Rules that tell people when outcomes are out of the ordinary (docs/notifications.md). */
  readonly notifications: readonly NotificationRule[];
  readonly alarms: {
    /** Where the pages of docs/runbooks can be read; an alarm links to `<this>/<alarm id>.md`. */
    readonly runbooksUrl: string;
    /** Who is notified; `none`: nobody, and the topics have no subscriber. A stage that retains has to say that. */
    readonly channels: AlarmChannels | "none";
    /** Channels of teams that a rule may tell instead, by the team's name. */
    readonly teams: Readonly<Record<string, readonly Channel[]>>;
  };
  readonly retention: {
    /**
     * How long an event with its body is kept; null keeps it. The state is always kept. Stamped when an event is recorded:
     * `npm run ops -- retention <days>` applies another value to the events that are stored already.
     */
    readonly eventsMs: number | null;
    readonly logs: RetentionDays;
    /** How long a webhook too large for one SQS message is kept. */
    readonly payloadsMs: number;
    /** How long a daily statement is kept; where the stage retains, nobody can remove it before. */
    readonly statementsMs: number;
  };
  /** `customer-managed`: one KMS key of your own encrypts everything. */
  readonly encryption: "aws-managed" | "customer-managed";
  /**
   * `policies`: managed policies for auditors, operators, break-glass and deployers, which the permission sets of IAM
   * Identity Center name (docs/people.md). `none`: what people may do is said elsewhere.
   */
  readonly people: "policies" | "none";
  /** A name of your own for the webhook; null uses API Gateway's. */
  readonly domain: DomainConfiguration | null;
  /** `retain`: the stack cannot be deleted, and what it stores survives even that. */
  readonly removal: "retain" | "destroy";
  /**
   * `reserved`: each function has its share of the account's concurrency for itself.
   * `shared`: for an account whose limit is too small to reserve from (new ones have 10).
   */
  readonly concurrency: "reserved" | "shared";
  /**
   * How a new build of ingest takes over. `canary`: a tenth of the requests for 15 minutes, then all. `linear`: a tenth
   * more every two minutes. Meanwhile, and 20 minutes after the last change of the stack, alarms take it back.
   * `all-at-once`: nothing takes it back.
   */
  readonly rollout: "all-at-once" | "canary" | "linear";
  /**
   * What the stage has to carry (docs/scale.md): the consumer's concurrency, the schedule and the number of pollers follow from
   * it. The synth fails, and says what lifts the ceiling, if the stage cannot carry it.
   * @default - the usual settings, and no proof
   */
  readonly expected?: { readonly webhooksPerDay: number; readonly openApplications: number };
  /**
   * What stands when nothing comes (docs/cost.md). `lean` is for sandboxes: every alarm that pages, but no tickets, no
   * dashboard, and no key for the alert topics. A tenth of a dollar for each alarm adds up.
   * @default "full"
   */
  readonly footprint?: "full" | "lean";
  /**
   * Seconds that Lambda waits to fill a batch of the consumer: each event waits with it, and is paid with others (docs/cost.md).
   * @default 0
   */
  readonly batchWindowSeconds?: number;
  /**
   * Who counts what happens with every event (docs/cost.md). `filters`: metric filters of CloudWatch Logs, over the access log
   * and the consumer's short lines. `functions`: the functions, in embedded metric format, at three times the log; an emulator
   * has no filters.
   * @default "filters"
   */
  readonly counting?: "filters" | "functions";
  /**
   * An EventBridge schema registry with the schema of each published event, for code bindings (docs/consumers.md).
   * @default false
   */
  readonly schemaRegistry?: boolean;
  /**
   * An archive of what the stack publishes on the bus, for so many days: people replay it to the rules of their choice
   * (docs/targets.md). It holds what the bus holds, so it may be personal data.
   * @default - none
   */
  readonly archive?: { readonly retentionDays: number };
  /**
   * `on`: an application is found by the ids of its entities too, Alloy's tokens and the client's, at up to four write units
   * more for each entity (docs/cost.md). `off`: by an entity's id where the application has no other one.
   * @default - off
   */
  readonly entityIndex?: "off" | "on";
}

export interface AlarmChannels {
  readonly page: readonly Channel[];
  readonly ticket: readonly Channel[];
}

export interface DomainConfiguration {
  readonly name: string;
  /** Of a certificate in the region of the stack. */
  readonly certificateArn: string;
  /**
   * Whether API Gateway's own name, `<id>.execute-api.…`, answers too. `closed` comes in a later deployment: after the
   * DNS record, and after Alloy has the new URL (docs/deployment.md).
   * @default - open
   */
  readonly executeApi?: "open" | "closed";
}

export interface RouteConfiguration {
  /** False: the events are recorded, but not published. */
  readonly publish: boolean;
  /** Also events that arrived after a newer one had moved the state. */
  readonly publishLate: boolean;
  /** A queue of our own as the target. */
  readonly queue: boolean;
  /** Another target, instead of the queue or beside it. */
  readonly targetArn: string | null;
  /**
   * Any number of targets more, each with a rule, an alarm and a way to replay to it alone (docs/targets.md). A list, also
   * an empty one, lets operators pause the route.
   * @default - none, and the route cannot be paused
   */
  readonly targets?: readonly RouteTarget[];
}

export interface DecisionConfiguration {
  /**
   * Alloy's reasons for the outcome; those of adverse action are marked.
   * @default - false
   */
  readonly outcomeReasons?: boolean;
  /** @default - false */
  readonly tags?: boolean;
  /**
   * Names of output attributes of the Journey, the most important first: what is too large is left out from the end.
   * @default - none
   */
  readonly outputAttributes?: readonly string[];
  /**
   * The page of an application in Alloy's dashboard, with `{applicationToken}`, and `{journeyToken}` where it has one.
   * Alloy's documentation does not name it.
   * @default - no link is published
   */
  readonly dashboardUrl?: string;
}

export interface JourneyRouteConfiguration {
  /** Outcomes that the Journey is configured with, and the routes that they mean; in any case of letters. */
  readonly outcomes?: OutcomeRoutes;
  /** Whether a route is published, and late events with it. */
  readonly routes?: Readonly<Partial<Record<RouteId, Partial<Publication>>>>;
}

/**
 * Whether a route is published for any Journey: then it has its rule, its targets and its alarm. Those of Investigations
 * are published by the stages that handle them alone, and decisions by those that ask for them.
 */
export function isEverPublished(
  {
    routes,
    journeyRoutes,
    investigations,
    decision,
  }: Pick<StageConfiguration, "routes" | "journeyRoutes" | "investigations" | "decision">,
  route: RouteId,
): boolean {
  if (decision === "off" && route === DECISION_ROUTE_ID) return false;
  if (investigations === "off" && INVESTIGATION_ROUTE_IDS.some((id) => id === route)) return false;
  return (
    routes[route].publish ||
    Object.values(journeyRoutes).some((journey) => journey.routes?.[route]?.publish === true)
  );
}

export type Channel =
  | { readonly email: string }
  | { readonly https: string }
  | { readonly slack: { readonly workspaceId: string; readonly channelId: string } };

/** A value that cannot be deployed. Its message is all that a person needs to read. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
