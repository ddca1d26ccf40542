import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { afterAll, expect, it } from "vitest";
import { basicOf } from "../support/ingest.ts";
import { describeBesideOthers } from "./beside-others.ts";
import { eventually, post } from "./driver.ts";

const MAIN = fileURLToPath(new URL("../../tools/local/main.ts", import.meta.url));
const bare = mkdtempSync(join(tmpdir(), "bare-"));
afterAll(() => rmSync(bare, { recursive: true }));

/** Begins `npm start` without npm, which needs a shell and more on the path. */
function begin(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const command = spawn(process.execPath, [MAIN, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  command.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  command.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise((resolve) => command.on("close", resolve));
  return { command, said: () => output, ended };
}

/** The same, to its end. */
async function start(args: readonly string[], env?: NodeJS.ProcessEnv) {
  const { said, ended } = begin(args, env);
  const code = await ended;
  return { code, output: said() };
}

const Outputs = v.object({
  endpoint: v.null(),
  webhookUrl: v.string(),
  basic: v.object({ username: v.string(), password: v.string() }),
});

/** What an environment without Python and Docker has: Node, and nothing else on the path. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const node = join(bare, "node");
  if (!existsSync(node)) symlinkSync(process.execPath, node);
  return { PATH: bare, HOME: bare };
}

describeBesideOthers("npm start, in this process", false, () => {
  it("says so, and what it lacks, when there is no Python and no Docker for an emulator", async () => {
    const { command, said, ended } = begin([], bareEnvironment());
    // What it says once it is up; the scenarios come after it, and in-process.test.ts has them.
    await eventually(async () => /^Try it /m.test(said()) || null);
    command.kill("SIGINT");
    await ended;
    const output = said();

    expect(output).toMatch(
      /^Emulator +none\. The emulator needs Python 3\.10 or newer with its venv module, or Docker\. Install one of them and run the command again\.$/m,
    );
    expect(output).toMatch(/^In process +the same handlers/m);
    expect(output).toMatch(/^Left out +.*IAM.*alarms/m);
    expect(command.exitCode).toBe(130);
  });

  it("writes what can be named of it to the outputs file; a second one says that its port is taken, and takes another; both end when they are told to", async () => {
    const { command, endpoint, webhookUrl, basic } = await startUp();
    const second = begin(["--in-process"], bareEnvironment());

    const answer = await post({ webhookUrl }, "{}", basicOf(basic.username, basic.password));
    const other = await eventually(async () => /^ +'(http.*)'$/m.exec(second.said())?.[1]);
    const ended = Promise.all([once(command, "exit"), second.ended]);
    for (const one of [command, second.command]) one.kill("SIGINT");
    const [[code]] = await ended;

    expect(endpoint).toBeNull();
    expect(answer.status).toBe(200);
    // In the midst of the scenarios, or after them.
    expect([130, 0]).toContain(code);
    await expect(fetch(webhookUrl)).rejects.toThrow(TypeError);
    const { port } = new URL(webhookUrl);
    expect(second.said()).toContain(`port ${port} of the last run is in use`);
    expect(second.said()).not.toContain("Emulator ");
    expect(new URL(other).port).not.toBe(port);
  });

  /** A run that stays up, and what its outputs file says. */
  async function startUp() {
    const file = join(bare, "outputs.json");
    rmSync(file, { force: true });
    const command = spawn(process.execPath, [MAIN, "--in-process", "--outputs", file], {
      env: bareEnvironment(),
      stdio: "ignore",
    });
    await eventually(async () => (existsSync(file) ? true : null));
    const { endpoint, webhookUrl, basic } = v.parse(
      Outputs,
      JSON.parse(readFileSync(file, "utf8")),
    );
    return { command, endpoint, webhookUrl, basic };
  }
});

describeBesideOthers("npm start, where it cannot", false, () => {
  it("says that the AWS_ENDPOINT_URL that was set does not answer", async () => {
    const { code, output } = await start(["--once"], {
      ...process.env,
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    });

    expect(output).toContain("AWS_ENDPOINT_URL is http://127.0.0.1:9, but nothing answers there");
    expect(code).toBe(1);
  });

  it("says that the real AWS is not touched", async () => {
    const { code, output } = await start([], {
      ...process.env,
      AWS_ENDPOINT_URL: "https://sqs.eu-west-1.amazonaws.com",
    });

    expect(output).toContain("the real AWS, but npm start deploys only into an emulator");
    expect(code).toBe(1);
  });

  it("says what is wrong with an option, and which there are", async () => {
    const { code, output } = await start(["--forever"]);

    expect(output).toContain("Unknown option '--forever'");
    expect(output).toContain("--once");
    expect(code).toBe(1);
  });
});
