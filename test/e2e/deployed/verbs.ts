import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { InvokeCommand } from "@aws-sdk/client-lambda";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { withParts } from "../../../tools/generate/parts.ts";
import { VERBS } from "../../../tools/ops/command-line.ts";
import type { VerbName } from "../../../tools/ops/results.ts";
import { makeAjv } from "../../support/ajv.ts";
import { fixedOutput } from "../../support/fixed-output.ts";
import { MAIN, makeRunOps, outputsFileOf } from "../../support/run-ops.ts";
import { aToken, aWebhook, eventually, inOneWindow } from "../driver.ts";
import { DoubleApplication, PLAIN_VIEWS, VendorDouble } from "../vendor-double.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";
import { deleteStatements } from "./stores.ts";

/*
 * Every verb of the operators' tool, end to end: docs/ops.md shows what it printed here. What is never the same twice
 * (tokens, ids, times, durations) is compared, and written, as a fixed example. To write the page anew:
 *
 *   RECORD_OPS=1 npm test -- --project e2e -t "docs/ops.md shows"
 */

const PAGE = "docs/ops.md";
const isRecording = process.env["RECORD_OPS"] === "1";

/** How the page shows a verb. */
interface Shown {
  /** As a person types it, behind `npm run ops -- `; a pipe cuts what is long. */
  readonly command: string;
  /** What happens before it. */
  readonly before?: (world: World) => Promise<unknown>;
  /** What is in the output once the stack has come so far. @default - it is there at once */
  readonly until?: RegExp;
  /** Takes from the output what rings or counts besides. @default - nothing does */
  readonly planted?: (output: string) => string;
  /** What it ends with. @default 0 */
  readonly code?: number;
  /** The command whose `--json` document is checked; null: that of another verb is the same. @default - the same */
  readonly json?: string | null;
}

/** In the order in which they run: what is wrong is looked at, then mended. A verb without a row does not compile. */
const SHOWN: Readonly<Record<VerbName, Shown>> = {
  gaps: { command: "gaps", until: /in-flight[^]*1 in gap/ },
  find: { command: "find --status waiting_review" },
  show: {
    command: "show JA-example",
    until: /Gap +in-flight[^]*manual-review as number \d, acknowledged/,
  },
  logs: { command: "logs consumer" },
  "dead-letters": { command: "dead-letters" },
  status: {
    command: "status",
    until: /page {4}dead-letters-not-empty[^]*page {4}delivery-gap[^]*note {4}RecordsDeadLettered/,
    planted: plantedHealth,
    code: 3,
  },
  // A message that somebody looks at is not counted, and the alarm may be over for that moment.
  watch: {
    command: "watch | head -2",
    until: /dead-letters-not-empty/,
    planted: plantedHealth,
    json: null,
  },
  console: { command: "console", json: null },
  incident: { command: "incident --out exports" },
  discard: {
    command: "discard --matching JSON --reason T-7 --yes",
    json: "discard --all --reason T-7 --dry-run",
  },
  discards: { command: "discards" },
  redrive: { command: "redrive --application JA-example --yes", before: putDeadLetter },
  replay: { command: "replay JA-example" },
  check: { command: "check JA-example" },
  poll: { command: "poll", before: ({ driver }) => driver.setConsumer("Enabled") },
  route: { command: "route status approved" },
  pause: { command: "pause approved --yes" },
  resume: { command: "resume approved --yes", before: ({ approveAnother }) => approveAnother() },
  verify: { command: "verify | head -6", json: "verify" },
  rotate: { command: "rotate list" },
  send: { command: "send event.json" },
  submit: { command: "submit JA-new --journey J-example" },
  adopt: { command: "adopt tokens.csv --yes", json: "adopt tokens.csv --dry-run" },
  statement: {
    command: "statement --verify | tail -1",
    before: ({ makeStatement }) => makeStatement(),
    json: "statement --verify",
  },
  retention: { command: "retention 365 --yes" },
  export: { command: "export JA-example --unsigned --out exports" },
  hold: { command: "hold JA-example --reason T-7", json: "hold JA-example --release" },
  forget: { command: "forget JA-example --yes | head -8", json: "forget JA-new --dry-run" },
};

const step = { afterMs: 10, applicant: null, node: null, deliveries: [0] };
const LIFE = {
  started: { ...step, type: "started_application", status: "running" },
  review: { ...step, type: "pending_review", status: "waiting_review" },
  approved: {
    ...step,
    type: "completed_application",
    status: "completed",
    outcome: "Approved",
  },
};
const NO_WEBHOOK = { deliveries: [] };

type Driver = ReturnType<typeof makeDriver>;

