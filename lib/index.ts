/**
 * What `import … from "alloy-journey-webhooks"` gives: the whole pipeline as a stack, and its parts as constructs for a
 * stack of your own, where each has logical ids of its own (docs/package.md).
 */
export { AlloyJourneyWebhooks } from "./pipeline-stack.ts";
export type { AlloyJourneyWebhooksProps } from "./pipeline-stack.ts";
export { WebhookIntake } from "./constructs/webhook-intake.ts";
export type { WebhookIntakeProps } from "./constructs/webhook-intake.ts";

// A stage.
export { PRODUCTION, SANDBOX } from "./config/default-stages.ts";
export { ConfigurationError } from "./config/stage-configuration.ts";
export type * from "./config/stage-configuration.ts";
export { stageOf } from "./config/stage-props.ts";
export type { StageProps } from "./config/stage-props.ts";
export type { NotificationRule } from "./config/notification-rules.ts";

// The parts, by the picture.
export { AlertTopics } from "./alarms/alert-topics.ts";
export { ApplicationStore } from "./constructs/application-store.ts";
export { DailyStatement } from "./constructs/daily-statement.ts";
export { Encryption } from "./constructs/encryption.ts";
export { EventConsumer } from "./constructs/event-consumer.ts";
export { EventQueue, SecureQueue } from "./constructs/event-queue.ts";
export { EventRoutes } from "./constructs/event-routes.ts";
export type { FunctionNetwork } from "./constructs/function-network.ts";
export { NodeFunction } from "./constructs/node-function.ts";
export { PayloadBucket } from "./constructs/payload-bucket.ts";
export { ScheduledPoller } from "./constructs/scheduled-poller.ts";
export { WebhookIngest } from "./constructs/webhook-ingest.ts";
