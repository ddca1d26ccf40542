import { cpSync, existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  AssetHashType,
  CfnElement,
  CfnResource,
  DockerImage,
  Duration,
  RemovalPolicy,
  Stack,
} from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { Conditions } from "aws-cdk-lib/aws-iam";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  ApplicationLogLevel,
  Architecture,
  CfnFunction,
  Code,
  Function,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import type { FunctionOptions } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { ConsumerSettings } from "../../lambdas/settings/consumer-settings.ts";
import type { IngestSettings } from "../../lambdas/settings/ingest-settings.ts";
import { CONCURRENCY, MEMORY_MB, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { BUNDLE, SETTINGS_FILE } from "../../lambdas/settings/names.ts";
import type { PollerSettings } from "../../lambdas/settings/poller-settings.ts";
import { EVENT_SOURCE } from "../../lambdas/settings/routes.ts";
import type { StatementSettings } from "../../lambdas/settings/statement-settings.ts";
import { environment } from "../proofs/environment.ts";
import { violations } from "../proofs/inequality.ts";
import { ConfigurationError } from "../config/stage-configuration.ts";
import { consumerExecutionsFor } from "../config/expected.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { IS_PACKAGE, ROOT } from "../installation.ts";
import { makeFunctionAlarms } from "../alarms/function-alarms.ts";
import type { FunctionImpact } from "../alarms/function-alarms.ts";
import { NETWORK_ACTIONS } from "./function-network.ts";
import type { FunctionNetwork } from "./function-network.ts";

export type FunctionName = keyof typeof MEMORY_MB;

export interface NodeFunctionProps {
  readonly stage: StageConfiguration;
  /** The folder of `lambdas/` whose `index.ts` exports `handler`; settings/limits.ts knows its limits by it. */
  readonly name: FunctionName;
  readonly description: string;
  /** Null: it runs so rarely that the alarm about what it makes is the one that counts. */
  readonly impact: FunctionImpact | null;
  /** Names of resources; Lambda takes 4 KB of them in all. */
  readonly environment: Readonly<Record<string, string>>;
  /** Further settings of the function, of any size: a file beside its code. */
  readonly settings: IngestSettings | ConsumerSettings | PollerSettings | StatementSettings;
  /** Encrypts the log group. @default - CloudWatch's own key */
  readonly key?: IKey | undefined;
  /** @default - Lambda's own network */
  readonly network?: FunctionNetwork | undefined;
}

/** The one place for runtime, bundling, memory, time limit and logs of a Lambda function. */
export class NodeFunction extends Construct {
  readonly name: FunctionName;
  readonly function: Function;
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

    const { vpc, vpcSubnets, securityGroups } = props.network ?? {};
    if (vpc !== undefined) this.allow(NETWORK_ACTIONS, "*");
    const made: FunctionOptions & { readonly runtime: Runtime } = {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      // A fifth cheaper than x86 for the same work.
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MB[name],
      timeout: Duration.millis(TIMEOUTS_MS[name]),
      // Two runs of the statement do no harm, and a reservation would take from the account for all of the day.
      ...(stage.concurrency === "reserved" &&
        name !== "statement" && {
          reservedConcurrentExecutions:
            name === "consumer"
              ? consumerExecutionsFor(stage)
              : name === "poller"
                ? CONCURRENCY.poller * (stage.polling.pollers ?? 1)
                : CONCURRENCY[name],
        }),
      role: this.role,
      environment: { STAGE: stage.stage, ...props.environment },
      logGroup: this.logGroup,
      // With JSON Lambda can leave out its own START, END and REPORT lines, half of the log's volume.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      // The metrics are lines of the log, which have no level and count as INFO: above it all of them would be gone.
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      ...(vpc !== undefined && { vpc }),
      ...(vpcSubnets !== undefined && { vpcSubnets }),
      ...(securityGroups !== undefined && { securityGroups: [...securityGroups] }),
    };
    this.function = new Function(this, "Function", {
      ...made,
      handler: "index.handler",
      code: codeOf(name, props.settings),
    });
    this.node.addValidation({ validate: () => this.#beyondLimits() });

    if (name !== "statement" && props.impact !== null) {
      const { function: lambda, logGroup } = this;
      makeFunctionAlarms(this, { name, function: lambda, logGroup }, props.impact);
    }
  }

  /** Checks the whole environment, whichever construct has added to it. */
  #beyondLimits(): string[] {
    const stack = Stack.of(this);
    const made = this.function.node.defaultChild;
    const resolved: unknown = made instanceof CfnFunction ? stack.resolve(made.environment) : {};
    const types = new Map(
      stack.node
        .findAll()
        .filter((one) => CfnElement.isCfnElement(one) && CfnResource.isCfnResource(one))
        .map((one) => [stack.resolve(one.logicalId), one.cfnResourceType] as const),
    );
    const typeOf = (logicalId: string) => types.get(logicalId);
    return [...violations(environment(this.name, variablesOf(resolved), typeOf))];
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

function variablesOf(environment: unknown): Readonly<Record<string, unknown>> {
  if (typeof environment !== "object" || environment === null) return {};
  const variables: unknown = "variables" in environment ? environment.variables : undefined;
  return typeof variables === "object" && variables !== null ? { ...variables } : {};
}

/** A function's bundle, with its settings beside it: the one that the package brings, or one that is made now. */
function codeOf(name: FunctionName, settings: object): Code {
  return Code.fromAsset(IS_PACKAGE ? `${ROOT}bundles/${name}` : `${ROOT}lambdas/${name}`, {
    // The asset's hash is made of what is in it: other settings are another asset.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never started: what is below is all that there is to do.
      image: DockerImage.fromRegistry("scratch"),
      // CDK bundles once what has the same options, and does not see what is written beside a bundle: two stages of one app
      // would share the settings of the first. Nothing reads this.
      environment: { SETTINGS: JSON.stringify(settings) },
      local: {
        tryBundle(folder) {
          if (IS_PACKAGE) cpSync(`${ROOT}bundles/${name}`, folder, { recursive: true });
          else writeFileSync(join(folder, "index.mjs"), bundleOf(name));
          writeFileSync(join(folder, SETTINGS_FILE), JSON.stringify(settings));
          return true;
        },
      },
    },
  });
}

/** What this process has bundled: CDK would bundle the same code again for each stage of an app. */
const bundles = new Map<FunctionName, Uint8Array>();

/**
 * Makes a function's bundle. CDK's `NodejsFunction` would start npm for each, which takes longer than esbuild itself.
 *
 * The locked SDK goes into the bundle: what was tested is what runs, here and on the emulator.
 */
function bundleOf(name: FunctionName): Uint8Array {
  const bundled = bundles.get(name);
  if (bundled !== undefined) return bundled;
  // The package brings no esbuild, and its bundles are made.
  const { buildSync }: typeof import("esbuild") = createRequire(import.meta.url)("esbuild");
  const { alias, mainFields, sourceMap, ...options } = BUNDLE;
  const { outputFiles } = buildSync({
    ...options,
    absWorkingDir: ROOT,
    entryPoints: [entryOf(name)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    sourcemap: sourceMap,
    mainFields: [...mainFields],
    alias: Object.fromEntries(Object.entries(alias).map(([module, path]) => [module, ROOT + path])),
    logLevel: "warning",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${name}.`);
  bundles.set(name, file.contents);
  return file.contents;
}

function entryOf(name: FunctionName): string {
  const entry = `${ROOT}lambdas/${name}/index.ts`;
  if (existsSync(entry)) return entry;
  throw new ConfigurationError(
    `There is no lambdas/${name}/index.ts: the function ${name} has no code.`,
  );
}