interface World {
  readonly driver: Driver;
  readonly approveAnother: () => Promise<void>;
  readonly makeStatement: () => Promise<unknown>;
  /** Tokens of this run, by their names on the page. */
  readonly tokens: ReadonlyMap<string, string>;
}

describe.skipIf(isSkipped)("docs/ops.md shows of npm run ops what it prints", () => {
  let world: World;
  let ops: ReturnType<typeof makeRunOps>;
  let outputsFile: string;
  let stopAlloy: () => Promise<void>;
  const folder = mkdtempSync(join(tmpdir(), "verbs-"));
  const recorded = new Map<string, string>();

  beforeAll(async () => {
    const driver = makeDriver();
    const { stack, clients, output } = driver;
    ops = makeRunOps(stack);
    outputsFile = outputsFileOf(stack);
    const receiver = { webhookUrl: stack.webhookUrl, authorization: driver.basic() };
    const alloy = new VendorDouble(receiver, stack.alloyApi);
    stopAlloy = await alloy.listen(stack.alloyPort);
    const [example, old, another] = ["example", "old", "new"].map(
      (name) =>
        new DoubleApplication({ name, steps: [], decisions: [] }, PLAIN_VIEWS, aToken(name)),
    );
    if (example === undefined || old === undefined || another === undefined) throw new Error();
    world = {
      driver,
      tokens: new Map([
        ["JA-example", example.token],
        ["JA-old", old.token],
        ["JA-new", another.token],
        ["J-example", "J-double"],
        ["Onboarding", "Double"],
      ]),
      approveAnother: async () => {
        await alloy.live(another, [LIFE.started, LIFE.approved]);
        await eventually(async () =>
          (await ops("show", another.token)).output.includes("acknowledged") ? true : null,
        );
      },
      makeStatement: () =>
        clients.lambda.send(new InvokeCommand({ FunctionName: output("StatementFunctionName") })),
    };
    writeFileSync(
      join(folder, "event.json"),
      aWebhook({ journey_application_token: example.token, type: "visited_node" }),
    );
    writeFileSync(
      join(folder, "tokens.csv"),
      `journey_application_token,journey_token\n${old.token},J-double\n`,
    );
    await alloy.live(old, [
      { ...LIFE.started, ...NO_WEBHOOK },
      { ...LIFE.approved, ...NO_WEBHOOK },
    ]);
    const isShown = (pattern: RegExp, ...args: readonly string[]) =>
      eventually(async () => (pattern.test((await ops(...args)).output) ? true : null));
    await alloy.live(example, [LIFE.started]);
    await isShown(/started_application/, "show", example.token);
    await alloy.live(example, [LIFE.review]);
    await isShown(/manual-review as number \d, acknowledged/, "show", example.token);
    // A gap is in flight where something was accepted in the minute of the lost webhook.
    await inOneWindow(60_000, 20_000);
    await driver.post("not json", driver.basic());
    await isShown(/not JSON/, "dead-letters");
    // The webhook of the decision is lost, and what the poller finds stays in the queue.
    await driver.setConsumer("Disabled");
    await alloy.live(example, [{ ...LIFE.approved, ...NO_WEBHOOK }]);
    // The schedule of its checks has become slow meanwhile.
    await ops("check", example.token);
  });
  afterAll(async () => {
    const { driver, tokens } = world;
    await driver.setConsumer("Enabled");
    // The other tests have an Alloy that does not know them, and a statement of their own.
    for (const name of ["JA-old", "JA-new"]) await ops("forget", tokens.get(name) ?? "", "--yes");
    await deleteStatements(driver);
    await stopAlloy();
    rmSync(folder, { recursive: true });
    if (!isRecording) return;
    writeFileSync(PAGE, withParts(PAGE, readFileSync(PAGE, "utf8"), Object.fromEntries(recorded)));
  });

  /** A command as this run has to type it. */
  function typed(command: string): string {
    return [...world.tokens]
      .reduce((line, [name, token]) => line.replace(name, token), command)
      .replace("--out exports", `--out ${folder}`)
      .replace(/(event\.json|tokens\.csv)/, join(folder, "$1"));
  }

  const runTyped = promisify(execFile);

  /** What no terminal, pipe or file should bring about. */
  const odd: string[] = [];

  async function printed({ command, code = 0 }: Shown): Promise<string> {
    const line = typed(command);
    if (command.includes(" | ")) {
      const [verb = "", ...rest] = line.split(" | ");
      const tool = `"${process.execPath}" ${MAIN} ${verb} --outputs ${outputsFile}`;
      const { stdout, stderr } = await runTyped("bash", ["-c", [tool, ...rest].join(" | ")]);
      // Also where its reader goes away early.
      if (stderr !== "") odd.push(stderr);
      return stdout;
    }
    if (command === "console") return untilInterrupted(line);
    const words = line.split(" ");
    if (words.includes("--yes")) {
      const unasked = await ops(...words.filter((word) => word !== "--yes"));
      const isAsked = / without a terminal, .+ Add --yes /.test(unasked.errors);
      if (unasked.code !== 2 || !isAsked) odd.push(`without --yes: ${JSON.stringify(unasked)}`);
    }
    const ended = await ops(...words);
    expect(ended).toMatchObject({ code, errors: "" });
    return ended.output;
  }

  /** Of a verb that goes on until Ctrl-C. */
  async function untilInterrupted(line: string): Promise<string> {
    const command = spawn(process.execPath, [MAIN, ...line.split(" "), "--outputs", outputsFile], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    command.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Ctrl-C")) command.kill("SIGINT");
    });
    const code = await new Promise((resolve) => command.on("close", resolve));
    expect(code).toBe(130);
    return output;
  }

  /** As the page shows it: the command, and what it printed. */
  function blockOf({ command, planted = (all) => all }: Shown, output: string): string {
    const program = command.includes(" | ") ? "npm run --silent ops --" : "npm run ops --";
    const text = fixedOutput(planted(output).trimEnd(), { tokens: world.tokens, folder });
    return `\`\`\`text\n$ ${program} ${command}\n${text}\n\`\`\``;
  }

  const page = readFileSync(PAGE, "utf8");
  const ajv = makeAjv();

  it.each(Object.entries(SHOWN))("%s", async (verb, row) => {
    await row.before?.(world);
    const place = (block: string) =>
      `<!-- generated: ${verb} -->\n\n${block}\n\n<!-- end of ${verb} -->`;
    const isThere = (output: string) =>
      row.until?.test(output) !== false &&
      (isRecording || row.until === undefined || page.includes(place(blockOf(row, output))));

    let output = "";
    await eventually(async () => {
      output = await printed(row);
      return isThere(output) ? true : null;
    }).catch(() => {});
    const block = blockOf(row, output);

    recorded.set(verb, block);
    expect(isRecording ? place(block) : page).toContain(place(block));
    expect(await faultsOfJson(verb, row)).toEqual([]);
    expect(odd.splice(0)).toEqual([]);
  });

  /** What the published schema says of the document that the verb prints with `--json`. */
  async function faultsOfJson(verb: string, { command, json = command }: Shown) {
    if (json === null) return [];
    const { output } = await ops(...typed(json).split(" "), "--json");
    const validate = ajv.compile(JSON.parse(readFileSync(`docs/ops/${verb}.json`, "utf8")));
    return validate(JSON.parse(output)) ? [] : [output, ...(validate.errors ?? [])];
  }

  it("is every verb that there is", () => {
    expect(Object.keys(SHOWN).toSorted()).toEqual(Object.keys(VERBS).toSorted());
  });
});

