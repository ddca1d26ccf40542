import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { INGEST } from "../../../lambdas/settings/limits.ts";
import { OperatorError, UsageError } from "../../../tools/ops/operator-error.ts";
import { rotate } from "../../../tools/ops/rotate.ts";
import { aRequest, basicOf, signatureOf } from "../../support/ingest.ts";
import { KeptTerminal } from "../../support/operator.ts";
import { aReceivingStack } from "../../support/receiving-endpoint.ts";

const DAY = 86_400_000;
const OLD = { username: "alloy", password: "the old password of Alloy" };
const NEXT = { username: "alloy", password: "the next password of Alloy" };

const folder = mkdtempSync(join(tmpdir(), "rotate-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Receiving = Awaited<ReturnType<typeof aReceivingStack>>;

/** Runs `rotate` as somebody types it, on the clock of the secret. */
async function rotating(
  { stack, secrets }: Pick<Receiving, "stack" | "secrets">,
  action: string,
  {
    terminal = new KeptTerminal(),
    input = null,
    ...given
  }: Partial<Parameters<typeof rotate>[2]> & {
    readonly terminal?: KeptTerminal;
    readonly input?: string | null;
  } = {},
) {
  const outcome = await rotate(
    stack,
    action,
    {
      second: "",
      basic: null,
      hmac: false,
      fromStdin: input !== null,
      toFile: null,
      leaked: false,
      yes: false,
      stages: [],
      now: secrets.clock.now,
      wait: async (ms) => void (secrets.clock.now += ms),
      standardInput: async () => input ?? "",
      ...given,
    },
    terminal,
  ).then(
    (result) => ({ result, error: null }),
    (error: unknown) => {
      if (!(error instanceof OperatorError)) throw error;
      return { result: null, error };
    },
  );
  return { ...outcome, terminal, value: terminal.revealed[0]?.secret ?? "" };
}

/** Everything that a person, a log or a file could see of a run. */
function seenOf({ terminal, result, error }: Awaited<ReturnType<typeof rotating>>): string {
  const { lines, warnings, questions, steps } = terminal;
  const said = [error?.message, error?.details, error?.found, String(error?.cause)];
  return JSON.stringify([lines, warnings, questions, steps, result, said]);
}

const statusOf = async ({ ingest }: Receiving, authorization: string) =>
  (await ingest.handle(aRequest({ authorization }))).statusCode;

const secretOf = ({ secrets }: Receiving) => JSON.parse(secrets.text());

describe("rotate list", () => {
  it("shows place, kind, username, validity and age of each entry, and no value", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    receiving.secrets.clock.now += 3 * DAY;
    const hmac = "the key of HMAC of Alloy";
    receiving.secrets.put({
      basic: [OLD, { username: "alloy", password: "hunter2" }],
      hmac: [hmac],
    });

    const run = await rotating(receiving, "list");

    expect(run.terminal.text).toMatch(
      /basic-1 {2}alloy {2}[0-9a-f]{6} {2}valid {2}since 2026-11-01T00:00:00.000Z or earlier\n {2}basic-2 {2}alloy {2}[0-9a-f]{6} {2}REFUSED: too-short {2}since 2026-11-04T00:00:00.000Z\n {2}hmac-1 {3}- {6}[0-9a-f]{6} {2}valid {2}since 2026-11-04/,
    );
    expect(run.terminal.text).toContain("Nothing records which entry Alloy uses");
    for (const value of [OLD.password, "hunter2", hmac]) expect(seenOf(run)).not.toContain(value);
  });

  it("gives one value another fingerprint in another stage", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    const other = { ...receiving, stack: { ...receiving.stack, webhookSecretArn: "other" } };

    const here = await rotating(receiving, "list");
    const again = await rotating(receiving, "list");
    const there = await rotating(other, "list");

    const [one, same, different] = [here, again, there].map(
      ({ result }) => result?.entries[0]?.fingerprint,
    );
    expect(same).toBe(one);
    expect(different).not.toBe(one);
  });

  it("says of a secret of another format where to read on, and nothing of what is in it", async () => {
    for (const text of [
      "alloy:the old password",
      '"the old password"',
      '{"basic":"the old password"}',
    ]) {
      const receiving = await aReceivingStack({});
      receiving.secrets.putText(text);

      const run = await rotating(receiving, "list");

      expect(run.error?.message).toContain("docs/credentials.md#what-the-secret-holds");
      expect(seenOf(run)).not.toContain("old password");
    }
  });
});

