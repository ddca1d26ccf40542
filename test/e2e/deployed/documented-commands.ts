import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CREDENTIALS } from "../../../tools/local/emulator/emulator.ts";
import { isVerb, VERBS } from "../../../tools/ops/command-line.ts";
import type { Verb } from "../../../tools/ops/command-line.ts";
import { commandBlocks } from "../../support/command-blocks.ts";
import { makeRunOps } from "../../support/run-ops.ts";
import { commandsIn, parseAwsCommand, queriedOutput, runbooks } from "../../support/runbooks.ts";
import { describeBesideOthers } from "../beside-others.ts";
import { aToken, aWebhook, eventually } from "../driver.ts";
import { PLAIN_VIEWS, VendorDouble, DoubleApplication } from "../vendor-double.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";
import { deleteStatements } from "./stores.ts";

/** Each command once, however many runbooks tell it. */
const OF_RUNBOOKS = [...new Set(runbooks().flatMap(({ text }) => commandsIn(text)))];
const AWS = OF_RUNBOOKS.filter((command) => command.startsWith("aws ")).toSorted();

const TOOL = /^npm run (--silent )?ops -- /;
const OPS = [
  ...new Set([
    ...OF_RUNBOOKS,
    ...commandBlocks().flatMap(({ needs, commands }) => (needs === null ? commands : [])),
  ]),
]
  .filter((command) => TOOL.test(command))
  // It goes on until Ctrl-C: verbs.ts does that. The script of the completion needs no stack.
  .filter((command) => !/ ops -- (console|completion)( |$)/.test(command))
  .toSorted();
/** The commands are the same for every route and queue, and the local stage has not all of them. */
const OF_OTHER_QUEUES = OPS.filter((command) => / --queue (?!approved|submission)/.test(command));

/** Of an empty queue each of them knows after two seconds. They run at once: what one looks at is no other's. */
const LOOKS = / ops -- (dead-letters|redrive|discard)( |$)/;

const DAY_MS = 86_400_000;

