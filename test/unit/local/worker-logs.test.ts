import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../support/busy_workers.py", import.meta.url));
const FOLDER = fileURLToPath(new URL("../../../tools/local/emulator", import.meta.url));

/** What came of 20 invocations of a worker whose logs are read slowly. */
function invoked(...options: readonly string[]): string {
  return execFileSync("python3", [SCRIPT, FOLDER, "20", ...options], { encoding: "utf8" }).trim();
}

describe("the log of an invocation on a busy machine", () => {
  it("has all its lines: one denied application of 21 was not counted, and no alarm rang", () => {
    expect(invoked()).toBe("20 whole, 0 lines left, ended");
  });

  it("lacked the last ones as the emulator reads it: this test can see them missing", () => {
    expect(invoked("--as-it-is")).not.toMatch(/^20 whole/);
  });
});
