import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRunOps } from "../../support/run-ops.ts";
import { commandsIn, parseAwsCommand, queriedOutput, runbooks } from "../../support/runbooks.ts";
import { aToken, aWebhook, eventually } from "../driver.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

/** Each command once, however many runbooks tell it. */
const COMMANDS = [...new Set(runbooks().flatMap(({ text }) => commandsIn(text)))].toSorted();

const OPS = COMMANDS.filter((command) => command.startsWith("npm run ops -- "));
/** Those for a route whose configuration lists targets; the local stage has none. */
const OF_TARGETS = OPS.filter((command) => /ops -- route | --target /.test(command));
/** The commands are the same for every route and queue, and the local stage has not all of them. */
const OF_OTHER_QUEUES = OPS.filter((command) => / --queue (?!approved|submission)/.test(command));
const AWS = COMMANDS.filter((command) => command.startsWith("aws "));

describe.skipIf(isSkipped)("every command of the runbooks, against the deployed stack", () => {
  let driver: ReturnType<typeof makeDriver>;
  let ops: ReturnType<typeof makeRunOps>;
  let applicationToken: string;
  let eventId: string;
  const folder = mkdtempSync(join(tmpdir(), "runbooks-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    driver = makeDriver();
    ops = makeRunOps(driver.stack);
    // What other tests have left in the dead-letter queue is not to be moved again and again.
    while ((await driver.receive("DeadLetterQueueUrl")).length > 0);
    applicationToken = aToken("JA");
    const body = aWebhook({ journey_application_token: applicationToken });
    for (const posted of [body, `not json ${aToken("mark")}`]) {
      await driver.post(posted, driver.basic());
    }
    eventId = await eventually(async () => {
      const { code, output: shown } = await ops("show", applicationToken);
      const { output } = await ops("dead-letters");
      const [, id = null] = / s later; (\S+)$/m.exec(shown) ?? [];
      return code === 0 && output.includes("not JSON") ? id : null;
    });
  });

  const excluded = [...OF_TARGETS, ...OF_OTHER_QUEUES];
  it.each(OPS.filter((command) => !excluded.includes(command)))("%s", async (command) => {
    const { code, output, errors } = await ops(...wordsOf(command));

    // The dead letter of above is one that `status` reports, by its exit code too.
    const good = command.includes("ops -- status") ? 3 : 0;
    expect({ code, errors }).toEqual({ code: good, errors: "" });
    expect(output.trim()).not.toBe("");
  });

  // They run over doubles in test/contract/people.test.ts.
  it.each(OF_TARGETS)("%s, which says that there is no target", async (command) => {
    const { code, errors } = await ops(...wordsOf(command));

    expect(code).toBe(1);
    expect(errors).toMatch(/^The route approved has no list of targets, /);
  });

  function wordsOf(command: string): readonly string[] {
    const words = command
      .replace("npm run ops -- ", "")
      // The stack of the tests has its own outputs file.
      .replace(" --stage production", "")
      .replace("JA-…", applicationToken)
      .replace("T-…", "T-7")
      .replace("--event …", `--event ${eventId}`)
      .split(" ");
    // A person is asked on the terminal; here is none.
    if (words[0] === "rotate" && words[1] === "add") {
      return [...words, "--to-file", join(folder, randomUUID())];
    }
    // The entry that the command above has added; it is not a day old.
    if (words[0] === "rotate" && words[1] === "remove") return [...words, "--leaked", "--yes"];
    const isAsked = ["redrive", "discard"].includes(words[0] ?? "") && !words.includes("--dry-run");
    return isAsked ? [...words, "--yes"] : words;
  }

  it.each(AWS)("%s", async (command) => {
    const { service, operation, options } = parseAwsCommand(command);
    expect({ service, operation }).toEqual({
      service: "cloudformation",
      operation: "DescribeStacks",
    });
    const StackName = options["StackName"]?.replace("-production", "-local");
    const key = queriedOutput(options["Query"] ?? "");

    const { Stacks = [] } = await driver.clients.cloudFormation.send(
      new DescribeStacksCommand({ StackName }),
    );

    const value = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    expect(value).toBe(driver.output(key ?? ""));
  });

  it("are commands of the on-call tool, of the AWS CLI, and scripts that the infra tests check", () => {
    const others = COMMANDS.filter((command) => !OPS.includes(command) && !AWS.includes(command));

    expect(OPS.length).toBeGreaterThan(0);
    expect(AWS.length).toBeGreaterThan(0);
    expect(
      others.filter((command) => !/^npm run [a-z:]+( -- --stage \w+)?$/.test(command)),
    ).toEqual([]);
  });
});