describe.skipIf(isSkipped)(
  "every command of the README and of docs/, against the deployed stack",
  () => {
    let driver: ReturnType<typeof makeDriver>;
    let ops: ReturnType<typeof makeRunOps>;
    let stopAlloy: () => Promise<void>;
    let applicationToken: string;
    let forgottenToken: string;
    let eventId: string;
    const folder = mkdtempSync(join(tmpdir(), "documented-"));

    beforeAll(async () => {
      driver = makeDriver();
      const { stack, clients, output } = driver;
      ops = makeRunOps(stack);
      const receiver = { webhookUrl: stack.webhookUrl, authorization: driver.basic() };
      const alloy = new VendorDouble(receiver, stack.alloyApi);
      stopAlloy = await alloy.listen(stack.alloyPort);
      const decided = { afterMs: 0, applicant: null, node: null, deliveries: [0] };
      const applications = ["known", "forgotten", "old"].map(
        (name) =>
          new DoubleApplication({ name, steps: [], decisions: [] }, PLAIN_VIEWS, aToken(name)),
      );
      for (const [index, application] of applications.entries()) {
        const deliveries = index === 2 ? [] : [0];
        const end = { status: "completed", outcome: "Approved", deliveries };
        await alloy.live(application, [{ ...decided, ...end, type: "completed_application" }]);
      }
      const [known = "", forgotten = "", old = ""] = applications.map(({ token }) => token);
      [applicationToken, forgottenToken] = [known, forgotten];
      const list = `journey_application_token,journey_token\n${old},J-double\n`;
      for (const name of ["applications.csv", "tokens.csv"])
        writeFileSync(join(folder, name), list);
      writeFileSync(
        join(folder, "event.json"),
        aWebhook({ journey_application_token: known, type: "visited_node" }),
      );
      const { endpoint, region } = stack;
      const kms = new KMSClient({ endpoint, region, credentials: CREDENTIALS });
      const { KeyMetadata } = await kms.send(
        new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }),
      );
      await kms.send(
        new CreateAliasCommand({ AliasName: "alias/exports", TargetKeyId: KeyMetadata?.KeyId }),
      );
      const FunctionName = output("StatementFunctionName");
      await clients.lambda.send(new InvokeCommand({ FunctionName }));
      // What other tests have left in the dead-letter queue is not to be moved again and again.
      while ((await driver.receive("DeadLetterQueueUrl")).length > 0);
      await driver.post(`not json ${aToken("mark")}`, driver.basic());
      eventId = await eventually(async () => {
        const { output: shown } = await ops("show", known);
        const { output: letters } = await ops("dead-letters");
        const { code } = await ops("show", forgotten);
        const [, id = null] = / s later; (\S+)$/m.exec(shown) ?? [];
        return code === 0 && letters.includes("not JSON") ? id : null;
      });
    });
    afterAll(async () => {
      await deleteStatements(driver);
      await stopAlloy();
      rmSync(folder, { recursive: true });
    });

    const runHere = OPS.filter((command) => !OF_OTHER_QUEUES.includes(command));
    const [looks, others] = [true, false].map((isLook) =>
      runHere.filter((command) => LOOKS.test(command) === isLook),
    );

    describe.concurrent("which goes through a queue", () => {
      it.each(looks ?? [])("%s", ends);
    });

    describeBesideOthers("which does something else", isSkipped, () => {
      it.each(others ?? [])("%s", ends);
    });

    async function ends(command: string): Promise<void> {
      const words = wordsOf(command);
      // The second entry is one that nobody needs.
      if (command.includes("rotate remove"))
        await ops("rotate", "add", "--basic", "another", ...rotateOptions("add"));
      const { code, output, errors } = await eventually(async () => {
        const ended = await ops(...words);
        // What other tests left is due too, and a run that knows none of its applications counts as no answer.
        return ended.errors.startsWith("Alloy did not answer for any of ") ? null : ended;
      });

      // A stack in which so much was planted may be healthy or not: its exit code says which.
      const isHealth = / (status|watch)( |$)/.test(command);
      expect({ code: isHealth && code === 3 ? 0 : code, errors }).toEqual({ code: 0, errors: "" });
      expect(output.trim()).not.toBe("");
    }

    /** As somebody types it who has this stack, this application, this file. */
    function wordsOf(command: string): readonly string[] {
      const words = command
        .replace(TOOL, "")
        // The stack of the tests has its own outputs file.
        .replace(/ --stage (production|sandbox)/, "")
        .replace(/JA-(…|example)/, command.includes("forget") ? forgottenToken : applicationToken)
        .replace("check …", `check ${applicationToken}`)
        .replace("T-…", "T-7")
        .replace('"case 7"', "case-7")
        .replace(/(?<=--event |find )(3f1c)?…/, eventId)
        .replace(/(?<=--day )\S+/, new Date(Date.now() - DAY_MS).toISOString().slice(0, 10))
        // The target that the local stage has.
        .replace("approved/ledger", "approved/queue")
        .replace(/(applications\.csv|tokens\.csv|event\.json)/, join(folder, "$1"))
        .replace("--out exports", `--out ${folder}`)
        // The first entry is the one that the tests have.
        .replace("remove basic-1", "remove basic-2")
        .split(" ");
      // A person is asked on the terminal; here is none.
      const [verb = ""] = words;
      if (verb === "rotate") return [...words, ...rotateOptions(words[1])];
      const { options }: Pick<Verb, "options"> = isVerb(verb) ? VERBS[verb] : { options: [] };
      const isAsked = options.includes("yes") && !words.includes("--dry-run");
      const isWritten = ["export", "incident"].includes(verb) && !words.includes("--out");
      return [...words, ...(isAsked ? ["--yes"] : []), ...(isWritten ? ["--out", folder] : [])];
    }

    function rotateOptions(action: string | undefined): readonly string[] {
      if (action === "add") return ["--to-file", join(folder, randomUUID())];
      // An entry that a command above has added: it is not a day old.
      return action === "remove" ? ["--leaked", "--yes"] : [];
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

    it("of the runbooks are commands of the on-call tool, of the AWS CLI, and scripts that the infra tests check", () => {
      const others = OF_RUNBOOKS.filter(
        (command) => !OPS.includes(command) && !AWS.includes(command),
      );

      expect(OPS.length).toBeGreaterThan(0);
      expect(AWS.length).toBeGreaterThan(0);
      expect(
        others.filter((command) => !/^npm run [a-z:]+( -- --stage \w+)?$/.test(command)),
      ).toEqual([]);
    });
  },
);
