import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { beforeAll, vi } from "vitest";
import { startLocalServer } from "./local-server.ts";
import type { LocalServer } from "./local-server.ts";
import { listOf } from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";

const REGION = "eu-central-1";
const ACCOUNT = "123456789012";

/** Lambda keeps so many of an account's executions for functions that reserve none. */
const KEPT_UNRESERVED = 100;

interface Stack {
  readonly id: string;
  status: string;
  outputs: Readonly<Record<string, string>>;
  reserved: number;
  isProtected: boolean;
  /** Of what it has made. */
  names: readonly string[];
  /** As CloudFormation keeps it. */
  template: string;
  /** ARNs of alarms, kept for every later update. */
  triggers: readonly string[];
}

interface Tagged {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** An AWS account as the preflight and a deployment meet it, over the wire. What a test sets is what it holds. */
export class AwsAccount {
  /** A new account has 10, some 50. */
  limit = 1_000;
  /** What others have reserved. */
  reservedByOthers = 0;
  bootstrap: number | null = null;
  credentialsAreKnown = true;
  stack: Stack | null = null;
  /** What its stacks have left behind. */
  left: Tagged[] = [];
  unknownTypes: readonly string[] = [];
  /** By topic; `PendingConfirmation` is what SNS says of one that nobody has confirmed. */
  subscriptions: readonly string[] = [];
  filledSecrets: readonly string[] = [];
  /** Names of the alarms that are in ALARM. */
  ringing: readonly string[] = [];
  /** Names of the rules that are on, of those that are off in the template. */
  enabledRules: readonly string[] = [];
  /** Actions of a query or a target that the role may not call. */
  denied: readonly string[] = [];
  /** Each call, by its action or path. */
  readonly calls: string[] = [];
  #stacks = 0;