/**
 * The health of what was planted: a dead letter and a gap. Time runs 600 times as fast in the local stack, so that a
 * dead letter of a minute rings as one of days, and who looks a minute later finds more.
 */
function plantedHealth(output: string): string {
  const isPlanted = (alarm: string) => ["dead-letters-not-empty", "delivery-gap"].includes(alarm);
  return output
    .replace(/(?<=^NOT HEALTHY: page )[^;\n]+/, (alarms) =>
      alarms.split(", ").filter(isPlanted).join(", "),
    )
    .split("\n")
    .filter((line) => {
      const [, severity, what = ""] = /^ {2}(page|ticket|note) +([^:\s]+)/.exec(line) ?? [];
      return severity === undefined || isPlanted(what) || /^(1|RecordsDeadLettered)$/.test(what);
    })
    .map((line) => line.replace(/^(.{10}\S+) for \d+ min:/, "$1:"))
    .join("\n");
}

/** As the consumer would have put it there, of an event whose cause of failure is over. */
async function putDeadLetter({ driver, tokens }: World): Promise<void> {
  const body = aWebhook({
    journey_application_token: tokens.get("JA-example"),
    type: "completed_review",
    timestamp: Date.now() - 1_000,
  });
  await driver.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: driver.output("DeadLetterQueueUrl"),
      MessageBody: encodeEnvelope({
        v: 1,
        kind: "webhook",
        receiptId: aToken("receipt"),
        receivedAt: Date.now(),
        body,
        payloadKey: null,
        sourceIp: null,
      }),
      MessageAttributes: {
        [QUEUE.reasonAttribute]: { DataType: "String", StringValue: "The bus did not answer." },
      },
    }),
  );
}
