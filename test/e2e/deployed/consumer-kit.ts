import { randomBytes } from "node:crypto";

import { describe, expect, it, vi } from "vitest";

import { runKit } from "../../support/consumer-kit.ts";
import { startExample } from "../../support/example-consumer.ts";
import { aQueueReadFor } from "../../support/queue-reader.ts";
import { STORIES } from "../../../tools/consumer-kit/stories.ts";
import { CREDENTIALS, REGION } from "../../../tools/local/emulator/emulator.ts";
import { depthOf } from "../../../tools/local/emulator/emulator-receiver.ts";
import { eventually } from "../driver.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

/** Stories of another kind each; over HTTP all of them are played (test/contract/consumer-kit.test.ts). */
const STORIES_HERE = ["once", "duplicate", "at-once", "rerun"].flatMap((name) => ["--story", name]);

/** What a shell of a user of the emulator has set. */
function environmentOf(endpoint: string): readonly (readonly [string, string])[] {
  return [
    ["AWS_ENDPOINT_URL", endpoint],
    ["AWS_REGION", REGION],
    ["AWS_ACCESS_KEY_ID", CREDENTIALS.accessKeyId],
    ["AWS_SECRET_ACCESS_KEY", CREDENTIALS.secretAccessKey],
  ];
}

describe.skipIf(isSkipped)("the test kit of consumers, on a queue of the emulator", () => {
  /** Plays into an example that has its events from a queue. @returns what the kit says, and what is left in the queue. */
  async function play(file: string) {
    const { clients, stack } = makeDriver();
    const { url, actionsPort } = await startExample(file);
    const name = `accounts-${randomBytes(4).toString("hex")}`;
    const { queueUrl, deleted } = await aQueueReadFor(url, { sqs: clients.sqs, name });

    for (const [name, value] of environmentOf(stack.endpoint)) vi.stubEnv(name, value);
    const run = await runKit(queueUrl, actionsPort, ...STORIES_HERE);
    vi.unstubAllEnvs();

    const left = await eventually(async () => {
      const count = await depthOf(clients, queueUrl);
      return count === 0 ? count : null;
    });
    return { ...run, left, deleted: deleted() };
  }

  it.each(["idempotent.ts", "idempotent.py"])("lets %s pass", async (file) => {
    const { code, out, errors, deleted, left } = await play(file);

    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(out).toContain("4 stories: the consumer acted once in 4.");
    expect(deleted).toBeGreaterThan(10);
    expect(left).toBe(0);
  });

  it("says of naive.py which story it breaks, and how", async () => {
    const { code, errors } = await play("naive.py");

    const { sentence } = STORIES.find(({ name }) => name === "duplicate") ?? {};
    expect(code).toBe(1);
    expect(errors).toMatch(
      new RegExp(
        `^Story "duplicate": open account was done 3 times for JA-\\w+, and has to be done once: ${sentence}\\.$`,
        "m",
      ),
    );
    expect(errors).not.toContain('Story "once"');
  });
});
