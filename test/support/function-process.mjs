/**
 * Lambda's runtime, as far as a bundle sees it: imports the bundle and hands it one event after the other.
 * Plain JavaScript: the process holds nothing but the bundle.
 */
import { pathToFileURL } from "node:url";

// Set before the bundle takes the clock; each event says how far time has gone on by itself.
const realNow = Date.now;
let aheadMs = 0;
Date.now = () => realNow() + aheadMs;

const { handler } = await import(pathToFileURL(`${process.env.LAMBDA_TASK_ROOT}/index.mjs`).href);
let invocations = 0;

process.on("message", async ({ event, timeoutMs, ...clock }) => {
  invocations += 1;
  aheadMs = clock.aheadMs;
  const deadline = Date.now() + timeoutMs;
  const context = {
    awsRequestId: `invocation-${invocations}`,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: "$LATEST",
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    process.send({ answer: (await handler(event, context)) ?? null });
  } catch (error) {
    process.send({ failure: String(error?.stack ?? error) });
  }
});
