import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import {
  applicationKey,
  eventKey,
  failureKey,
} from "../../lambdas/adapters/dynamo/application-item.ts";
import { statementKey } from "../../lambdas/adapters/s3-statement-archive.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { fileOf } from "../../lambdas/domain/statement/signed-statement.ts";
import { makeStatement } from "../../lambdas/domain/statement/statement.ts";
import { PEOPLE } from "../../lib/people.ts";
import type { Person } from "../../lib/people.ts";
import { parseCommand, rolesOfCommand, VERBS } from "../../tools/ops/command-line.ts";
import type { Command } from "../../tools/ops/command-line.ts";
import type { VerbName } from "../../tools/ops/results.ts";
import { OperatorError } from "../../tools/ops/operator-error.ts";
import { jsonText } from "../../tools/terminal/lines.ts";
import { policiesOf } from "../../tools/strict-aws/iam/policies.ts";
import { makeAjv } from "../support/ajv.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { KeptTerminal } from "../support/operator.ts";
import { stackAs } from "../support/people.ts";
import { withTargets } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const TOKEN = "JA-1";
const AT = Date.parse("2026-11-23T20:00:00.000Z");
const BODY = JSON.stringify({
  type: "update:journeyapplications:live",
  data: {
    journey_application_token: TOKEN,
    journey_token: "J-1",
    type: "completed_application",
    outcome: "Approved",
    timestamp: AT,
    journey_name: "Ada Lovelace",
  },
});

/** Of a body above 1 MiB, which a hold keeps. */
const PAYLOAD_KEY = "webhooks/2026-11-23/r1";

/** Ways to call each verb that take other rights; a verb without one does not compile. */
const CALLS: Readonly<Record<VerbName, readonly string[]>> = {
  status: [""],
  watch: [""],
  // By a token or an external id an auditor finds too: those are keys, as for `show`.
  find: ["e1", "--status completed", "--route approved --since 2h"],
  pause: ["approved --yes"],
  resume: ["approved --yes"],
  verify: ["", "--ring"],
  statement: ["", "--verify"],
  console: [""],
  gaps: [""],
  show: [TOKEN, "customer-1", `${TOKEN} --bodies`],
  check: [TOKEN],
  poll: ["", "--dry-run"],
  logs: ["consumer", `consumer --application ${TOKEN}`],
  "dead-letters": ["", "--bodies", "--matching throttled --since 2d"],
  discard: ["--limit 1 --reason ticket-7 --yes"],
  discards: [""],
  redrive: [
    "--yes",
    "--yes --limit 1",
    "--dry-run",
    "--target approved/ledger --yes",
    "--queue approved --since 1d --yes",
    "--queue submission --yes",
    "--queue schedule --yes",
  ],
  route: ["status approved", "pause approved --yes", "resume approved --yes"],
  incident: ["--out exports"],
  submit: [`${TOKEN} --journey J-1`],
  send: ["applications.json"],
  rotate: ["list", "check", "add --basic alloy", "add --hmac", "remove first --yes"],
  replay: [TOKEN, `${TOKEN} --target approved/ledger`, "--route approved --yes"],
  retention: ["30 --yes", "30 --dry-run"],
  adopt: ["applications.json --yes"],
  forget: [`${TOKEN} --yes`, "customer-1 --yes", `${TOKEN} --dry-run`],
  hold: [`${TOKEN} --reason case-7`, `${TOKEN} --release`],
  export: [`${TOKEN} --unsigned --out exports`],
};

/**
 * Verbs that end in an error wherever something is not as it should be, which here is so, under the right role too: of
 * them IAM's word alone counts.
 */
const JUDGES: readonly VerbName[] = ["verify", "status", "watch", "send", "rotate"];

const folder = mkdtempSync(join(tmpdir(), "people-"));
writeFileSync(
  join(folder, "applications.json"),
  JSON.stringify({ journey_application_token: "JA-2", journey_token: "J-1" }),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** A command, as somebody types it. */
function commandOf(line: string): Command {
  const command = parseCommand(
    line
      .replace("applications.json", join(folder, "applications.json"))
      .replace("--out exports", `--out ${folder}`)
      .split(" "),
  );
  if ("help" in command) throw new Error(`${line} is no command.`);
  return command;
}

// With a key of its own: it is asked for the key's rights too.
const deployed = policiesOf(templateOf(withTargets));

const ajv = makeAjv();
/** The published schema of what a verb prints with `--json`. */
function schemaOf(verb: VerbName) {
  const schema = JSON.parse(readFileSync(`docs/ops/${verb}.json`, "utf8"));
  return ajv.getSchema(`ops/${verb}`) ?? ajv.compile({ $id: `ops/${verb}`, ...schema });
}

const rows: string[] = [`${"".padEnd(42)}${PEOPLE.map((person) => person.padEnd(13)).join("")}`];
afterAll(() => {
  for (const row of rows) console.info(row.trimEnd());
});

/** The objects of the buckets, a signed statement among them, and the key that signed it. */
function signedStatement() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = "2026-11-23";
  const text = JSON.stringify(
    makeStatement({
      stage: "production",
      day,
      madeAt: AT,
      isWhole: true,
      seen: [],
      previous: null,
    }),
  );
  const value = sign("sha256", Buffer.from(text), privateKey).toString("base64");
  const file = fileOf(text, { keyId: "key", algorithm: "ECDSA_SHA_256", value });
  return {
    objects: new Map([
      [statementKey(day), file],
      [PAYLOAD_KEY, BODY],
    ]),
    publicKey: publicKey.export({ format: "der", type: "spki" }),
  };
}