describe("rotate add", () => {
  it("makes a value that works beside the old one, shows it to the person alone, and counts nothing", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const run = await rotating(receiving, "add", { basic: "alloy" });

    expect(run.error).toBeNull();
    expect(run.value).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(run.terminal.revealed).toHaveLength(1);
    expect(seenOf(run)).not.toContain(run.value);
    expect(run.result).toMatchObject({
      changed: { entry: "basic-2", username: "alloy", refused: null },
      probes: [{ entry: "basic-2", isTaken: true, answer: "204" }],
    });
    expect(secretOf(receiving)).toEqual({
      basic: [OLD, { username: "alloy", password: run.value }],
    });
    const { ingest } = receiving;
    expect(ingest.messages).toEqual([]);
    for (const name of ["WebhooksReceived", "CredentialsRejected", "AddressesUnlisted"] as const) {
      expect(ingest.counted(name)).toBe(0);
    }
    expect(await statusOf(receiving, basicOf("alloy", run.value))).toBe(200);
    expect(await statusOf(receiving, basicOf("alloy", OLD.password))).toBe(200);
  });

  it("makes a key of HMAC", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const run = await rotating(receiving, "add", { hmac: true });

    expect(run.result?.probes).toEqual([{ entry: "hmac-1", isTaken: true, answer: "204" }]);
    expect(await statusOf(receiving, signatureOf(run.value, "{}"))).toBe(200);
  });

  it("makes another value each time", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const first = await rotating(receiving, "add", { basic: "alloy" });
    const second = await rotating(receiving, "add", { basic: "alloy" });

    expect(second.value).not.toBe(first.value);
  });

  it("waits while a sandbox that has just read the secret refuses, and rings no alarm by that", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    await statusOf(receiving, basicOf("alloy", "somebody guesses"));
    await statusOf(receiving, basicOf("alloy", "somebody guesses"));
    const before = receiving.ingest.counted("CredentialsRejected");

    const run = await rotating(receiving, "add", { basic: "alloy" });

    expect(run.error).toBeNull();
    expect(run.terminal.steps.join()).toContain("Trying again in 11 s");
    expect(receiving.ingest.counted("CredentialsRejected") - before).toBeLessThan(5);
  });

  it("fills an empty secret", async () => {
    const receiving = await aReceivingStack({ basic: [], hmac: [] });

    const run = await rotating(receiving, "add", { basic: "alloy" });

    expect(run.error).toBeNull();
    expect(await statusOf(receiving, basicOf("alloy", run.value))).toBe(200);
  });

  it("by two people at once loses neither entry", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const runs = await Promise.all([
      rotating(receiving, "add", { basic: "ada" }),
      rotating(receiving, "add", { basic: "bob" }),
      rotating(receiving, "add", { hmac: true }),
    ]);

    expect(runs.map(({ error }) => error)).toEqual([null, null, null]);
    const { basic, hmac } = secretOf(receiving);
    expect(basic.map(({ username }: { username: string }) => username).toSorted()).toEqual([
      "ada",
      "alloy",
      "bob",
    ]);
    expect(hmac).toHaveLength(1);
  });

  it("keeps what somebody writes by hand between its read and its write", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    let isDone = false;
    receiving.secrets.hooks.onCall = (call) => {
      if (call !== "UpdateSecretVersionStage" || isDone) return;
      isDone = true;
      receiving.secrets.put({ basic: [OLD, NEXT] });
    };

    const run = await rotating(receiving, "add", { basic: "bob" });

    expect(run.error).toBeNull();
    expect(secretOf(receiving).basic).toEqual([
      OLD,
      NEXT,
      { username: "bob", password: run.value },
    ]);
  });

  it("adds once when Secrets Manager has done it and its answer is lost", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    receiving.secrets.hooks.onAnswer = (call) => {
      if (call === "UpdateSecretVersionStage") throw new Error("socket hang up");
    };

    const run = await rotating(receiving, "add", { basic: "bob" });

    expect(run.error).toBeNull();
    expect(secretOf(receiving).basic).toHaveLength(2);
  });

  it("gives up in a sentence when somebody else is always faster", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    let others = 0;
    receiving.secrets.hooks.onCall = (call) => {
      if (call !== "UpdateSecretVersionStage") return;
      others += 1;
      receiving.secrets.put({ basic: [OLD], comment: others });
    };

    const run = await rotating(receiving, "add", { basic: "bob" });

    expect(run.error?.message).toContain("Somebody else changed WebhookSecret each of 5 times");
    expect(run.terminal.revealed).toEqual([]);
    expect(secretOf(receiving).basic).toEqual([OLD]);
  });

  it("--to-file writes the value for its owner alone, and shows it nowhere", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    const toFile = join(folder, "new-password");

    const run = await rotating(receiving, "add", { basic: "alloy", toFile });

    const value = readFileSync(toFile, "utf8").trimEnd();
    expect(statSync(toFile).mode & 0o777).toBe(0o600);
    expect(run.result?.file).toBe(toFile);
    expect(run.terminal.revealed).toEqual([]);
    expect(seenOf(run)).not.toContain(value);
    expect(await statusOf(receiving, basicOf("alloy", value))).toBe(200);
  });

  it("--to-file writes over no file, and adds nothing then", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    const toFile = join(folder, "kept");
    writeFileSync(toFile, "kept");

    const run = await rotating(receiving, "add", { basic: "alloy", toFile });

    expect(run.error?.message).toMatch(/kept cannot be written .*Nothing was changed/);
    expect(readFileSync(toFile, "utf8")).toBe("kept");
    expect(secretOf(receiving)).toEqual({ basic: [OLD] });
  });

  it("--to-file leaves no file when Secrets Manager refuses", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    const toFile = join(folder, "refused");
    receiving.secrets.hooks.onCall = (call) => {
      if (call === "PutSecretValue") throw new OperatorError("no right");
    };

    const run = await rotating(receiving, "add", { basic: "alloy", toFile });

    expect(run.error?.message).toBe("no right");
    expect(existsSync(toFile)).toBe(false);
  });

  it("--from-stdin takes a value that somebody brings", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const run = await rotating(receiving, "add", { basic: "alloy", input: `${NEXT.password}\n` });

    expect(run.error).toBeNull();
    expect(run.terminal.revealed).toEqual([]);
    expect(secretOf(receiving).basic).toEqual([OLD, NEXT]);
    expect(seenOf(run)).not.toContain(NEXT.password);
  });

  it.each([
    ["a weak value", "hunter2", "too-short"],
    ["nothing", "\n", "unusable"],
    ["a value that is there already", OLD.password, "has this entry already"],
  ])("--from-stdin refuses %s, and repeats nothing of it", async (_, input, reason) => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const run = await rotating(receiving, "add", { basic: "alloy", input });

    expect(run.error?.message).toContain(reason);
    expect(seenOf(run)).not.toContain(input.trim() || input);
    expect(secretOf(receiving)).toEqual({ basic: [OLD] });
  });

  it.each([
    ["neither kind", {}, "--basic <username> or --hmac"],
    ["both kinds", { basic: "alloy", hmac: true }, "--basic <username> or --hmac"],
    ["a value and a file", { basic: "alloy", input: "x", toFile: "f" }, "Either --from-stdin or"],
    [
      "typing on a terminal",
      { basic: "alloy", input: "x", standardInput: null },
      "reads no terminal",
    ],
  ])("wants another command line for %s", async (_, given, sentence) => {
    const receiving = await aReceivingStack({ basic: [OLD] });

    const run = await rotating(receiving, "add", given);

    expect(run.error).toBeInstanceOf(UsageError);
    expect(run.error?.message).toContain(sentence);
    expect(secretOf(receiving)).toEqual({ basic: [OLD] });
  });

  it("adds nothing where nobody would see the value", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    const terminal = new KeptTerminal();
    terminal.isAttended = false;

    const run = await rotating(receiving, "add", { basic: "alloy", terminal });

    expect(run.error).toBeInstanceOf(UsageError);
    expect(run.error?.message).toContain("--to-file");
    expect(receiving.secrets.calls).toEqual([]);
  });

  it("hands the value over, and fails, where an enforced list keeps this machine out", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] }, { allowListMode: "enforce" });

    const run = await rotating(receiving, "add", { basic: "alloy" });

    expect(run.error?.message).toMatch(/not seen to work: the endpoint answered 403/);
    expect(run.error?.found).toMatchObject({ probes: [{ isTaken: false }] });
    expect(run.terminal.revealed).toHaveLength(1);
    expect(receiving.ingest.counted("AlloyRefused")).toBe(0);
  });

  it("says to leave Alloy as it is when the endpoint refuses the new entry", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    const elsewhere = await aReceivingStack({ basic: [OLD] });
    const stack = { ...receiving.stack, webhookUrl: elsewhere.stack.webhookUrl };

    const run = await rotating({ ...receiving, stack }, "add", { basic: "alloy" });

    expect(run.error?.message).toContain("The endpoint refuses basic-2 (401)");
    expect(run.error?.message).toContain("Leave Alloy as it is");
    expect(elsewhere.ingest.counted("CredentialsRejected")).toBeLessThan(5);
  });
});

