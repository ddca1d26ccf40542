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

/**
 * Starts the bundle of a function in a process of its own, as it was synthesised, with the variables of its template and of Lambda and no others.
 * Its access key is the logical id of its role.
 *
 * @param place.assembly - where the bundles are.
 * @param place.endpoint - where AWS is; queues have their URLs there.
 * @param place.aheadMs - how far the function's clock goes ahead, at each event.
 */
export function startBundledFunction(
  name: FunctionName,
  place: {
    readonly assembly: string;
    readonly deployed: DeployedPolicies;
    readonly endpoint: string;
    readonly aheadMs: () => number;
  },
) {
  const { assembly, deployed, endpoint, aheadMs } = place;
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
  return {
    /** What it wrote to standard output, line by line. */
    get lines() {
      return written.split("\n").filter((line) => line !== "");
    },
    /** One event at a time. @throws Error with what the handler threw; LimitRefusal when Lambda would not carry it. */
    async invoke(event: unknown) {
      refuseTooLarge(event);
      const replied = once(child, "message");
      child.send({ event, timeoutMs: TIMEOUTS_MS[name], aheadMs: aheadMs() });
      const [reply]: unknown[] = await Promise.race([replied, ended]);
      const parsed = v.parse(AnswerSchema, reply);
      if ("failure" in parsed) throw new Error(`The function ${name} threw: ${parsed.failure}`);
      refuseTooLarge(parsed.answer);
      return parsed.answer;
    },
    async close() {
      child.kill("SIGKILL");
      await ended.catch(() => undefined);
    },
  };
}

/** Lambda carries no larger event, and no larger answer. */
function refuseTooLarge(carried: unknown): void {
  const refusal = invocationRefusal(Buffer.byteLength(JSON.stringify(carried)), "waited");
  if (refusal !== null) throw refusal;
}
