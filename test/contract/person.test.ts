import { createVerify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { stateOfEvent, stateOfHealedEvent } from "../../lambdas/domain/application/observation.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { recordOf } from "../../lambdas/consumer/effect.ts";
import { decisionBody } from "../../lambdas/domain/application/decision.ts";
import { exportPerson } from "../../tools/ops/export.ts";
import { forget } from "../../tools/ops/forget.ts";
import { hold } from "../../tools/ops/hold.ts";
import type { ConnectedStack } from "../../tools/ops/stack.ts";
import { adoptionBatchOf } from "../support/adoption.ts";
import { pollBatchOf } from "../support/consumer.ts";
import { startCountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import { batchOf, lambdaContext, webhookOf } from "../../tools/cloud-in-memory/builders.ts";
import type { CountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import type { Contents } from "../../tools/cloud-in-memory/dynalite.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { CONSUMER_SETTINGS } from "../../tools/cloud-in-memory/runtime.ts";
import { aDecision } from "../support/decisions.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { aFailureRecord, anEventRecord } from "../support/records.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { makeSigningKey } from "../support/signing-key.ts";
import { s3Over } from "../support/memory-s3.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";

/*
 * A person whose mark is in every store, beside another one: what `export` writes, what `forget` leaves, and what comes
 * back afterwards. The table is a DynamoDB, the consumer the real one over it.
 */

const MARK = "Ada-Lovelace-1815";
const TOKEN = "JA-examplePerson00001";
const OTHER = "JA-exampleOther000001";
const OTHER_MARK = "Charles-Babbage-1791";
const HOUR = 3_600_000;
const NOW = Date.now();

const running: CountedConsumer[] = [];
afterAll(async () => {
  for (const { dynamo } of running) await dynamo.close();
});

type Account = Awaited<ReturnType<typeof anAccount>>;

const ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256";
const { kms, publicKey } = makeSigningKey(["RSASSA_PSS_SHA_512", ALGORITHM]);

const PEOPLE = [
  [TOKEN, MARK],
  [OTHER, OTHER_MARK],
] as const;

const payloadKeyOf = (mark: string) => `webhooks/${mark}`;

async function aConsumer(contents?: Contents): Promise<CountedConsumer> {
  const consumer = await startCountedConsumer(undefined, { settings: { decides: true }, contents });
  running.push(consumer);
  return consumer;
}

/** What the tables hold about two people. */
async function whatIsKnown(): Promise<Contents> {
  const consumer = await aConsumer();
  const { client, applicationTableName: tableName } = consumer.dynamo;
  const store = new DynamoApplicationStore({
    client,
    tableName,
    eventRetentionMs: HOUR,
    indexesEntities: true,
  });
  for (const [token, mark] of PEOPLE) {
    for (const type of ["started_application", "pending_review"]) {
      await consume(consumer, marked(type, token, mark));
    }
    const large = aJourneyEvent({
      applicationToken: token,
      at: NOW - HOUR + 5,
      type: "pending_action",
    });
    const body = new TextEncoder().encode(`{"name":"${mark}"}`);
    await store.recordEvent(
      anEventRecord(large, { body, payloadKey: payloadKeyOf(mark), route: "needs-action" }),
    );
    await store.mergeState(stateOfHealedEvent(large), { dueAt: NOW, when: "first" });
    const mark_ = { event: { ...reportOf(large), applicationToken: token }, lookAlikes: [] };
    await store.markHealed(token, { ...mark_, webhooks: [] }, NOW + HOUR);
    await store.recordFailure(
      aFailureRecord({ applicationToken: token, eventId: large.eventId, deadLettered: true }),
    );
    for (let applicant = 0; applicant < 12; applicant += 1) {
      const entityApplicationToken = `EA-${token}-${applicant}`;
      const event = aJourneyEvent({
        applicationToken: token,
        entityApplicationToken,
        type: "pending_action",
        at: NOW - HOUR + 10 + applicant,
      });
      await store.mergeState(stateOfEvent(event), { dueAt: NOW, when: "first" });
    }
    await consumer.process(pollBatchOf(decisionOf(token, mark)), lambdaContext());
    // One that ends by itself.
    await store.recordEvent(expiringDecision(token, mark));
    const other = { type: "create:other", data: { about: token, name: mark } };
    await consume(consumer, JSON.stringify(other));
  }
  return consumer.dynamo.contents();
}

/** Everything that the stack can store about two people. */
async function anAccount(contents: Contents) {
  const consumer = await aConsumer(contents);
  const sqs = new MemorySqs();
  const objects = new Map<string, string>();
  for (const [token, mark] of PEOPLE) {
    objects.set(payloadKeyOf(mark), `{"name":"${mark}"}`);
    const envelope = { v: 1, kind: "webhook", receiptId: mark, receivedAt: NOW, sourceIp: null };
    const letter = (body: string | null, key: string | null) =>
      sqs.put("dead", JSON.stringify({ ...envelope, body, payloadKey: key }), { reason: "odd" });
    letter(marked("completed_application", token, mark), null);
    letter(`not JSON of ${token}: ${mark}`, null);
    objects.set(`webhooks/dead-${mark}`, marked("completed_application", token, mark));
    letter(null, `webhooks/dead-${mark}`);
    letter(decisionOf(token, mark, "third"), null);
  }
  const { client, applicationTableName: tableName } = consumer.dynamo;
  const stack: ConnectedStack = {
    ...aStack(sqs),
    dynamo: client,
    applicationTableName: tableName,
    s3: s3Over(objects),
    kms,
    logs: answered(new CloudWatchLogsClient({ region: "us-east-1" }), () => ({
      logGroups: [{ retentionInDays: 30 }],
    })),
    lambda: answered(new LambdaClient({ region: "us-east-1" }), () => ({
      LoggingConfig: { LogGroup: "group" },
    })),
  };
  return { consumer, stack, sqs, objects, terminal: new KeptTerminal() };
}

/** Webhooks, in one batch. */
const consume = ({ process }: CountedConsumer, ...webhooks: readonly string[]) =>
  process(batchOf(webhooks), lambdaContext());

/** The body of a decision. */
function decisionOf(applicationToken: string, mark: string, decisionId = "first"): string {
  const id = `${decisionId} of ${applicationToken}`;
  return decisionBody(aDecision(id, null, { applicationToken, at: NOW - HOUR + 50, mark }));
}

function expiringDecision(applicationToken: string, mark: string) {
  const at = NOW - HOUR + 60;
  const decision = aDecision("second", "first", { applicationToken, at, mark });
  const receipt = {
    receiptId: "poll-1",
    receivedAt: NOW,
    origin: "poll",
    traceparent: null,
  } as const;
  const body = new TextEncoder().encode(decisionBody(decision));
  const content = { kind: "decision", decision, body } as const;
  return recordOf({ receipt, payloadKey: null, at }, content, CONSUMER_SETTINGS);
}

function marked(type: string, token: string, mark: string): string {
  const webhook = JSON.parse(webhookOf(type, token, NOW - HOUR));
  return JSON.stringify({
    ...webhook,
    data: { ...webhook.data, external_group_id: mark, applicant: mark },
  });
}

/** Where a text is: keys of items, of objects, and numbers of dead letters. */
async function placesOf(text: string, { consumer, sqs, objects }: Account) {
  const { client, applicationTableName, idempotencyTableName } = consumer.dynamo;
  const items: string[] = [];
  for (const TableName of [applicationTableName, idempotencyTableName]) {
    for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
      for (const item of Items.map((one) => unmarshall(one))) {
        const { body } = item;
        const whole = JSON.stringify(item) + (body === undefined ? "" : brotliDecompressSync(body));
        if (whole.includes(text)) items.push(`${item["pk"] ?? item["id"]} ${item["sk"] ?? ""}`);
      }
    }
  }
  const stored = [...objects].filter(([key, object]) => `${key} ${object}`.includes(text));
  const dead = sqs.all("dead").filter((body) => body?.includes(text));
  return { items, objects: stored.map(([key]) => key), deadLetters: dead.length };
}

describe("a person whose mark is in every store", () => {
  let known: Contents;
  let account: Account;
  beforeAll(async () => {
    known = await whatIsKnown();
  });
  beforeEach(async () => {
    account = await anAccount(known);
  });

  const remove = (who = MARK) =>
    forget(account.stack, who, { dryRun: false, yes: true, now: NOW }, account.terminal);

  test("is in all of them before", async () => {
    const places = await placesOf(MARK, account);

    expect(places.items.length).toBeGreaterThanOrEqual(7);
    expect(places.objects).toHaveLength(2);
    expect(places.deadLetters).toBe(4);
  });

  test("is in none of them after forget, and only the tombstone and hashes are left of the tokens", async () => {
    await remove();

    expect(await placesOf(MARK, account)).toEqual({ items: [], objects: [], deadLetters: 0 });
    expect(await placesOf(TOKEN, account)).toEqual({
      items: [`APPLICATION#${TOKEN} STATE`],
      objects: [],
      deadLetters: 0,
    });
  });

  test("has the reasons of a decision in the items of decisions alone, and in their dead letters", async () => {
    const { items, objects, deadLetters } = await placesOf(`${MARK} first`, account);

    expect(items.map((item) => item.replace(/\d{15}/, "<time>"))).toEqual([
      `APPLICATION#${TOKEN} EVENT#<time>#first of ${TOKEN}`,
    ]);
    expect([objects, deadLetters]).toEqual([[], 0]);
    expect((await placesOf(`${MARK} third`, account)).deadLetters).toBe(1);
  });

  test("has the reasons of each decision in the export", async () => {
    const { stack, terminal } = account;
    const out = mkdtempSync(join(tmpdir(), "export-"));

    await exportPerson(stack, MARK, { key: null, out, unsigned: true, now: NOW }, terminal);

    const text = readFileSync(join(out, `export-${TOKEN}.json`), "utf8");
    rmSync(out, { recursive: true });
    for (const id of ["first", "second", "third"]) expect(text).toContain(`${MARK} ${id}`);
  });

  test("leaves the other person's data as it was", async () => {
    const before = await placesOf(OTHER_MARK, account);

    await remove();

    expect(await placesOf(OTHER_MARK, account)).toEqual(before);
  });

  test("gets a receipt of what was removed, and what remains where and until when", async () => {
    await remove();

    const { text } = account.terminal;
    expect(text).toMatch(/^Receipt: JA-examplePerson00001 in AlloyJourneyWebhooks-test, /);
    expect(text).toMatch(/\n {2}\d+ items of the application table/);
    expect(text).toContain(
      "\n  2 bodies of the payload bucket\n  4 messages of the dead-letter queue\n",
    );
    expect(text).toMatch(/\n {2}IdempotencyTable: event ids.*; until 20\d\d-/);
    expect(text).toMatch(/\n {2}point-in-time copies of both tables: .*; until 20\d\d-/);
    expect(text).toMatch(/\n {2}logs of the functions: .*; until 20\d\d-/);
    expect(text).not.toContain(MARK);
  });

  test("does not come back, and has no second effect, whatever comes afterwards", async () => {
    const { consumer } = account;
    await remove();
    const published = consumer.busEvents();

    const decided = marked("completed_application", TOKEN, MARK);
    await consume(consumer, marked("pending_review", TOKEN, MARK));
    await consume(consumer, decided, decided);
    await consumer.process(pollBatchOf(marked("pending_action", TOKEN, MARK)), lambdaContext());
    for (const id of ["first", "fourth"]) {
      await consumer.process(pollBatchOf(decisionOf(TOKEN, MARK, id)), lambdaContext());
    }
    const submission = { external_group_id: MARK };
    await consumer.process(
      adoptionBatchOf(TOKEN, { at: NOW, publishes: true }, submission),
      lambdaContext(),
    );

    expect(await placesOf(MARK, account)).toEqual({ items: [], objects: [], deadLetters: 0 });
    expect(consumer.busEvents()).toBe(published);
  });

  test("can be forgotten once more, which removes what came in between", async () => {
    await remove();
    account.sqs.put("dead", JSON.stringify({ about: TOKEN, name: MARK }), { reason: "odd" });

    await remove(TOKEN);

    expect(await placesOf(MARK, account)).toEqual({ items: [], objects: [], deadLetters: 0 });
  });

  test("is not forgotten under a legal hold, and is after its release", async () => {
    const { stack, terminal } = account;
    const before = await placesOf(MARK, account);
    await hold(stack, MARK, { reason: "case 7", release: false, now: NOW }, terminal);
    expect(terminal.lines.at(-1)).toMatch(/2 of its events no longer end by themselves\.$/);

    await expect(remove()).rejects.toThrow(/is under a legal hold since .* \(case 7\)/);
    expect(await placesOf(MARK, account)).toEqual({
      ...before,
      objects: [...before.objects, `held/webhooks/${MARK}`],
    });
    await consume(account.consumer, marked("completed_application", TOKEN, MARK));
    await expect(remove()).rejects.toThrow(/legal hold/);

    await hold(stack, MARK, { reason: null, release: true, now: NOW }, terminal);
    await remove();
    expect(await placesOf(MARK, account)).toMatchObject({ items: [], objects: [] });
  });

  test("keeps under a legal hold a large body that would end, and gives it its end back at the release", async () => {
    const { stack, terminal, objects } = account;
    const [usual, held] = [`webhooks/${MARK}`, `held/webhooks/${MARK}`];
    const options = { reason: "case 7", release: false, now: NOW };
    await hold(stack, MARK, options, terminal);
    const body = objects.get(held);
    expect(body).toContain(MARK);

    // S3 ends what is under the usual prefixes.
    objects.delete(usual);
    await hold(stack, MARK, options, terminal);
    expect(objects.get(held)).toBe(body);
    expect(await bodyOfLarge()).toBe(body);
    expect(terminal.warnings).toEqual([]);

    await hold(stack, MARK, { reason: null, release: true, now: NOW }, terminal);
    expect([objects.get(usual), objects.has(held)]).toEqual([body, false]);
    expect(await bodyOfLarge()).toBe(body);
    await remove();
    expect((await placesOf(MARK, account)).objects).toEqual([]);

    /** As the export has it. */
    async function bodyOfLarge() {
      const out = mkdtempSync(join(tmpdir(), "export-"));
      const asked = { key: null, out, unsigned: true, now: NOW };
      await exportPerson(stack, MARK, asked, terminal);
      const file = JSON.parse(readFileSync(join(out, `export-${TOKEN}.json`), "utf8"));
      rmSync(out, { recursive: true });
      const large = file.export.applications[0].items.find(
        (item: { payloadKey?: string }) => item.payloadKey !== undefined,
      );
      return large?.body;
    }
  });

  test("is told of a large body that had ended before the hold", async () => {
    const { stack, terminal, objects } = account;
    objects.delete(`webhooks/${MARK}`);

    await hold(stack, MARK, { reason: "case 7", release: false, now: NOW }, terminal);

    expect(terminal.warnings).toEqual(["1 of its bodies above 1 MiB had ended before."]);
    expect([...objects.keys()].filter((key) => key.startsWith("held/"))).toEqual([]);
  });

  test("loses nothing in a dry run, and nothing without agreement", async () => {
    const { stack, terminal } = account;
    const before = await placesOf(MARK, account);
    terminal.answer = "no";

    await forget(stack, MARK, { dryRun: true, yes: false, now: NOW }, terminal);
    await expect(
      forget(stack, MARK, { dryRun: false, yes: false, now: NOW }, terminal),
    ).rejects.toThrow("Nothing was removed.");

    expect(await placesOf(MARK, account)).toEqual(before);
  });

  test("gets everything that is known in one signed file, and a page, for the owner's eyes alone", async () => {
    const { stack, terminal } = account;
    const out = mkdtempSync(join(tmpdir(), "export-"));
    const options = { key: "alias/exports", out, unsigned: false, now: NOW };

    await exportPerson(stack, MARK, options, terminal);

    const file = join(out, `export-${TOKEN}.json`);
    const text = readFileSync(file, "utf8");
    const { export: content, signature } = JSON.parse(text);
    const verify = createVerify("sha256").update(JSON.stringify(content));
    expect(verify.verify(publicKey, signature.value, "base64")).toBe(true);
    expect(signature).toMatchObject({ keyId: "key-1", algorithm: ALGORITHM });
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(content.applications[0].items.length).toBeGreaterThanOrEqual(5);
    expect(content.deadLetters).toHaveLength(4);
    expect(content.unsupportedWebhooks).toHaveLength(1);
    expect(JSON.stringify(content).split(MARK).length).toBeGreaterThan(6);
    expect(text).not.toContain(OTHER_MARK);
    const page = readFileSync(join(out, `export-${TOKEN}.html`), "utf8");
    expect(page).toContain(MARK);
    expect(page).not.toContain("<script");
    expect(terminal.text).not.toContain(MARK);
    rmSync(out, { recursive: true });
  });

  test("is not exported without a signature, unless that is asked for", async () => {
    const { stack, terminal } = account;

    await expect(
      exportPerson(stack, MARK, { key: null, out: null, unsigned: false, now: NOW }, terminal),
    ).rejects.toThrow(/needs --key/);
  });
});