describe("rotate remove", () => {
  it("asks, removes, and sees that what stays works; ingest then refuses the removed one", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, NEXT], comment: "kept" });
    receiving.secrets.clock.now += 2 * DAY;

    const run = await rotating(receiving, "remove", { second: "basic-1" });

    expect(run.error).toBeNull();
    expect(run.terminal.questions).toEqual([
      expect.stringMatching(
        /^Remove basic-1 \(alloy, [0-9a-f]{6}\) from WebhookSecret of .+\? Alloy must use another/,
      ),
    ]);
    expect(run.terminal.warnings).toEqual([]);
    expect(run.result?.probes).toEqual([{ entry: "basic-1", isTaken: true, answer: "204" }]);
    expect(secretOf(receiving)).toEqual({ basic: [NEXT], comment: "kept" });
    receiving.secrets.clock.now += INGEST.secretLifetimeMs;
    expect(await statusOf(receiving, basicOf("alloy", OLD.password))).toBe(401);
    expect(await statusOf(receiving, basicOf("alloy", NEXT.password))).toBe(200);
    expect(receiving.ingest.counted("WebhooksReceived")).toBe(1);
  });

  it("refuses the last valid entry, whatever else is in the secret", async () => {
    const weak = { username: "weak", password: "hunter2" };
    const receiving = await aReceivingStack({ basic: [OLD, weak] });

    const run = await rotating(receiving, "remove", { second: "alloy", yes: true });

    expect(run.error?.message).toContain("basic-1 is the last valid entry");
    expect(secretOf(receiving)).toEqual({ basic: [OLD, weak] });
  });

  it("refuses the last valid entry also when somebody else removes the other one meanwhile", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, { ...NEXT, username: "bob" }] });

    const runs = await Promise.all([
      rotating(receiving, "remove", { second: "alloy", yes: true }),
      rotating(receiving, "remove", { second: "bob", yes: true }),
    ]);

    expect(runs.filter(({ error }) => error === null)).toHaveLength(1);
    expect(secretOf(receiving).basic).toHaveLength(1);
  });

  it("removes an entry that lets nobody in, without a word about Alloy", async () => {
    const weak = { username: "weak", password: "hunter2" };
    const receiving = await aReceivingStack({ basic: [OLD, weak] });

    const run = await rotating(receiving, "remove", { second: "weak" });

    expect(run.terminal.questions[0]).not.toContain("Alloy must use");
    expect(run.terminal.warnings).toEqual([]);
    expect(secretOf(receiving)).toEqual({ basic: [OLD] });
  });

  it("refuses while the endpoint refuses what would stay", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, NEXT] });
    const elsewhere = await aReceivingStack({ basic: [OLD] });
    const stack = { ...receiving.stack, webhookUrl: elsewhere.stack.webhookUrl };

    const run = await rotating({ ...receiving, stack }, "remove", { second: "basic-1", yes: true });

    expect(run.error?.message).toContain("The endpoint refuses what would stay: basic-2 (401)");
    expect(secretOf(receiving).basic).toHaveLength(2);
  });

  it("warns of what could not be tried, asks, and says it again at the end", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, NEXT] }, { allowListMode: "enforce" });

    const run = await rotating(receiving, "remove", { second: "basic-1", leaked: true });

    expect(run.terminal.warnings).toEqual([
      expect.stringContaining("basic-2 was not seen to work: the endpoint answered 403"),
    ]);
    expect(run.error?.message).toMatch(/^basic-1 is removed\. basic-1 was not seen to work/);
    expect(secretOf(receiving)).toEqual({ basic: [NEXT] });
  });

  it("advises to wait a day after the new entry, but not when the old one has leaked", async () => {
    const receiving = await aReceivingStack({ basic: [OLD] });
    receiving.secrets.clock.now += 30 * DAY;
    receiving.secrets.put({ basic: [OLD, NEXT] });
    receiving.secrets.clock.now += DAY / 2;
    const terminal = new KeptTerminal();
    terminal.answer = "no";

    const early = await rotating(receiving, "remove", { second: "basic-1", terminal });
    const leaked = await rotating(receiving, "remove", { second: "basic-1", leaked: true });

    expect(early.error?.message).toBe("No entry was removed.");
    expect(early.terminal.warnings).toEqual([
      expect.stringContaining("wait until 2026-12-02T00:00:00.000Z"),
    ]);
    expect(leaked.terminal.warnings).toEqual([]);
    expect(secretOf(receiving)).toEqual({ basic: [NEXT] });
  });

  it("wants --yes where nobody can answer", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, NEXT] });
    const terminal = new KeptTerminal();
    terminal.answer = "nobody";

    const run = await rotating(receiving, "remove", { second: "basic-1", terminal });

    expect(run.error).toBeInstanceOf(UsageError);
    expect(secretOf(receiving).basic).toHaveLength(2);
  });

  it("takes a place, a fingerprint or a username, and names the entries when a name fits several", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, NEXT, { ...NEXT, username: "bob" }] });
    const listed = await rotating(receiving, "list");
    const [, second] = listed.result?.entries ?? [];

    const both = await rotating(receiving, "remove", { second: "alloy", yes: true });
    const none = await rotating(receiving, "remove", { second: "eve", yes: true });
    const unnamed = await rotating(receiving, "remove", { yes: true });
    const byName = await rotating(receiving, "remove", { second: "bob", yes: true });
    const byPrint = await rotating(receiving, "remove", {
      second: second?.fingerprint ?? "",
      yes: true,
    });

    expect(both.error?.message).toContain("alloy names 2 entries");
    expect(none.error?.message).toContain("No entry is named eve");
    expect(unnamed.error?.message).toContain("Name the entry");
    expect(both.error?.details).toHaveLength(3);
    expect([byName.error, byPrint.error]).toEqual([null, null]);
    expect(secretOf(receiving)).toEqual({ basic: [OLD] });
  });
});