  /**
   * Deploys as the CDK CLI and CloudFormation do: a stack that could not be created is rolled back, what its template
   * retains stays, and what is protected cannot be deleted.
   *
   * @returns the exit code of the CLI.
   */
  deploy(template: Synthesised): number {
    const { stage, resources, isTerminationProtected } = template;
    if (this.bootstrap === null) return 1;
    if (this.stack?.status === "ROLLBACK_COMPLETE") {
      if (this.stack.isProtected) return 1;
      this.stack = null;
    }
    const needed = template
      .ofType("AWS::Lambda::Function")
      .reduce(
        (sum, { Properties }) => sum + Number(Properties["ReservedConcurrentExecutions"] ?? 0),
        0,
      );
    const isNew = this.stack === null;
    // CloudFormation takes the update back.
    if (this.stack?.triggers.some((arn) => this.ringing.some((name) => arn.endsWith(name)))) {
      this.stack.status = "UPDATE_ROLLBACK_COMPLETE";
      return 1;
    }
    this.stack ??= {
      id: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/AlloyJourneyWebhooks-${stage.stage}/${++this.#stacks}`,
      status: "CREATE_IN_PROGRESS",
      outputs: {},
      reserved: 0,
      isProtected: false,
      names: [],
      template: "",
      triggers: [],
    };
    // The CLI says it before the change set is executed.
    this.stack.isProtected = isTerminationProtected;
    const free = this.limit - this.reservedByOthers;
    if (needed > 0 && free - needed < KEPT_UNRESERVED) {
      if (!isNew) {
        this.stack.status = "UPDATE_ROLLBACK_COMPLETE";
        return 1;
      }
      const kept = resources.filter(({ DeletionPolicy: policy }) => policy === "Retain");
      for (const { logicalId } of kept) {
        this.left.push({
          arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${logicalId}`,
          tags: {
            application: "alloy-journey-webhooks",
            stage: stage.stage,
            "aws:cloudformation:stack-id": this.stack.id,
          },
        });
      }
      const isStuck = resources.some(
        ({ Properties, DeletionPolicy: policy }) =>
          JSON.stringify(Properties).includes('"DeletionProtectionEnabled":true') &&
          policy !== "Retain",
      );
      this.stack.status = isStuck ? "ROLLBACK_FAILED" : "ROLLBACK_COMPLETE";
      return 1;
    }
    this.stack.status = isNew ? "CREATE_COMPLETE" : "UPDATE_COMPLETE";
    this.stack.reserved = needed;
    this.stack.template = templateOf(template);
    this.stack.names = resources.flatMap(({ Properties }) =>
      [Properties["Name"], Properties["AlarmName"]].filter((name) => typeof name === "string"),
    );
    this.stack.outputs = {
      IngestFunctionName: "ingest",
      ConsumerFunctionName: "consumer",
      PollerFunctionName: "poller",
      PageTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:page`,
      TicketTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:ticket`,
      WebhookSecretArn: "webhook-secret",
      AlloyApiSecretArn: "api-secret",
    };
    return 0;
  }

  /** Not every service takes the tags with which CloudFormation marks what belongs to a stack. */
  #withoutSystemTags(): readonly Tagged[] {
    const { id = "", names = [] } = this.stack ?? {};
    const stage = /AlloyJourneyWebhooks-([^/]+)/.exec(id)?.[1] ?? "";
    return names.map((name) => ({
      arn: `arn:aws:events:${REGION}:${ACCOUNT}:any/${name}`,
      tags: { application: "alloy-journey-webhooks", stage },
    }));
  }

  /** `aws cloudformation delete-stack`. */
  deleteStack(): void {
    this.stack = null;
  }

  /** Answers one request as its service does. */
  answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const target = listOf(request.headers["x-amz-target"])[0];
    const query = new URLSearchParams(body);
    const path = request.url ?? "";
    const action =
      typeof target === "string" ? (target.split(".")[1] ?? "") : (query.get("Action") ?? path);
    this.calls.push(action);
    const json = (answer: unknown, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    };
    const xml = (result: string) => {
      response.writeHead(200, { "content-type": "text/xml" });
      response.end(
        `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
      );
    };
    const refuse = (code: string, message: string, status = 400) => {
      if (typeof target === "string") return json({ __type: code, message }, status);
      response.writeHead(status, { "content-type": "text/xml" });
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
    };
    if (this.denied.includes(action)) return refuse("AccessDeniedException", "not authorized", 403);
    if (!this.credentialsAreKnown) {
      return refuse("InvalidClientTokenId", "The security token included is invalid.", 403);
    }
    switch (action) {
      case "GetCallerIdentity":
        return xml(
          `<Arn>arn:aws:sts::${ACCOUNT}:assumed-role/deployer/me</Arn><UserId>me</UserId><Account>${ACCOUNT}</Account>`,
        );
      case "GetParameter":
        return this.bootstrap === null
          ? refuse("ParameterNotFound", "")
          : json({ Parameter: { Value: String(this.bootstrap) } });
      case "/2016-08-19/account-settings": {
        const reserved = this.reservedByOthers + (this.stack?.reserved ?? 0);
        return json({
          AccountLimit: {
            ConcurrentExecutions: this.limit,
            UnreservedConcurrentExecutions: this.limit - reserved,
          },
        });
      }
      case "/2019-09-30/functions/ingest/concurrency":
        return json({ ReservedConcurrentExecutions: this.stack?.reserved ?? 0 });
      case "/2019-09-30/functions/consumer/concurrency":
      case "/2019-09-30/functions/poller/concurrency":
        return json({});
      case "DescribeStacks":
        return this.stack === null
          ? refuse("ValidationError", `Stack with id ${query.get("StackName")} does not exist`)
          : xml(`<Stacks><member>${stackAsXml(this.stack)}</member></Stacks>`);
      case "UpdateStack": {
        if (this.stack === null) return refuse("ValidationError", "there is no such stack");
        // A change set of the CLI names none, and CloudFormation keeps what there is.
        const triggers = [...query].filter(([name]) =>
          /^RollbackConfiguration\.RollbackTriggers\.member\.\d+\.Arn$/.test(name),
        );
        this.stack.triggers = triggers.map(([, arn]) => arn);
        this.stack.status = "UPDATE_COMPLETE";
        return xml(`<StackId>${this.stack.id}</StackId>`);
      }
      case "DescribeAlarms": {
        const { AlarmNames: asked } = JSON.parse(body);
        const found = this.ringing.filter((name) => listOf(asked).includes(name));
        return json({ MetricAlarms: found.map((AlarmName) => ({ AlarmName })) });
      }
      case "ListRules": {
        const { EventBusName, NextToken } = JSON.parse(body);
        if (EventBusName !== "AlloyJourneyWebhooks-production") {
          return refuse("ResourceNotFoundException", `Event bus ${EventBusName} does not exist.`);
        }
        // Two pages: what counts may be on the second one.
        if (NextToken === undefined) return json({ Rules: [], NextToken: "next" });
        return json({ Rules: this.enabledRules.map((Name) => ({ Name, State: "ENABLED" })) });
      }
      case "DescribeType": {
        const type = query.get("TypeName") ?? "";
        return this.unknownTypes.includes(type)
          ? refuse("TypeNotFoundException", `The type '${type}' cannot be found.`, 404)
          : xml(`<TypeName>${type}</TypeName>`);
      }
      case "GetTemplate":
        return xml(
          `<TemplateBody>${(this.stack?.template ?? "").replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</TemplateBody>`,
        );
      case "ListStackResources":
        return xml(
          `<StackResourceSummaries>${(this.stack?.names ?? []).map((name) => `<member><PhysicalResourceId>${name}</PhysicalResourceId></member>`).join("")}</StackResourceSummaries>`,
        );
      case "GetResources":
        return json({
          PaginationToken: "",
          ResourceTagMappingList: [...this.left, ...this.#withoutSystemTags()].map(
            ({ arn, tags }) => ({
              ResourceARN: arn,
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            }),
          ),
        });
      case "ListSubscriptionsByTopic":
        return xml(
          `<Subscriptions>${this.subscriptions.map((arn) => `<member><SubscriptionArn>${arn}</SubscriptionArn></member>`).join("")}</Subscriptions>`,
        );
      case "DescribeSecret": {
        const { SecretId: id } = JSON.parse(body);
        const before = this.filledSecrets.includes(id) ? { first: ["AWSPREVIOUS"] } : {};
        return json({ VersionIdsToStages: { ...before, last: ["AWSCURRENT"] } });
      }
      default:
        return refuse("UnknownOperationException", `nobody has taught this double ${action}`, 404);
    }
  }
}

/** Serves an account to the SDK's clients of the test file's process, by the environment alone. */
export function serveAccount(): { current: AwsAccount; readonly region: string } {
  const served = { current: new AwsAccount(), region: REGION };
  let server: LocalServer;
  beforeAll(async () => {
    server = await startLocalServer((request, response) => {
      void text(request).then((body) => served.current.answer(request, body, response));
    });
    vi.stubEnv("AWS_ENDPOINT_URL", server.url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    return async () => {
      vi.unstubAllEnvs();
      await server.close();
    };
  });
  return served;
}

function templateOf({ resources, outputs }: Synthesised): string {
  return JSON.stringify({
    Resources: Object.fromEntries(
      resources.map(({ logicalId, ...resource }) => [logicalId, resource]),
    ),
    Outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, { Value: value }]),
    ),
  });
}

function stackAsXml({ id, status, outputs, triggers }: Stack): string {
  const kept = triggers.map(
    (arn) => `<member><Arn>${arn}</Arn><Type>AWS::CloudWatch::Alarm</Type></member>`,
  );
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return `<StackId>${id}</StackId><StackName>any</StackName><CreationTime>2026-11-26T00:00:00Z</CreationTime><StackStatus>${status}</StackStatus><Outputs>${members.join("")}</Outputs><RollbackConfiguration><RollbackTriggers>${kept.join("")}</RollbackTriggers></RollbackConfiguration>`;
}
