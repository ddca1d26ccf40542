import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OUTPUTS } from "../../../lib/outputs.ts";
import { run } from "../../../tools/ops/run.ts";
import { KeptTerminal } from "../../support/operator.ts";

async function said(...args: readonly string[]) {
  const terminal = new KeptTerminal();
  const code = await run(args, terminal);
  return { code, printed: terminal.text, warned: terminal.warnings.join("\n") };
}

/** An outputs file as `npm start` writes it. */
function anOutputsFile(content: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), "outputs-")), "outputs.json");
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe("a run of npm run ops", () => {
  it("ends with 0 when help was asked for", async () => {
    expect(await said("--help")).toMatchObject({ code: 0, warned: "" });
  });

  it("says its version", async () => {
    const { code, printed } = await said("--version");

    expect(code).toBe(0);
    expect(printed).toMatch(/^alloy-journey-webhooks \d+\.\d+\.\d+$/);
  });

  it("ends with 2 when the command line is wrong", async () => {
    expect(await said("shwo")).toMatchObject({
      code: 2,
      printed: "",
      warned: expect.stringContaining("Unknown command 'shwo'"),
    });
  });

  it("ends with 1 when there is no such outputs file, and says who writes it", async () => {
    const { code, warned } = await said("status", "--outputs", "no-such-file.json");

    expect(code).toBe(1);
    expect(warned).toMatch(
      /^The outputs file no-such-file\.json could not be read \(ENOENT: .+\)\. To write it: npm start -- --outputs no-such-file\.json$/,
    );
  });

  it("names the output that an outputs file lacks", async () => {
    const file = anOutputsFile({
      endpoint: "http://127.0.0.1:9",
      region: "us-east-1",
      outputs: {},
    });

    const { code, warned } = await said("status", "--outputs", file);

    expect(code).toBe(1);
    expect(warned).toContain("could not be read");
  });

  it("says that a run in one process has no AWS to look into", async () => {
    const webhookUrl = "http://127.0.0.1:9/webhooks/alloy";
    const outputs = { WebhookUrl: webhookUrl };
    const file = anOutputsFile({ endpoint: null, region: "us-east-1", webhookUrl, outputs });

    const { code, warned } = await said("status", "--outputs", file);

    expect(code).toBe(1);
    expect(warned).toContain("that run is in one process and has no AWS endpoint");
  });

  it("ends with 1 when the stack does not answer, and asks whether it is up", async () => {
    const names = OUTPUTS.map((name) => [name, "http://127.0.0.1:9/"]);
    const outputs = Object.fromEntries(names);
    const file = anOutputsFile({
      endpoint: "http://127.0.0.1:9",
      region: "us-east-1",
      webhookUrl: "http://127.0.0.1:9/",
      outputs,
    });

    const { code, warned } = await said("gaps", "--outputs", file);

    expect(code).toBe(1);
    expect(warned).toBe(
      "The connection failed (connect ECONNREFUSED 127.0.0.1:9). Is the stack running, and is the region right?",
    );
  });
});
