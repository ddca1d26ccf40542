import { INVESTIGATION_ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";

/**
 * What a route may target, by the ARN. EventBridge takes a role for some of them, and each kind needs an action of its
 * own: an API destination is of the service `events` too, and `events:PutEvents` does not reach it (EventBridge's guide,
 * "Using identity-based policies").
 */
const KINDS = [
  ["queue", /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[^:/]+$/],
  ["topic", /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[^:/]+$/],
  ["function", /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^:/]+(:[^:/]+)?$/],
  ["event-bus", /^arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus\/.+$/],
  ["api-destination", /^arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:api-destination\/.+$/],
  ["state-machine", /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:.+$/],
  ["stream", /^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:\d{12}:stream\/.+$/],
  ["delivery-stream", /^arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream\/.+$/],
] as const;

export type TargetKind = (typeof KINDS)[number][0];

/** The services that a route may target, as the error that refuses another ARN names them. */
export const TARGET_SERVICES = "sqs, sns, lambda, events, states, kinesis, firehose";

/** What stands behind a target's ARN; undefined when a route may not target it. */
export function targetKindOf(arn: string): TargetKind | undefined {
  return KINDS.find(([, pattern]) => pattern.test(arn))?.[0];
}

/** What the messages of a FIFO queue are in order by, and the records of a stream: EventBridge reads it in each event. */
export type TargetGroup = "application" | "event";

/** A target that exists already. */
export interface ArnTarget {
  /** In the names of its rule and its alarm, and in the operators' commands. */
  readonly name: string;
  readonly arn: string;
  /** @default - `application`; `event` where events of the route may have no application */
  readonly group?: TargetGroup;
}

/** An HTTP endpoint, which EventBridge calls as an API destination. */
export interface HttpTarget {
  readonly name: string;
  readonly http: {
    /** Public, with TLS. EventBridge waits 5 seconds for its answer. */
    readonly url: string;
    /** @default - POST */
    readonly method?: "POST" | "PUT" | "PATCH";
    readonly auth: HttpAuth;
    /** Calls a second at most; what is above waits, for a day at most. @default - 300, EventBridge's own limit */
    readonly perSecond?: number;
  };
}

/** By which secret EventBridge authenticates; `secret` is the ARN of one in Secrets Manager that holds JSON. */
export type HttpAuth =
  /** The secret is `{"username":"…","password":"…"}`. */
  | { readonly basic: { readonly secret: string } }
  /** The secret is `{"apiKey":"…"}`. */
  | { readonly apiKey: { readonly header: string; readonly secret: string } }
  /** Client credentials; the secret is `{"clientId":"…","clientSecret":"…"}`. */
  | {
      readonly oauth: {
        readonly tokenUrl: string;
        readonly scope?: string;
        readonly secret: string;
      };
    };

export type RouteTarget = ArnTarget | HttpTarget;

/** How the operators' commands call what a route has beside its list. */
export const OWN_TARGETS = { queue: "queue", arn: "target-arn" } as const;

const WITHOUT_APPLICATION: readonly RouteId[] = [
  "unrecognised",
  "other",
  ...INVESTIGATION_ROUTE_IDS,
];

/** Whether each event of a route names its application. */
export function hasApplication(route: RouteId): boolean {
  return !WITHOUT_APPLICATION.includes(route);
}

/** What a FIFO queue or a stream is in order by, where the target does not say. */
export function groupOf(route: RouteId): TargetGroup {
  return hasApplication(route) ? "application" : "event";
}

/** Whether the ARN is that of a FIFO queue or topic. */
export function isFifo(arn: string): boolean {
  return arn.endsWith(".fifo");
}