describe("rotate check", () => {
  it("tries every valid entry, and stores and counts none of it", async () => {
    const receiving = await aReceivingStack({ basic: [OLD], hmac: ["the key of HMAC of Alloy"] });

    const run = await rotating(receiving, "check");

    expect(run.error).toBeNull();
    expect(run.result?.probes.map(({ entry, isTaken }) => [entry, isTaken])).toEqual([
      ["basic-1", true],
      ["hmac-1", true],
    ]);
    expect(receiving.ingest.messages).toEqual([]);
  });

  it("fails when the endpoint refuses one, and when there is none", async () => {
    const receiving = await aReceivingStack({ basic: [OLD, NEXT] });
    const elsewhere = await aReceivingStack({ basic: [OLD] });
    const stack = { ...receiving.stack, webhookUrl: elsewhere.stack.webhookUrl };
    const empty = await aReceivingStack({});

    const run = await rotating({ ...receiving, stack }, "check");
    const none = await rotating(empty, "check");

    expect(run.error?.message).toContain("The endpoint did not take basic-2");
    expect(none.error?.message).toContain("no valid entry");
  });
});

it("a stage that takes OAuth is sent to the page that says how to rotate there", async () => {
  const receiving = await aReceivingStack({ basic: [OLD] });
  const jwt = { issuer: "https://login.example.com", audience: ["a"], scopes: ["s"] };
  const stages = [{ stage: receiving.stack.stage, auth: { jwt } }];

  const run = await rotating(receiving, "list", { stages });

  expect(run.error?.message).toContain("docs/oauth.md#rotate-the-client-secret");
});

it("anything else is nothing to do with credentials", async () => {
  const run = await rotating(await aReceivingStack({}), "renew");

  expect(run.error).toBeInstanceOf(UsageError);
});
