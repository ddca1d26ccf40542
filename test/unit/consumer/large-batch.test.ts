import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

import { MEMORY_MB } from "../../../lambdas/settings/limits.ts";

const SCRIPT = fileURLToPath(new URL("../../support/large-batch.ts", import.meta.url));
/** V8 gives so much of a machine's memory to its heap when nobody says otherwise. */
const HEAP_SHARE = 0.5;

test("ten bodies of 4 MB in one batch fit into the memory of the function: empty objects, objects, numbers, texts", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${MEMORY_MB.consumer * HEAP_SHARE}`,
    SCRIPT,
  ]);

  const { peakMb, ...seen } = JSON.parse(stdout);
  process.stdout.write(`large batch: ${peakMb} MB at most\n`);
  expect(seen).toEqual({ recorded: 10, failed: 0, mostInFlight: 1 });
  expect(peakMb).toBeLessThan(MEMORY_MB.consumer);
});
