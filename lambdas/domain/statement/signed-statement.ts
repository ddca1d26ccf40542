import { createHash } from "node:crypto";

import * as v from "valibot";

import type { Statement } from "./statement.ts";

const count = v.number();

const StatementSchema = v.object({
  version: v.literal(1),
  stage: v.string(),
  day: v.pipe(v.string(), v.isoDate()),
  madeAt: v.string(),
  isWhole: v.boolean(),
  applications: v.object({
    seen: count,
    moved: count,
    compared: count,
    agreeing: count,
    waiting: count,
    healed: count,
    inGap: count,
    differing: count,
    unknown: count,
    overdue: count,
  }),
  effects: v.object({ published: count, unfinished: count, confirmed: count }),
  completeness: count,
  objective: v.object({
    percent: count,
    burn: v.object({ day: count, week: count, month: count }),
  }),
  days: v.array(v.object({ day: v.string(), seen: count, overdue: count })),
  previous: v.nullable(v.object({ day: v.string(), digest: v.string() })),
});

const SignatureSchema = v.object({ keyId: v.string(), algorithm: v.string(), value: v.string() });

/** As in the file; the value is base64. */
export type Signature = v.InferOutput<typeof SignatureSchema>;

/** A statement's file: the text that is signed stands in it as it is. */
const FILE = /^\{"statement":(\{.*\}),"signature":(\{[^{}]*\})\}\n?$/s;

export interface SignedStatement {
  readonly statement: Statement;
  /** What is signed. */
  readonly text: string;
  /** SHA-256 of the statement's text, hex: what the next statement names. */
  readonly digest: string;
  readonly signature: Signature;
}

export function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** @param text - of the statement, as it was signed. */
export function fileOf(text: string, signature: Signature): string {
  return `{"statement":${text},"signature":${JSON.stringify(signature)}}\n`;
}

/** @throws Error when it is no statement's file. */
export function readSigned(file: string): SignedStatement {
  const [, text, signature] = FILE.exec(file) ?? [];
  if (text === undefined || signature === undefined) throw new Error("It is no signed statement.");
  return {
    statement: v.parse(StatementSchema, JSON.parse(text)),
    text,
    digest: digestOf(text).toString("hex"),
    signature: v.parse(SignatureSchema, JSON.parse(signature)),
  };
}
