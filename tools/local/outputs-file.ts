import { rename, writeFile } from "node:fs/promises";
import { REGION } from "./emulator.ts";
import { causeOf, LocalFailure } from "./failure.ts";
import type { LocalStack } from "./local-stack.ts";

/**
 * Writes what a test needs to drive the stack (design 2.9). It appears whole or not at all, since
 * somebody may be waiting for it; it holds a password, so it is for this user alone.
 *
 * @throws LocalFailure when it cannot be written.
 */
export async function writeOutputsFile(file: string, stack: LocalStack): Promise<void> {
  const { endpoint, webhookUrl, outputs } = stack;
  const { basic, hmac } = stack.credentials;
  const content = { endpoint, region: REGION, webhookUrl, basic, hmac, outputs };
  try {
    await writeFile(`${file}.part`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.part`, file);
  } catch (error) {
    throw new LocalFailure(
      `--outputs is "${file}", and it cannot be written (${causeOf(error)}): name a file in a folder that exists.`,
      { cause: error },
    );
  }
}
