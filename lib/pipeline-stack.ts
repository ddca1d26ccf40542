import type { StackProps } from "aws-cdk-lib";
import { CfnOutput, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AlertTopics } from "./alarms/alert-topics.ts";
import type { AnnouncedAlarm } from "./alarms/alert-topics.ts";
import { ApplicationStore } from "./constructs/application-store.ts";
import { dashboardNameOf } from "./alarms/console-links.ts";
import { DailyStatement } from "./constructs/daily-statement.ts";
import { Encryption } from "./constructs/encryption.ts";
import { EventConsumer } from "./constructs/event-consumer.ts";
import { EventQueue } from "./constructs/event-queue.ts";
import { EventRoutes } from "./constructs/event-routes.ts";
import { IntegrationHealth } from "./alarms/integration-health.ts";
import { Notifications } from "./alarms/notifications.ts";
import { People } from "./constructs/people.ts";
import { PipelineDashboard } from "./dashboard/pipeline-dashboard.ts";
import type { PipelineDashboardProps } from "./dashboard/pipeline-dashboard.ts";
import { SchemaRegistry } from "./constructs/schema-registry.ts";
import { ScheduledPoller } from "./constructs/scheduled-poller.ts";
import { WebhookIngest } from "./constructs/webhook-ingest.ts";
import { isLean, markFootprint, markWholePipeline, tagsOf } from "./constructs/stateful.ts";
import type { FunctionNetwork } from "./constructs/function-network.ts";
import { isFirstFrom } from "./config/first-deployment.ts";
import { refuseOtherPartitions } from "./config/partition.ts";
import { stageOf } from "./config/stage-props.ts";
import type { StageProps } from "./config/stage-props.ts";
import { useOurFeatureFlags } from "./feature-flags.ts";
import type { OutputName } from "./outputs.ts";
import { omitResources } from "./omit-resources.ts";
import { pascalCase } from "./pascal-case.ts";
import type { StageConfiguration } from "./config/stage-configuration.ts";

/** Stages are found by the stack's name: it is always AlloyJourneyWebhooks-<stage>. */
export interface AlloyJourneyWebhooksProps
  extends StageProps, Omit<StackProps, "stackName">, FunctionNetwork {
  /** Kinds of resources that the target cannot hold; only for an emulator. @default - none */
  readonly omit?: readonly string[];
  /**
   * Whether the stack is not there yet. Protection would keep a failed creation from being undone: of the tables from the
   * rollback, of the stack from the next attempt. The deployment after the first success protects both.
   * @default - whether the context `firstDeployment` is `true`
   */
  readonly isFirstDeployment?: boolean;
}

/** The whole pipeline; reads top to bottom like the picture in docs/architecture.md. */
export class AlloyJourneyWebhooks extends Stack {
  /** The configuration with every default. */
  readonly configuration: StageConfiguration;
  readonly encryption: Encryption;
  readonly alerts: AlertTopics;
  readonly store: ApplicationStore;
  readonly queue: EventQueue;
  readonly routes: EventRoutes;
  readonly ingest: WebhookIngest;
  readonly consumer: EventConsumer;
  readonly poller: ScheduledPoller;
  readonly statement: DailyStatement;
  readonly health: IntegrationHealth;
  /** What every alarm says to people: the documents are made from it. */
  readonly alarms: readonly AnnouncedAlarm[];