const { objects, publicKey } = signedStatement();

/** What the table holds when a command begins. */
async function filledTable() {
  await using dynamo = await startDynamoDb();
  const { put } = dynamo;
  await put({
    ...applicationKey(TOKEN),
    applicationToken: TOKEN,
    environment: "live",
    externalId: "customer-1",
    status: "completed",
  });
  await put({
    ...eventKey(TOKEN, "e1", AT),
    eventId: "e1",
    type: "completed_application",
    eventAt: AT,
    receivedAt: AT,
    origin: "webhook",
    route: "approved",
    body: brotliCompressSync(BODY),
    payloadKey: PAYLOAD_KEY,
  });
  await put({ ...failureKey(TOKEN, "e2"), eventId: "e2", reason: "Throttled" });
  return await dynamo.contents();
}

const contents = await filledTable();

/** Runs a command under a role. */
async function outcomeOf(command: Command, person: Person) {
  const { connected, sqs, dynamo, denials } = await stackAs(person, deployed, {
    objects: new Map(objects),
    publicKey,
    contents,
  });
  onTestFinished(() => dynamo.close());
  const { put } = dynamo;
  const letter = { v: 1, kind: "webhook", receiptId: "r1", receivedAt: AT } as const;
  sqs.put(
    "DeadLetterQueue",
    encodeEnvelope({ ...letter, body: BODY, payloadKey: null, sourceIp: null }),
  );
  sqs.moveTasks = [undefined, { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1 }];
  // The consumer, as far as an adoption waits for it, and the poller after it.
  const adopted = { ...applicationKey("JA-2"), adopted: { at: AT }, checkedAt: AT };
  const taken: Promise<unknown>[] = [];
  sqs.onCall = (call) => {
    if (call === "send EventQueue") taken.push(put(adopted));
  };
  const terminal = new KeptTerminal();
  const error: unknown = await VERBS[command.verb]
    .run(connected, command, terminal, {
      now: Date.now(),
      wait: () => Promise.all(taken),
      interrupted: async () => undefined,
    })
    .then(
      (result) => {
        terminal.report(result);
        return null;
      },
      (reason: unknown) => {
        if (reason instanceof OperatorError && reason.found !== undefined)
          terminal.report(reason.found);
        return reason;
      },
    );
  await Promise.all(taken);
  return { error, terminal, denials: denials.map(({ sentence }) => sentence) };
}

const COMMANDS = Object.entries(CALLS).flatMap(([verb, ways]) =>
  ways.map((way) => [`${verb} ${way}`.trim()] as const),
);

describe("ops", () => {
  it.each(COMMANDS)(
    "%s runs under the role that it is for, and is denied under the others, and reports as its schema says",
    async (line) => {
      const command = commandOf(line);
      const holders = rolesOfCommand(command);

      const outcomes = await Promise.all(PEOPLE.map((person) => outcomeOf(command, person)));
      const marks = outcomes.map(({ error, denials }) => {
        if (denials.length === 0 && (error === null || JUDGES.includes(command.verb)))
          return "runs";
        return error !== null && denials.length > 0 ? "denied" : `broken: ${String(error)}`;
      });
      expect(marks).toEqual(PEOPLE.map((person) => (holders.includes(person) ? "runs" : "denied")));
      const results = outcomes.flatMap(({ terminal }) => terminal.results);
      // One that judges may have nothing to report.
      expect(results.length + Number(JUDGES.includes(command.verb))).toBeGreaterThan(0);
      for (const result of results) {
        const isValid = schemaOf(command.verb)(JSON.parse(jsonText(result)));
        expect({ isValid, result }).toEqual({ isValid: true, result });
      }
      rows.push(`${line.padEnd(42)}${marks.map((mark) => mark.padEnd(13)).join("")}`);
    },
  );

  it("an operator sees no body in what he may show, and break-glass sees it", async () => {
    const shown = await outcomeOf(commandOf(`show ${TOKEN}`), "operator");
    const withBodies = await outcomeOf(commandOf(`show ${TOKEN} --bodies`), "break-glass");

    expect(shown.terminal.text).toContain("completed_application");
    expect(shown.terminal.text).not.toContain("Ada Lovelace");
    expect(shown.terminal.text).not.toContain("customer-1");
    expect(withBodies.terminal.text).toContain("Ada Lovelace");
    expect(withBodies.terminal.text).toContain("customer-1");
  });
});
