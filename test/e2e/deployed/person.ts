import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { InvokeCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { PLACES } from "../../../tools/ops/places.ts";
import { makeGoodOps } from "../../support/run-ops.ts";
import { aToken, aWebhook, eventually } from "../driver.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";
import { storesWith } from "./stores.ts";
import { DoubleApplication, PLAIN_VIEWS, VendorDouble } from "../vendor-double.ts";

/*
 * A person whose mark is in every store that can have one: what of it is left after `forget`, where, and whether the
 * receipt says so. And an application that existed before, which comes in by `adopt`.
 */

const DAY_MS = 86_400_000;

describe.skipIf(isSkipped)("a marked person, on the deployed stack", () => {
  let driver: ReturnType<typeof makeDriver>;
  const { good, untilDrained } = makeGoodOps(() => driver.stack);
  let alloy: VendorDouble;
  let stopAlloy: () => Promise<void>;
  const folder = mkdtempSync(join(tmpdir(), "person-"));
  beforeAll(async () => {
    driver = makeDriver();
    const { webhookUrl, alloyApi, alloyPort } = driver.stack;
    alloy = new VendorDouble({ webhookUrl, authorization: driver.basic() }, alloyApi);
    stopAlloy = await alloy.listen(alloyPort);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await stopAlloy();
  });

  async function send(...bodies: readonly string[]): Promise<void> {
    for (const body of bodies) expect((await driver.post(body, driver.basic())).status).toBe(200);
  }

  /** An application that Alloy decided a year ago, and that nobody has announced here. */
  function decidedLongAgo(externalId: string): string {
    const application = new DoubleApplication(
      { name: "old", steps: [], decisions: [] },
      { ...PLAIN_VIEWS, externalId },
      aToken("old"),
    );
    const at = Date.now() - 365 * DAY_MS;
    const event = { afterMs: 0, applicant: null, node: null, deliveries: [] };
    application.events.push(
      { ...event, type: "started_application", at, token: "1" },
      { ...event, type: "completed_application", outcome: "Approved", at: at + 1, token: "2" },
    );
    Object.assign(application, { status: "completed", outcome: "Approved", updatedAt: at + 1 });
    alloy.applications.set(application.token, application);
    return application.token;
  }

  function fileOf(...tokens: readonly string[]): string {
    const file = join(folder, "applications.csv");
    const lines = tokens.map((token) => `${token},J-double`);
    writeFileSync(file, ["journey_application_token,journey_token", ...lines, ""].join("\n"));
    return file;
  }

  it("is in every store before, and after forget only where the receipt says", async () => {
    const [mark, token] = [aToken("ada.lovelace"), aToken("JA")];
    const marked = { journey_application_token: token, external_group_id: mark, name: mark };
    const review = aWebhook({
      ...marked,
      type: "pending_review",
      timestamp: Date.now() - 1,
      padding: "x".repeat(QUEUE.maxMessageBytes),
    });
    const other = JSON.stringify({ type: "create:entities", data: { about: token, name: mark } });
    await send(aWebhook(marked), review, other, `not JSON of ${token}: ${mark}`);
    await untilDrained();
    await eventually(async () =>
      (await storesWith(mark, driver)).includes("DeadLetterQueue") ? true : null,
    );
    expect(await storesWith(mark, driver)).toEqual([
      "ApplicationTable",
      "ApprovedQueue",
      "DeadLetterQueue",
      "PayloadBucket",
    ]);

    // Its large body goes where none ends, and comes back.
    expect(await good("hold", token, "--reason", "case 7")).toContain("is under a legal hold");
    expect(await good("hold", token, "--release")).toContain("is released");

    await good("export", mark, "--unsigned", "--out", folder);
    const exported = readFileSync(join(folder, `export-${token}.json`), "utf8");
    for (const kept of ["items", "deadLetters", "unsupportedWebhooks"]) {
      expect(exported).toContain(`"${kept}":[{`);
    }
    expect(exported.split(mark).length).toBeGreaterThan(8);
    const receipt = await good("forget", mark, "--yes");

    expect(receipt).toContain(
      "\n  1 bodies of the payload bucket\n  1 messages of the dead-letter",
    );
    expect(await storesWith(mark, driver)).toEqual(["ApprovedQueue"]);
    const left = await storesWith(token, driver);
    expect(left).toContain("ApplicationTable");
    const remains = receipt.slice(receipt.indexOf("\nRemains:"));
    const unsaid = left.filter(
      (resource) =>
        !PLACES.some(
          ({ name, resources }) =>
            resources?.test(resource) &&
            remains.includes(`
  ${name}: `),
        ),
    );
    expect(unsaid).toEqual([]);
    // The files of the export are their owner's, and the receipt says so.
    expect(remains).toContain("files of `export`");

    await send(aWebhook({ ...marked, timestamp: Date.now() }));
    await untilDrained();
    const adopted = await good("adopt", fileOf(token), "--yes");
    expect(adopted).toContain("1 of 1 are forgotten here");
    expect(await storesWith(mark, driver)).toEqual(["ApprovedQueue"]);
    expect(await good("show", token)).toContain("orgotten");
  });

  it("verify finds the stack ready, and its test webhook on the bus", async () => {
    const report = await good("verify");

    expect(report).toMatch(/(^|\n)✔ a stranger +401, /);
    for (const line of ["a webhook +200", "recorded", "clock", "on the bus +published"]) {
      expect(report).toMatch(new RegExp(`\n✔ ${line}`));
    }
    expect(report).toMatch(/\n✔ Alloy's API +the key is let in\n/);
    expect(report).not.toContain("✘");
  });

  it("the daily statement counts it, is signed and chained, and names nobody", async () => {
    const mark = aToken("alan.turing");
    await send(aWebhook({ external_group_id: mark, name: mark }));
    await untilDrained();
    const { lambda } = driver.clients;
    const invoke = async () => {
      const { Payload, FunctionError } = await lambda.send(
        new InvokeCommand({ FunctionName: driver.output("StatementFunctionName") }),
      );
      expect(FunctionError).toBeUndefined();
      return JSON.parse(Payload?.transformToString() ?? "null");
    };

    const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    expect(await invoke()).toEqual({ day: yesterday, result: "made" });
    expect(await invoke()).toEqual({ day: yesterday, result: "kept" });
    const printed = await good("statement", "--day", yesterday, "--verify");

    expect(printed).toMatch(/\n {2}seen +[1-9]\d*\n/);
    expect(printed).toContain(`Verified: 1 statement since ${yesterday}, each signed with `);
    expect(await storesWith(mark, driver)).not.toContain("StatementBucket");
    expect(await storesWith(`"day":"${yesterday}"`, driver)).toContain("StatementBucket");
  });

  it("is adopted without an effect, agrees with Alloy, and can then be forgotten", async () => {
    const mark = aToken("grace.hopper");
    const tokens = [decidedLongAgo(mark), decidedLongAgo(mark)];

    const adopted = await good("adopt", fileOf(...tokens), "--yes", "--per-second", "10");

    expect(adopted).toContain("\n2 of 2 agree with Alloy\n");
    expect(await storesWith(mark, driver)).toEqual(["ApplicationTable"]);
    for (const token of tokens) {
      expect(await good("show", token)).toContain(
        "Status       completed\nOutcome      Approved\n",
      );
    }
    expect(await good("adopt", fileOf(...tokens), "--yes")).toContain("0 are unknown here");

    await good("forget", mark, "--yes");
    expect(await storesWith(mark, driver)).toEqual([]);
  });
});
