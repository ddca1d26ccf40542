import { verify as isSignedBy } from "node:crypto";

import { GetPublicKeyCommand } from "@aws-sdk/client-kms";
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";

import { statementKey } from "../../lambdas/adapters/s3-statement-archive.ts";
import { readSigned } from "../../lambdas/domain/statement/signed-statement.ts";
import type { SignedStatement } from "../../lambdas/domain/statement/signed-statement.ts";
import type { Statement } from "../../lambdas/domain/statement/statement.ts";
import { STATEMENTS } from "../../lambdas/settings/names.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * `statement`: prints the statement of a day (docs/statement.md).
 *
 * @param options.day - of UTC; null: the newest.
 * @param options.verify - check its signature, and that of every statement before it, and that each names the one before.
 * @throws OperatorError when there is none, or the chain is broken.
 */
export async function statement(
  stack: ConnectedStack,
  { day, verify }: { readonly day: string | null; readonly verify: boolean },
  terminal: Terminal,
): Promise<ResultOf<"statement">> {
  if (day !== null && !DAY.test(day)) {
    throw new UsageError(`--day is "${day}"; it must be a day of UTC, such as 2026-11-23.`);
  }
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: stack.s3 },
    { Bucket: stack.statementBucketName, Prefix: STATEMENTS.prefix },
  )) {
    keys.push(...Contents.map(({ Key = "" }) => Key));
  }
  const wanted = day === null ? keys.at(-1) : keys.find((key) => key === statementKey(day));
  if (wanted === undefined) {
    const has = keys.length === 0 ? "there is none yet" : `there are ${keys.length}`;
    throw new OperatorError(
      `There is no statement of ${day ?? "any day"} (${has}). One is made each day, ${STATEMENTS.minutesAfterMidnight} minutes after midnight of UTC.`,
    );
  }
  const file = await read(stack, wanted);
  const found = signedIn(file, wanted).statement;
  terminal.print(...linesOf(found));
  if (!verify) return { statement: { ...found }, verified: null };
  const isSigned = await makeVerifier(stack);
  let previous: SignedStatement | null = null;
  let first: string | null = null;
  const chain = keys.filter((key) => key <= wanted);
  for (const key of chain) {
    const text = key === wanted ? file : await read(stack, key);
    const signed = signedIn(text, key);
    if (key !== statementKey(signed.statement.day)) throw broken(key, "is of another day");
    if (signed.statement.stage !== stack.stage) throw broken(key, "is of another stage");
    if (!isSigned(signed)) throw broken(key, "is not signed with the stack's key");
    const named = signed.statement.previous;
    if (named?.digest !== previous?.digest || named?.day !== previous?.statement.day) {
      throw broken(key, `does not name the statement before it, of ${named?.day ?? "no day"}`);
    }
    first ??= signed.statement.day;
    previous = signed;
    terminal.progress(`${signed.statement.day} …`);
  }
  terminal.print(
    "",
    `Verified: ${counted(chain.length, "statement")} since ${first ?? ""}, each signed with ${stack.statementKeyArn}, each naming the one before it.`,
  );
  return { statement: { ...found }, verified: chain.length };
}

async function read({ s3, statementBucketName }: ConnectedStack, Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: statementBucketName, Key }));
  return (await Body?.transformToString()) ?? "";
}

function signedIn(file: string, key: string): SignedStatement {
  try {
    return readSigned(file);
  } catch (error) {
    throw broken(key, "cannot be read", error);
  }
}

function broken(key: string, how: string, cause?: unknown): OperatorError {
  return new OperatorError(
    `The chain is broken: ${key} ${how}. Keep the bucket as it is, and call your security team: all versions of an object are in it.`,
    { cause },
  );
}

/** The key never leaves KMS; with its public half anybody can check. */
async function makeVerifier({
  kms,
  statementKeyArn,
}: ConnectedStack): Promise<(signed: SignedStatement) => boolean> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: statementKeyArn }));
  if (PublicKey === undefined) throw new OperatorError("KMS returned no public key.");
  const key = { key: Buffer.from(PublicKey), format: "der", type: "spki" } as const;
  return ({ text, signature }) =>
    isSignedBy("sha256", Buffer.from(text), key, Buffer.from(signature.value, "base64"));
}

function linesOf({
  stage,
  day,
  madeAt,
  isWhole,
  applications,
  effects,
  completeness,
  objective,
}: Statement): readonly string[] {
  const row = (name: string, value: number | string, good = "") =>
    `  ${name.padEnd(24)} ${String(value).padStart(9)}${good === "" ? "" : `   good: ${good}`}`;
  const { burn } = objective;
  return [
    `Statement of ${stage} for ${day}, made ${madeAt}${isWhole ? "" : " (late: applications that were settled before are not in it)"}`,
    "Applications",
    row("seen", applications.seen),
    row("compared with Alloy", applications.compared),
    row("agreeing", applications.agreeing, "all that are not waiting"),
    row("waiting", applications.waiting, "those of the last hours"),
    row("healed by the poller", applications.healed, "0"),
    row("in gap", applications.inGap, "0"),
    row("differing", applications.differing, "0"),
    row("unknown to Alloy", applications.unknown, "0"),
    row("overdue", applications.overdue, "0"),
    "Effects",
    row("published", effects.published),
    row("confirmed", effects.confirmed, "as published, but for those waiting"),
    row("unfinished", effects.unfinished, "0"),
    row("Completeness", `${completeness} %`, `${objective.percent} % or more`),
    row(
      "Error budget",
      `${burn.day} / ${burn.week} / ${burn.month}`,
      "below 10 / 2 / 1 (day, week, month)",
    ),
  ];
}
