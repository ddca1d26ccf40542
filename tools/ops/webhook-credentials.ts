import { scryptSync } from "node:crypto";

import { parseCredentials } from "../../lambdas/ingest/credentials.ts";
import type { Refusal } from "../../lambdas/ingest/credentials.ts";
import { isJsonObject } from "../../lambdas/domain/event/external-json.ts";
import { OperatorError } from "./operator-error.ts";

export type List = Refusal["list"];

const LISTS = ["basic", "hmac"] as const satisfies readonly List[];

/** An entry of the secret. `value` is the password or key: it goes into no line, error or file. */
export interface Entry {
  /** List and position, as the log of ingest counts them: `basic-1`. */
  readonly id: string;
  readonly list: List;
  readonly username: string | null;
  readonly value: unknown;
  /** Why ingest refuses it; null: it is valid. */
  readonly refused: Refusal["reason"] | null;
}

/** A new entry. */
export interface NewEntry {
  readonly list: List;
  readonly username: string | null;
  readonly value: string;
}

/**
 * The entries of the secret, in its order, each as ingest reads it.
 *
 * @throws OperatorError when the text is no such secret; the error says nothing of it.
 */
export function entriesIn(text: string): readonly Entry[] {
  const lists = listsIn(text);
  const refused = parseCredentials(text)?.refused ?? [];
  return LISTS.flatMap((list) =>
    lists[list].map((raw, index): Entry => {
      const reason = refused.find((one) => one.list === list && one.entry === index + 1)?.reason;
      return { id: `${list}-${index + 1}`, list, ...partsOf(raw), refused: reason ?? null };
    }),
  );
}

/** The text of the secret with one more entry at the end of its list. */
export function textWith(text: string, { list, username, value }: NewEntry): string {
  if (entriesIn(text).some((one) => isSame(one, { list, username, value }))) {
    throw new OperatorError("WebhookSecret has this entry already. Nothing was changed.");
  }
  const added = list === "basic" ? { username, password: value } : value;
  const next = JSON.stringify({ ...secretIn(text), [list]: [...listsIn(text)[list], added] });
  const { refused } = entriesIn(next).find((one) => isSame(one, { list, username, value })) ?? {};
  if (typeof refused === "string") {
    throw new OperatorError(
      `Ingest would refuse the new entry: ${refused} (docs/credentials.md#what-is-too-weak). Nothing was changed.`,
    );
  }
  return next;
}

/**
 * The text of the secret without one entry, wherever in its list that is by now.
 *
 * @throws OperatorError when the entry is gone, or when it is the last one that lets Alloy in.
 */
export function textWithout(text: string, entry: Entry): string {
  const entries = entriesIn(text);
  const there = entries.find((one) => isSame(one, entry));
  if (there === undefined) {
    throw new OperatorError(`${entry.id} is not in WebhookSecret any more. Nothing was changed.`);
  }
  const left = entries.filter((one) => one !== there);
  if (there.refused === null && left.every(({ refused }) => refused !== null)) {
    throw new OperatorError(
      `${entry.id} is the last valid entry: without it, ingest would answer every webhook with 401. Add another first: npm run ops -- rotate add`,
    );
  }
  const position = Number(there.id.split("-")[1]) - 1;
  const list = listsIn(text)[there.list].toSpliced(position, 1);
  return JSON.stringify({ ...secretIn(text), [there.list]: list });
}

export function isSame(one: Entry, other: Pick<Entry, "list" | "username" | "value">): boolean {
  const told = ({ list, username, value }: typeof other) => JSON.stringify([list, username, value]);
  return told(one) === told(other);
}

/** What a guess costs whoever has a fingerprint and no value: 16 MB and a twentieth of a second. */
const COST = { N: 2 ** 14, r: 8, p: 1, maxmem: 32 * 2 ** 20 } as const;

/**
 * Tells two entries apart, and tells nothing of their values: three bytes fit millions of texts, and each guess is slow.
 *
 * @param salt - of the stack: one value has another fingerprint in another stage.
 */
export function fingerprintOf({ list, username, value }: Entry, salt: string): string {
  const told = JSON.stringify([list, username, value]);
  const fingerprint = made.get(salt + told) ?? scryptSync(told, salt, 3, COST).toString("hex");
  made.set(salt + told, fingerprint);
  return fingerprint;
}

/** Slow to make, and shown several times in a run. */
const made = new Map<string, string>();

function partsOf(raw: unknown): Pick<Entry, "username" | "value"> {
  if (!isJsonObject(raw)) return { username: null, value: raw };
  const { username, password } = raw;
  return typeof username === "string" && typeof password === "string"
    ? { username, value: password }
    : { username: typeof username === "string" ? username : null, value: raw };
}

function listsIn(text: string): Readonly<Record<List, readonly unknown[]>> {
  const secret = secretIn(text);
  const listOf = (list: List): readonly unknown[] => {
    const given = secret[list] ?? [];
    if (Array.isArray(given)) return given;
    throw malformed();
  };
  return { basic: listOf("basic"), hmac: listOf("hmac") };
}

function secretIn(text: string): Readonly<Record<string, unknown>> {
  let secret: unknown;
  try {
    secret = JSON.parse(text);
  } catch {
    // The parser's own message quotes the secret.
    throw malformed();
  }
  if (isJsonObject(secret)) return secret;
  throw malformed();
}

function malformed(): OperatorError {
  return new OperatorError(
    'WebhookSecret is not {"basic":[…],"hmac":[…]}, so ingest reads nothing from it. To put it right: docs/credentials.md#what-the-secret-holds.',
  );
}
