import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import * as v from "valibot";
import { OUTPUTS } from "../../../lib/outputs.ts";
import { bootstrap } from "./bootstrap.ts";
import { childEnvironment } from "./child-environment.ts";
import { CREDENTIALS, REGION } from "./emulator.ts";
import { causeOf, LocalFailure } from "../failure.ts";
import { LOCAL_FOLDER } from "../paths.ts";
import { ROOT } from "../../../lib/installation.ts";
import { runCommand } from "./run-command.ts";

/** The account of every emulator for the key `test`. */
export const ACCOUNT = "000000000000";

export const STAGE = "local";

export const STACK_NAME = `AlloyJourneyWebhooks-${STAGE}`;

/** It takes seconds; on a busy machine a minute. */
const CDK_TIMEOUT_MS = 180_000;

const require = createRequire(import.meta.url);
const CDK_PROGRAM = require.resolve("aws-cdk/bin/cdk");

const filled = v.pipe(v.string(), v.nonEmpty());

/** The stack's outputs, by name. */
export const StackOutputsSchema = v.objectWithRest(v.entriesFromList(OUTPUTS, filled), filled);

export type StackOutputs = v.InferOutput<typeof StackOutputsSchema>;

/**
 * What the emulator cannot hold, left out of the local deployment alone. Kinds as `lib/omit-resources.ts`
 * reads them; what is then missing is printed. The alarms are not: whoever evaluates them puts them there.
 */
export const OMITTED = [
  { kind: "AWS::CloudWatch::CompositeAlarm" },
  { kind: "AWS::CloudWatch::Alarm/Metrics" },
  { kind: "AWS::Events::EventBusPolicy", what: "the bus's policy" },
] as const;

/** What `cdk deploy` is told about the stage `local`. */
export interface DeploymentContext {
  readonly alloyBaseUrl: string;
  readonly timeScale: number;
  /** Whether its Alloy has Investigations, as the simulator does. */
  readonly investigations: "off" | "on";
}

/**
 * Deploys the stack into the emulator's account with the CDK CLI, as into an account.
 *
 * @param options.folder - takes the cloud assembly and the outputs.
 * @throws LocalFailure with the end of what the CLI said, or naming the outputs that are missing.
 */
export async function deployWithCdk(
  endpoint: string,
  context: DeploymentContext,
  options: { readonly folder: string; readonly signal: AbortSignal },
): Promise<StackOutputs> {
  const { folder, signal } = options;
  const env = childEnvironment(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    // The assets' bucket is addressed by the path, not by a name that would have to resolve.
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    CDK_DEFAULT_ACCOUNT: ACCOUNT,
    CDK_DEFAULT_REGION: REGION,
    CDK_HOME: `${LOCAL_FOLDER}cdk-home`,
    CDK_DISABLE_CLI_TELEMETRY: "true",
    // To compile the CLI and the CDK anew is a fifth of their time.
    NODE_COMPILE_CACHE: `${LOCAL_FOLDER}compiled`,
    // It takes five seconds, and npm run synth does it.
    CDK_VALIDATION: "false",
  });
  const outputsFile = `${folder}/outputs.json`;
  const common = ["--no-notices", "--no-color", "--output", `${folder}/cdk.out`];
  await bootstrap(endpoint, ACCOUNT, signal).catch((error: unknown) => {
    const why = causeOf(error);
    throw new LocalFailure(
      `The emulator does not take what CDK keeps beside its stacks, a bucket and a parameter: ${why}.`,
    );
  });
  const stage = {
    stage: STAGE,
    alloyBaseUrl: context.alloyBaseUrl,
    timeScale: String(context.timeScale),
    investigations: context.investigations,
    omit: OMITTED.map(({ kind }) => kind).join(","),
  };
  const contextOptions = Object.entries(stage).flatMap(([name, value]) => [
    "--context",
    `${name}=${value}`,
  ]);
  const progress = ["--require-approval", "never", "--method", "direct", "--progress", "events"];
  await cdk(
    [
      "deploy",
      STACK_NAME,
      ...common,
      ...contextOptions,
      ...progress,
      "--outputs-file",
      outputsFile,
    ],
    { cwd: ROOT, env, signal },
  );
  return checkOutputs(JSON.parse(await readFile(outputsFile, "utf8")));
}

/**
 * Reads what `cdk deploy --outputs-file` has written.
 *
 * @throws LocalFailure naming all outputs that are missing.
 */
export function checkOutputs(file: unknown): StackOutputs {
  const stack = v.parse(v.record(v.string(), v.record(v.string(), v.string())), file)[STACK_NAME];
  const parsed = v.safeParse(StackOutputsSchema, stack ?? {});
  if (parsed.success) return parsed.output;
  const missing = parsed.issues.map((issue) => v.getDotPath(issue)).join(", ");
  throw new LocalFailure(
    `The deployed stack lacks these outputs: ${missing}. Add them in lib/pipeline-stack.ts; the next run deploys again.`,
  );
}

async function cdk(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Record<string, string>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { code, output } = await runCommand([process.execPath, CDK_PROGRAM, ...args], {
    ...options,
    timeoutMs: CDK_TIMEOUT_MS,
  });
  const log = `${LOCAL_FOLDER}cdk-deploy.log`;
  await writeFile(log, output);
  if (code === 0) return;
  const details = output.trim().split("\n").slice(-12);
  throw new LocalFailure(`cdk deploy failed (full output: ${log}):`, { details });
}
