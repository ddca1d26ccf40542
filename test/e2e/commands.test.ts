import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { isSkipped } from "./driver.ts";

const MAIN = fileURLToPath(new URL("../../tools/local/main.ts", import.meta.url));
const bare = mkdtempSync(join(tmpdir(), "bare-"));
afterAll(() => rmSync(bare, { recursive: true }));

/** Runs `npm start` without npm, which needs a shell and more on the path. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const command = spawn(process.execPath, [MAIN, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  command.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  command.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => command.on("close", resolve));
  return { code, output };
}

describe.skipIf(isSkipped)("npm start -- --once", () => {
  it("ends every application where Alloy says, and deploys nothing the second time", async () => {
    const first = await start(["--once"]);
    const second = await start(["--once"]);

    for (const { code, output } of [first, second]) {
      expect(output).toContain("Everything agrees, and every effect happened once.");
      expect(output).not.toContain("✘");
      expect(code).toBe(0);
    }
    expect(second.output).toContain("unchanged since it was deployed");
  }, 240_000);
});

describe("npm start, where it cannot", () => {
  it("says in one sentence what to install without Python and Docker", async () => {
    // A path with Node and nothing else.
    symlinkSync(process.execPath, join(bare, "node"));

    const { code, output } = await start(["--once"], { PATH: bare, HOME: bare });

    expect(output.trim()).toBe(
      "There is no Python 3.10 or newer here to run the emulator on: install one with its venv module, or Docker, and run this again.",
    );
    expect(code).toBe(69);
  });

  it("says that the AWS_ENDPOINT_URL that was set does not answer", async () => {
    const { code, output } = await start(["--once"], {
      ...process.env,
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    });

    expect(output).toContain("AWS_ENDPOINT_URL is http://127.0.0.1:9, and nothing answers there");
    expect(code).toBe(1);
  });

  it("says that the real AWS is not touched", async () => {
    const { code, output } = await start([], {
      ...process.env,
      AWS_ENDPOINT_URL: "https://sqs.eu-west-1.amazonaws.com",
    });

    expect(output).toContain("the real AWS: npm start deploys into an emulator only");
    expect(code).toBe(1);
  });

  it("says what is wrong with an option, and which there are", async () => {
    const { code, output } = await start(["--forever"]);

    expect(output).toContain("Unknown option '--forever'");
    expect(output).toContain("--once");
    expect(code).toBe(1);
  });
});
