import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { basicOf } from "../../support/ingest.ts";
import { makeGoodOps, makeOpsCommand } from "../../support/run-ops.ts";
import { aToken, aWebhook, eventually } from "../driver.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

describe.skipIf(isSkipped)("npm run ops, against the deployed stack", () => {
  let driver: ReturnType<typeof makeDriver>;
  const { ops, good, untilDrained } = makeGoodOps(() => driver.stack);
  beforeAll(() => {
    driver = makeDriver();
  });

  /** A webhook of a new application that is in the table. */
  async function aKnownApplication(data: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const applicationToken = aToken("JA");
    const body = aWebhook({ journey_application_token: applicationToken, ...data });
    expect((await driver.post(body, driver.basic())).status).toBe(200);
    await eventually(async () => ((await eventsOf(applicationToken)).length > 0 ? true : null));
    return applicationToken;
  }

  async function eventsOf(applicationToken: string) {
    const items = await driver.items();
    return items.filter(
      ({ pk, sk }) => pk === `APPLICATION#${applicationToken}` && String(sk).startsWith("EVENT#"),
    );
  }

  it("status says in its first line whether the stack is healthy, and --all shows every queue, as a command of its own", async () => {
    const { code, output, errors } = await makeOpsCommand(driver.stack)("status", "--all");

    expect(errors).toBe("");
    expect(output).toMatch(/^(Healthy|NOT HEALTHY): /);
    expect(code).toBe(output.startsWith("Healthy") ? 0 : 3);
    expect(output).toMatch(
      /^.*\n {2}last webhook .+; last run of the poller .+; endpoint answers in \d+ ms\n/,
    );
    expect(output).toMatch(/\n {2}EventQueue +\d+ waiting +\d+ in flight\n/);
    expect(output).toMatch(/\n {2}DeadLetterQueue +\d+ waiting/);
    expect(output).toMatch(/\n {2}ApprovedQueue +\d+ waiting/);
    expect(output).toMatch(/\nThe last hour, .+\n {2}WebhooksReceived +\d+ +\d+ {3}good: /);
  });

  it("show tells what is known, and what is personal only when asked", async () => {
    const externalId = aToken("ada.lovelace");
    const token = await aKnownApplication({ external_application_id: externalId });

    // The event is in the table before the bus has taken it.
    const byToken = await eventually(async () => {
      const output = await good("show", token);
      return output.includes("acknowledged") ? output : null;
    });
    const byExternalId = await good("show", externalId);
    const withBodies = await good("show", token, "--bodies");

    expect(byToken).toContain(`Application  ${token}\n`);
    expect(byToken).toContain("Status       completed\nOutcome      Approved\n");
    expect(byToken).toMatch(
      /completed_application Approved; by webhook, attempt \d, \d+ s later; [0-9a-f]{32}\n {4}published → approved as number 1, acknowledged 20\S+Z\n/,
    );
    expect(byToken).not.toContain(externalId);
    expect(byExternalId).toContain(`Application  ${token}\n`);
    expect(withBodies).toContain(`"external_application_id":"${externalId}"`);
  });

  it("says in one sentence that it knows nothing of an application", async () => {
    const token = aToken("JA");

    for (const verb of ["show", "check", "replay"]) {
      const { code, output, errors } = await ops(verb, token);

      expect({ code, output }).toEqual({ code: 1, output: "" });
      expect(errors).toMatch(/^The application JA-[^\n]+\n$/);
    }
  });

  it("check makes an application due that the poller had settled or put off", async () => {
    const token = await aKnownApplication();
    const before = Date.now();

    const output = await good("check", token);

    expect(output).toBe(`The next run of the poller compares ${token} with Alloy.\n`);
    const state = (await driver.items()).find(
      ({ pk, sk }) => pk === `APPLICATION#${token}` && sk === "STATE",
    );
    expect(Number(state?.["checkAskedAt"])).toBeGreaterThanOrEqual(before);
  });

  // What `export` and `forget` do with each store is in person.ts.
  it("hold keeps an application from being forgotten, until its release", async () => {
    const token = await aKnownApplication();

    await good("hold", token, "--reason", "case 7");
    const held = await ops("forget", token, "--yes");
    await good("hold", token, "--release");
    const receipt = await good("forget", token, "--yes");

    expect(held).toMatchObject({ code: 1, output: "" });
    expect(held.errors).toContain("is under a legal hold since");
    expect(receipt).toMatch(/^Receipt: JA-.*\nRemoved:\n {2}1 items of the application table/);
    expect(receipt).toContain("point-in-time copies of both tables");
    const late = aWebhook({ journey_application_token: token, timestamp: Date.now() });
    expect((await driver.post(late, driver.basic())).status).toBe(200);
    await untilDrained();
    expect(await publishedAbout(token)).toHaveLength(1);
  });

  it("adopt names the wrong line of a file, and in a dry run says what it would adopt", async () => {
    const folder = mkdtempSync(join(tmpdir(), "adopt-"));
    const file = join(folder, "applications.csv");
    writeFileSync(
      file,
      `journey_application_token,journey_token\n${aToken("JA")},J-e2e\nno token,J-e2e\n`,
    );

    const wrong = await ops("adopt", file);
    expect(wrong).toMatchObject({ code: 1, output: "" });
    expect(wrong.errors).toMatch(/has 1 errors\. Nothing was adopted\..*\nline 3: /);

    writeFileSync(file, `journey_application_token,journey_token\n${aToken("JA")},J-e2e\n`);
    expect(await good("adopt", file, "--dry-run")).toMatch(
      /^The file has 1 application; 1 is unknown here\.\nDry run: Adopt 1 application; /,
    );
    rmSync(folder, { recursive: true });
  });

  it("rotate adds a credential that works, tells a script where it is and nobody what it is, and removes it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rotate-"));
    const file = join(folder, "password");

    const added = JSON.parse(
      await good("rotate", "add", "--basic", "rotated", "--to-file", file, "--json"),
    );
    const password = readFileSync(file, "utf8").trimEnd();
    rmSync(folder, { recursive: true });
    const { status } = await driver.post(aWebhook({}), basicOf("rotated", password));
    const listed = await good("rotate", "list");
    const checked = await good("rotate", "check");
    const removed = await ops("rotate", "remove", added.changed.fingerprint, "--yes", "--leaked");

    expect(status).toBe(200);
    expect(added).toMatchObject({
      action: "add",
      file,
      probes: [{ isTaken: true, answer: "204" }],
    });
    expect(listed).toMatch(/ {2}basic-\d {2}rotated +[0-9a-f]{6} {2}valid {2}since 20/);
    expect(checked).toMatch(/ {2}basic-\d: taken \(204\)\n/);
    expect(removed).toMatchObject({ code: 0, errors: "" });
    expect(await good("rotate", "list")).not.toContain("rotated");
    for (const output of [JSON.stringify(added), listed, checked, removed.output]) {
      expect(output).not.toContain(password);
    }
  });

  it("gaps tells of none, or of each with its stage", async () => {
    const output = await good("gaps");

    expect(output).toMatch(
      /^(No application is in gap\.|(.+Z {2}JA-.+\n)+\d+ in gap\. To see .+)\n$/,
    );
  });

  it("logs tells warnings and errors, and all about one application", async () => {
    const mark = aToken("mark");
    expect((await driver.post(`not json ${mark}`, driver.basic())).status).toBe(200);
    const token = await aKnownApplication();

    const loud = await eventually(async () => {
      const output = await good("logs", "consumer");
      return output.includes("consumer.record.dead-lettered") ? output : null;
    });
    expect(loud).not.toContain(mark);
    const about = await good("logs", "consumer", "--application", token);
    for (const line of about.trim().split("\n")) expect(line).toContain(token);
    expect(await ops("logs", "sender")).toMatchObject({
      code: 1,
      errors: `The function "sender" does not exist. The functions are ingest, consumer, poller, statement.\n`,
    });
  });

  it("replay sends what is recorded again, and it has no second effect", async () => {
    const token = await aKnownApplication();

    expect(await good("replay", token, "--dry-run")).toContain(
      `Dry run: 1 of 1 events of ${token} would go through the queue again.`,
    );
    expect(await good("replay", token)).toBe(
      `Sent 1 of 1 events of ${token} through the queue again.\n`,
    );

    await untilDrained();
    expect(await eventsOf(token)).toHaveLength(1);
    expect(await publishedAbout(token)).toHaveLength(1);
  });

  it("dead-letters tells the reason and no body; redrive moves what was chosen", async () => {
    const marks = [aToken("mark"), aToken("mark")];
    for (const mark of marks) {
      expect((await driver.post(`not json ${mark}`, driver.basic())).status).toBe(200);
    }

    const listed = await eventually(async () => {
      const output = await good("dead-letters", "--bodies", "--limit", "500");
      return marks.every((mark) => output.includes(mark)) ? output : null;
    });
    expect(listed).toMatch(
      /Z {2}webhook [^\n]+, invalid\n {4}the body is not JSON \(\d+ characters\)/,
    );
    const plain = await good("dead-letters", "--limit", "500");
    for (const mark of marks) expect(plain).not.toContain(mark);
    expect(await good("redrive", "--dry-run", "--application", aToken("JA"))).toBe(
      "Dry run: 0 messages would move back into the event queue. No message was moved.\n",
    );
    expect(await good("redrive", "--limit", "1", "--yes")).toContain(
      "Moved 1 message back into the event queue.\n",
    );
  });

  it("redrive of ten copies of one webhook, and the webhook once more, are one effect", async () => {
    const applicationToken = aToken("JA");
    // Larger than a queue message, so that it waits in the bucket; there it can be lost, and found again.
    const data = {
      journey_application_token: applicationToken,
      timestamp: Date.now(),
      padding: "x".repeat(QUEUE.maxMessageBytes),
    };
    await driver.setConsumer("Disabled");
    const before = await payloadKeys();
    for (let copies = 0; copies < 10; copies += 1) {
      // One by one: ten such bodies at once are more than a busy machine takes within ingest's three seconds.
      expect((await driver.post(aWebhook(data), driver.basic())).status).toBe(200);
    }
    const keys = (await payloadKeys()).filter((key) => !before.includes(key));
    const payloads = await takeAway(keys);
    await driver.setConsumer("Enabled");

    const lost = await eventually(async () => {
      const output = await good("dead-letters", "--limit", "500");
      const found = keys.filter((key) =>
        output.includes(`the payload ${key} is not in the bucket`),
      );
      return found.length === keys.length ? found : null;
    });
    // One that was answered with 5xx, and came again, may have been stored both times.
    expect(lost.length).toBeGreaterThanOrEqual(10);
    expect(await eventsOf(applicationToken)).toEqual([]);

    await putBack(payloads);
    const redriven = await good("redrive", "--yes");
    expect(redriven).toContain("This SQS does not support StartMessageMoveTask");
    const [, moved] = /\nMoved (\d+) messages back into the event queue\.\n/.exec(redriven) ?? [];
    expect(Number(moved)).toBeGreaterThanOrEqual(10);
    await eventually(async () => ((await eventsOf(applicationToken)).length > 0 ? true : null));
    const again = await driver.post(aWebhook(data), driver.basic());
    expect(again.status).toBe(200);

    await untilDrained();
    expect(await eventsOf(applicationToken)).toHaveLength(1);
    expect(await publishedAbout(applicationToken)).toHaveLength(1);
    expect(await good("show", applicationToken)).toContain("\nNo failures.");
  });

  async function publishedAbout(applicationToken: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let empty = 0; empty < 2;) {
      const messages = await driver.receive("ApprovedQueueUrl");
      empty = messages.length === 0 ? empty + 1 : 0;
      found.push(...messages.filter(({ Body = "" }) => Body.includes(applicationToken)));
    }
    return found;
  }

  async function payloadKeys(): Promise<string[]> {
    const { Contents = [] } = await driver.clients.s3.send(
      new ListObjectsV2Command({ Bucket: driver.output("PayloadBucketName") }),
    );
    return Contents.map(({ Key = "" }) => Key);
  }

  async function takeAway(keys: readonly string[]): Promise<Map<string, Uint8Array>> {
    const Bucket = driver.output("PayloadBucketName");
    const taken = new Map<string, Uint8Array>();
    for (const Key of keys) {
      const { Body } = await driver.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
      taken.set(Key, (await Body?.transformToByteArray()) ?? new Uint8Array());
      await driver.clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    }
    return taken;
  }

  async function putBack(payloads: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const Bucket = driver.output("PayloadBucketName");
    for (const [Key, Body] of payloads) {
      await driver.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    }
  }
});