  /** @throws ConfigurationError with one sentence per mistake. */
  constructor(scope: Construct, id: string, props: AlloyJourneyWebhooksProps) {
    const stage = stageOf(stagePropsOf(props));
    refuseOtherPartitions(props.env?.region);
    const { isFirstDeployment = isFirstFrom(scope.node.tryGetContext("firstDeployment")) } = props;
    const isProtected = stage.removal === "retain" && !isFirstDeployment;
    super(scope, id, {
      description: `Receives Alloy's Journey webhooks, stage ${stage.stage}`,
      terminationProtection: isProtected,
      ...props,
      stackName: `AlloyJourneyWebhooks-${stage.stage}`,
      tags: { ...props.tags, ...tagsOf(stage) },
    });
    useOurFeatureFlags(this);
    markWholePipeline(this, true);
    markFootprint(this, stage);
    this.configuration = stage;
    const network: FunctionNetwork = props;

    this.encryption = new Encryption(this, "Encryption", { stage });
    const { alertsKey, dataKey: key } = this.encryption;
    const alerts = new AlertTopics(this, "Alerts", { stage, key: alertsKey });
    const store = new ApplicationStore(this, "Store", { stage, key, alerts, isProtected });
    const queue = new EventQueue(this, "Queue", { stage, key });
    const routes = new EventRoutes(this, "Routes", { stage, key, queue, alerts });
    const { bus } = routes;
    new SchemaRegistry(this, "Schemas", { stage });
    const ingest = new WebhookIngest(this, "Intake", {
      stage,
      key,
      queue,
      payloads: store.payloads,
      alerts,
      network,
    });
    const consumer = new EventConsumer(this, "Processing", {
      stage,
      key,
      queue,
      store,
      bus,
      alerts,
      network,
    });
    const poller = new ScheduledPoller(this, "Polling", {
      stage,
      key,
      queue,
      store,
      bus,
      api: ingest.api,
      alerts,
      network,
    });
    routes.keepSourceFor(consumer.function.role, poller.function.role);
    const statement = new DailyStatement(this, "Statement", {
      stage,
      key,
      queue,
      store,
      poller,
      alerts,
      network,
    });
    new Notifications(this, "Notifications", { stage, alerts });
    const health = new IntegrationHealth(this, "Health", { alerts });
    this.alarms = alerts.announced();
    this.alerts = alerts;
    this.store = store;
    this.queue = queue;
    this.routes = routes;
    this.ingest = ingest;
    this.consumer = consumer;
    this.poller = poller;
    this.statement = statement;
    this.health = health;
    const dashboard: PipelineDashboardProps = {
      stage,
      alerts,
      health,
      queue,
      store,
      routes,
      ingest,
      consumer,
      poller,
    };
    if (!isLean(this)) new PipelineDashboard(this, "Overview", dashboard);

    new People(this, "People", {
      stage,
      key,
      queue,
      store,
      routes,
      alerts,
      poller: poller.function,
      statement,
      functions: [ingest, consumer, poller, statement].map((one) => one.function),
      webhookSecret: ingest.secret,
      alloyApiSecret: poller.secret,
    });

    const outputs: Readonly<Record<OutputName, string>> = {
      WebhookUrl: ingest.webhookUrl,
      EventBusName: bus.eventBusName,
      EventQueueUrl: queue.events.queueUrl,
      DeadLetterQueueUrl: queue.deadLetters.queueUrl,
      ApplicationTableName: store.applications.tableName,
      IdempotencyTableName: store.idempotency.tableName,
      PayloadBucketName: store.payloads.bucketName,
      WebhookSecretArn: ingest.secret.secretArn,
      AlloyApiSecretArn: poller.secret.secretArn,
      IngestFunctionName: ingest.function.function.functionName,
      ConsumerFunctionName: consumer.function.function.functionName,
      PollerFunctionName: poller.function.function.functionName,
      StatementFunctionName: statement.function.function.functionName,
      StatementBucketName: statement.bucket.bucketName,
      StatementKeyArn: statement.signingKey.keyArn,
      PageTopicArn: alerts.page.topicArn,
      TicketTopicArn: alerts.ticket.topicArn,
      DashboardName: dashboardNameOf(this),
    };
    const output = (id: string, value: string) => new CfnOutput(this, id, { value });
    for (const [id, value] of Object.entries(outputs)) output(id, value);
    if (ingest.dnsTarget !== undefined) output("WebhookDnsTarget", ingest.dnsTarget);
    for (const [route, { queueUrl }] of routes.queues) {
      output(`${pascalCase(route)}QueueUrl`, queueUrl);
    }

    omitResources(this, props.omit ?? []);
  }
}

/** The stage's own: what is neither that nor CDK's, its check refuses. */
function stagePropsOf(props: AlloyJourneyWebhooksProps): StageProps {
  const {
    analyticsReporting,
    crossRegionReferences,
    description,
    env,
    isFirstDeployment,
    notificationArns,
    omit,
    permissionsBoundary,
    propertyInjectors,
    securityGroups,
    suppressTemplateIndentation,
    synthesizer,
    tags,
    terminationProtection,
    vpc,
    vpcSubnets,
    ...stageProps
  } = props;
  return stageProps;
}
