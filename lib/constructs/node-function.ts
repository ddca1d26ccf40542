import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { Conditions } from "aws-cdk-lib/aws-iam";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Architecture, LoggingFormat, Runtime, SystemLogLevel } from "aws-cdk-lib/aws-lambda";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import {
  BUNDLE,
  CONCURRENCY,
  EVENT_SOURCE,
  MEMORY_MB,
  TIMEOUTS_MS,
} from "../../lambdas/settings.ts";
import { ConfigurationError } from "../stage-configuration.ts";
import type { StageConfiguration } from "../stage-configuration.ts";
import { makeFunctionAlarms } from "./function-alarms.ts";
import type { FunctionImpact } from "./function-alarms.ts";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

export type FunctionName = keyof typeof MEMORY_MB;

export interface NodeFunctionProps {
  readonly stage: StageConfiguration;
  /** The folder of `lambdas/` whose `index.ts` exports `handler`; settings.ts knows its limits by it. */
  readonly name: FunctionName;
  readonly description: string;
  readonly impact: FunctionImpact;
  readonly environment: Readonly<Record<string, string>>;
  /** Encrypts the log group. @default - CloudWatch's own key */
  readonly key?: IKey | undefined;
}

/** The one place for runtime, bundling, memory, time limit and logs of a Lambda function. */
export class NodeFunction extends Construct {
  readonly name: FunctionName;
  readonly function: IFunction;
  readonly logGroup: ILogGroup;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    const { stage, name } = props;
    this.name = name;

    this.logGroup = new LogGroup(this, "Logs", {
      retention: stage.retention.logs,
      // Nothing in a log is worth keeping past its stack: the ledger is the table.
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.key !== undefined && { encryptionKey: props.key }),
    });

    // A role of our own: Lambda's managed policy may write to every log group of the account.
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: props.description,
    });
    this.allow(["logs:CreateLogStream", "logs:PutLogEvents"], this.logGroup.logGroupArn);

    this.function = new NodejsFunction(this, "Function", {
      entry: entryOf(name),
      handler: "handler",
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      // A fifth cheaper than x86 for the same work.
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MB[name],
      timeout: Duration.millis(TIMEOUTS_MS[name]),
      ...(stage.concurrency === "reserved" && { reservedConcurrentExecutions: CONCURRENCY[name] }),
      role: this.role,
      environment: { STAGE: stage.stage, ...props.environment },
      // The SDK's third version keeps its connections by itself.
      awsSdkConnectionReuse: false,
      logGroup: this.logGroup,
      // With JSON Lambda can leave out its own START, END and REPORT lines, half of the log's volume.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      projectRoot,
      depsLockFilePath: `${projectRoot}package-lock.json`,
      bundling: {
        format: OutputFormat.ESM,
        ...BUNDLE,
        mainFields: [...BUNDLE.mainFields],
        // The locked SDK goes into the bundle: what was tested is what runs, here and on the emulator.
        bundleAwsSDK: true,
        logLevel: LogLevel.WARNING,
      },
    });

    makeFunctionAlarms(this, this, props.impact);
  }

  /** Lets the function do exactly these actions on exactly these resources. */
  allow(actions: readonly string[], ...resources: readonly string[]): void {
    this.allowWhen({}, actions, ...resources);
  }

  /** The same under conditions: by operator, then by condition key. */
  allowWhen(conditions: Conditions, actions: readonly string[], ...resources: string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources, conditions }));
  }

  /** Lets the function put events of our source on the bus, with these titles alone. */
  allowEvents(bus: EventBus, detailTypes: readonly string[]): void {
    this.allowWhen(
      {
        // Both are lists: of the entries of a call (Service Authorization Reference, EventBridge).
        "ForAllValues:StringEquals": {
          "events:source": EVENT_SOURCE,
          "events:detail-type": detailTypes,
        },
        // Without any value, "for all" would hold.
        Null: { "events:source": "false", "events:detail-type": "false" },
      },
      ["events:PutEvents"],
      bus.eventBusArn,
    );
  }

  /** Lets the function use a key, where there is one. */
  allowKey(key: IKey | undefined): void {
    if (key !== undefined) this.allow(["kms:Decrypt", "kms:GenerateDataKey"], key.keyArn);
  }
}

function entryOf(name: FunctionName): string {
  const entry = `${projectRoot}lambdas/${name}/index.ts`;
  if (existsSync(entry)) return entry;
  throw new ConfigurationError(
    `There is no lambdas/${name}/index.ts: the function ${name} has no code.`,
  );
}
