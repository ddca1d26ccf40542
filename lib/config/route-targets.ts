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
