import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

import { EXTERNAL_INPUT, MEMORY_MB } from "../../../lambdas/settings/limits.ts";

const SCRIPT = fileURLToPath(new URL("../../support/large-batch.ts", import.meta.url));
/** V8 gives so much of a machine's memory to its heap when nobody says otherwise. */
const HEAP_SHARE = 0.5;

test.each([
  ["objects", 4_000_000],
  ["numbers", 4_000_000],
  ["texts", 4_000_000],
  // The most that is parsed at all: three bytes each.
  ["empty objects", 3 * EXTERNAL_INPUT.jsonNodes - 300],
])(
  "ten bodies of 4 MB in one batch fit into the memory of the function: %s",
  async (shape, bytes) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      `--max-old-space-size=${MEMORY_MB.consumer * HEAP_SHARE}`,
      SCRIPT,
      shape,
      String(bytes),
    ]);

    const { peakMb, ...seen } = JSON.parse(stdout);
    process.stdout.write(`large batch of ${shape}: ${peakMb} MB at most\n`);
    expect(seen).toEqual({ recorded: 10, failed: 0, mostInFlight: 1 });
    expect(peakMb).toBeLessThan(MEMORY_MB.consumer);
  },
);
