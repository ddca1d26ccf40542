import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { THROTTLE, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { EMPTY_WEBHOOK_SECRET, WEBHOOK_PATH } from "../../lambdas/settings/names.ts";
import { countsByFilters, ingestSettings } from "../config/function-settings.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { accessLogFormat } from "../alarms/access-log.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import type { EventQueue } from "./event-queue.ts";
import type { FunctionNetwork } from "./function-network.ts";
import { countAlloyRefusals } from "../alarms/alloy-refusals.ts";
import { FillableSecret } from "./fillable-secret.ts";
import { GradualRelease } from "./gradual-release.ts";
import { makeIngestAlarms } from "../alarms/ingest-alarms.ts";
import { NodeFunction } from "./node-function.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import { pinLogicalId } from "./stateful.ts";
import { countTokenRefusals } from "../alarms/token-refusals.ts";
import { countReceipts } from "../alarms/usual-counts.ts";

export interface WebhookIngestProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly payloads: PayloadBucket;
  readonly alerts: AlertTopics;
  /** Whether a poller counts Alloy's failures in a row; without it no alarm is about them. @default true */
  readonly isPolled?: boolean;
  /** Where the function runs. @default - in Lambda's own network */
  readonly network?: FunctionNetwork | undefined;
}

/** The way in: API Gateway and the function that authenticates, stores and answers. */
export class WebhookIngest extends Construct {
  /** What to paste into Alloy's Settings > Webhooks. */
  readonly webhookUrl: string;
  readonly function: NodeFunction;
  readonly secret: FillableSecret;
  readonly api: HttpApi;
  readonly accessLog: ILogGroup;
  /** Where the DNS record of a name of your own has to point; undefined without one. */
  readonly dnsTarget: string | undefined;

  constructor(scope: Construct, id: string, props: WebhookIngestProps) {
    super(scope, id);
    const { stage, key, queue, payloads, alerts, isPolled = true, network } = props;

    this.secret = new FillableSecret(this, "WebhookSecret", {
      stage,
      key,
      logicalId: "WebhookSecret",
      description: "What Alloy's webhooks authenticate with: Basic credentials, HMAC keys, or both",
      empty: EMPTY_WEBHOOK_SECRET,
    });

    this.function = new NodeFunction(this, "Ingest", {
      stage,
      name: "ingest",
      description: "Authenticates a webhook of Alloy, puts it into the queue, answers 200",
      key,
      impact: {
        alerts,
        throttled: {
          severity: "page",
          impact:
            "API Gateway answers 5xx, and Alloy retries. After 100 failures in a row Alloy disables the endpoint.",
        },
        nearTimeout: {
          impact: "API Gateway answers 5xx for a run at the time limit, and Alloy retries.",
        },
      },
      environment: {
        EVENT_QUEUE_URL: queue.events.queueUrl,
        PAYLOAD_BUCKET_NAME: payloads.bucketName,
        WEBHOOK_SECRET_ARN: this.secret.secretArn,
      },
      settings: ingestSettings(stage),
      network,
    });
    queue.events.allowSender(this.function.role);
    this.function.allow(["secretsmanager:GetSecretValue"], this.secret.secretArn);
    this.function.allowKey(key);
    payloads.grantClaimCheck(this.function);

    this.api = new HttpApi(this, "Api", {
      apiName: `${stage.stage}-alloy-journey-webhooks`,
      description: "Receives Alloy's Journey webhooks",
      createDefaultStage: false,
      // Alloy may hold this address until the other one works.
      disableExecuteApiEndpoint: stage.domain?.executeApi === "closed",
    });
    // The function itself where a new build takes over at once.
    const release =
      stage.rollout === "all-at-once"
        ? undefined
        : new GradualRelease(this, "Release", { function: this.function });
    const routes = this.api.addRoutes({
      path: WEBHOOK_PATH,
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration(
        "Integration",
        release?.live ?? this.function.function,
        {
          payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
          timeout: Duration.millis(TIMEOUTS_MS.integration),
        },
      ),
      ...jwtAuthorizer(stage),
    });
    this.accessLog = this.#makeAccessLog(stage, key);
    if (stage.auth !== "secret") countTokenRefusals(this, this.accessLog);
    countAlloyRefusals(this, this.accessLog, stage.allowList.cidrs);
    const receipts = countsByFilters(stage) ? countReceipts(this, this.accessLog) : null;
    const domainName = this.#makeDomain(stage);
    const apiStage = new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: THROTTLE.requestsPerSecond, burstLimit: THROTTLE.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: accessLogFormat(stage),
      },
      ...(domainName !== undefined && { domainMapping: { domainName } }),
    });
    if (receipts !== null) {
      // The filter first, then the format that it reads: a build that does not count would else be ahead of who does.
      apiStage.node.addDependency(receipts);
      this.function.function.node.addDependency(receipts, apiStage);
    }
    this.dnsTarget = domainName?.regionalDomainName;
    // Alloy holds the URL, and with it these: another API is another URL.
    pinLogicalId(this.api, "IntakeApi6BE964B1");
    pinLogicalId(apiStage, "IntakeStage3563B37F");
    for (const route of routes) {
      pinLogicalId(route, "IntakeApiPOSTwebhooksalloy92A221A8");
      const integration = route.node.findChild("Integration");
      pinLogicalId(integration, "IntakeApiPOSTwebhooksalloyIntegrationA7966789");
      // The right to call first: else, while the alias comes or goes, webhooks would be answered 500.
      integration.node.addDependency(route.node.findChild("Integration-Permission"));
    }
    const origin = stage.domain === null ? this.api.apiEndpoint : apiStage.domainUrl;
    this.webhookUrl = `${origin.replace(/\/$/, "")}${WEBHOOK_PATH}`;

    makeIngestAlarms(this, {
      stage,
      alerts,
      api: this.api,
      function: this.function,
      isPolled,
    });
    if (stage.rollout !== "all-at-once") release?.rollBackBy(alerts, stage.rollout);
  }

  #makeAccessLog(stage: StageConfiguration, key: IKey | undefined): LogGroup {
    return new LogGroup(this, "AccessLog", {
      retention: stage.retention.logs,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key !== undefined && { encryptionKey: key }),
    });
  }

  #makeDomain({ domain }: StageConfiguration): DomainName | undefined {
    if (domain === null) return undefined;
    const domainName = new DomainName(this, "Domain", {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, "Certificate", domain.certificateArn),
    });
    pinLogicalId(domainName, "IntakeDomainC9AFCCDF");
    return domainName;
  }
}

/** Alloy's OAuth 2.0 mode: API Gateway checks the token, no code of ours. */
function jwtAuthorizer({ auth }: StageConfiguration) {
  if (auth === "secret") return {};
  const { issuer, audience, scopes } = auth.jwt;
  return {
    authorizer: new HttpJwtAuthorizer("Jwt", issuer, { jwtAudience: [...audience] }),
    authorizationScopes: [...scopes],
  };
}
