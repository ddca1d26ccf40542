import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import * as v from "valibot";

import { MEMORY_MB, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { PLACE } from "../../tools/template/resolve.ts";
import { FUNCTIONS, roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import type { FunctionName } from "../../tools/strict-aws/iam/declared-calls.ts";
import type { DeployedPolicies } from "../../tools/strict-aws/iam/policies.ts";
import { invocationRefusal } from "../../tools/strict-aws/limits-of-services.ts";
import { referredId } from "../../tools/template/template.ts";

const RUNTIME = fileURLToPath(new URL("function-process.mjs", import.meta.url));

const FunctionSchema = v.object({
  Handler: v.literal("index.handler"),
  Code: v.object({ S3Key: v.pipe(v.string(), v.regex(/^[0-9a-f]+\.zip$/)) }),
  Environment: v.object({ Variables: v.record(v.string(), v.unknown()) }),
});
const AnswerSchema = v.union([
  v.object({ answer: v.unknown() }),
  v.object({ failure: v.string() }),
]);

interface Place {
  /** Where the bundles are. */
  readonly assembly: string;
  readonly deployed: DeployedPolicies;
  /** Where AWS is; queues have their URLs there. */
  readonly endpoint: string;
  /** How far the function's clock goes ahead, at each event. */
  readonly aheadMs: () => number;
}

/**
 * The bundle of a function as it was synthesised. With its first event it starts in a process of its own, with the variables of its template and
 * of Lambda and no others. Its access key is the logical id of its role.
 */
export function bundledFunction(name: FunctionName, place: Place) {
  let sandbox: ReturnType<typeof startSandbox> | undefined;
  return {
    /** What it wrote to standard output, line by line. */
    get lines() {
      return sandbox?.lines() ?? [];
    },
    /** One event at a time. @throws Error with what the handler threw; LimitRefusal when Lambda would not carry it. */
    async invoke(event: unknown) {
      refuseTooLarge(event);
      sandbox ??= startSandbox(name, place);
      const replied = once(sandbox.child, "message");
      sandbox.child.send({ event, timeoutMs: TIMEOUTS_MS[name], aheadMs: place.aheadMs() });
      const [reply]: unknown[] = await Promise.race([replied, sandbox.ended]);
      const parsed = v.parse(AnswerSchema, reply);
      if ("failure" in parsed) throw new Error(`The function ${name} threw: ${parsed.failure}`);
      refuseTooLarge(parsed.answer);
      return parsed.answer;
    },
    async close() {
      sandbox?.child.kill("SIGKILL");
      await sandbox?.ended.catch(() => undefined);
    },
  };
}

function startSandbox(name: FunctionName, { assembly, deployed, endpoint }: Place) {
  const logicalId = referredId(deployed.stack.outputs[FUNCTIONS[name].output]);
  const resource = deployed.stack.resources.find((one) => one.logicalId === logicalId);
  const { Code, Environment } = v.parse(FunctionSchema, resource?.Properties);
  const variables = Object.entries(Environment.Variables).map(([key, value]) => [
    key,
    deployed.arns.text(value).replace(/^https:\/\/sqs\.[^/]+/, endpoint),
  ]);
  const child = fork(RUNTIME, {
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      ...Object.fromEntries(variables),
      AWS_REGION: PLACE.region,
      AWS_ACCESS_KEY_ID: roleOf(name, deployed),
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "session",
      AWS_ENDPOINT_URL: endpoint,
      AWS_LAMBDA_FUNCTION_NAME: logicalId,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MB[name]),
      LAMBDA_TASK_ROOT: `${assembly}/asset.${Code.S3Key.replace(".zip", "")}`,
    },
  });
  let written = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    written += chunk.toString();
  });
  let warned = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    warned += chunk.toString();
  });
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`The function ${name} ended with ${String(code)}: ${warned}`);
  });
  // It ends at the end of the test too, when nobody asks any more.
  ended.catch(() => undefined);
  return { child, ended, lines: () => written.split("\n").filter((line) => line !== "") };
}

/** Lambda carries no larger event, and no larger answer. */
function refuseTooLarge(carried: unknown): void {
  const refusal = invocationRefusal(Buffer.byteLength(JSON.stringify(carried)), "waited");
  if (refusal !== null) throw refusal;
}
