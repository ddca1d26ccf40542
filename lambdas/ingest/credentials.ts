import { weaknessOf } from "../domain/secret-strength.ts";
import type { Weakness } from "../domain/secret-strength.ts";
import { builtins } from "../lazy-builtins.ts";

/** What a webhook may prove itself with; any number of each is live at once, for rotation. */
export interface Credentials {
  /** SHA-256 of `username:password` as Basic authentication sends it. */
  readonly basic: readonly Uint8Array[];
  /** Keys of the signature, as UTF-8 strings, neither base64 nor hex (docs/alloy.md#hmac). */
  readonly hmac: readonly string[];
  /** Entries of the secret that could let in anybody, or nobody; left out. */
  readonly refused: readonly Refusal[];
}

/** An entry of the secret that authenticates nobody. It holds nothing of the entry's value. */
export interface Refusal {
  readonly list: "basic" | "hmac";
  /** 1 is the first one; 0 stands for the list itself, which is none. */
  readonly entry: number;
  /** `unusable`: an empty value, a colon in a username, no text, no list. */
  readonly reason: Weakness | "unusable";
}

/**
 * Reads the webhook secret (docs/contracts.md#credentials).
 *
 * An entry that is of no use is left out, and does not take the others with it. Of no use is what everybody knows:
 * an empty value, to which a key of NULs is equal in HMAC, and half a surrogate, which all become one letter in
 * UTF-8; and a colon in a username, since Basic authentication ends the username at the first colon. What somebody
 * could guess is left out too: a short text, a placeholder of the documentation, the username.
 *
 * @returns undefined when the text is no such secret at all.
 */
export function parseCredentials(text: string): Credentials | undefined {
  let secret: unknown;
  try {
    secret = JSON.parse(text);
  } catch {
    // The caller logs that it is malformed; the parser's own message would quote the secret.
    return undefined;
  }
  if (typeof secret !== "object" || secret === null || Array.isArray(secret)) return undefined;
  const pairs = listOf("basic" in secret ? secret.basic : null);
  const keys = listOf("hmac" in secret ? secret.hmac : null);

  const refused: Refusal[] = [];
  if (pairs === undefined) refused.push({ list: "basic", entry: 0, reason: "unusable" });
  if (keys === undefined) refused.push({ list: "hmac", entry: 0, reason: "unusable" });
  const basic: Uint8Array[] = [];
  for (const [index, pair] of (pairs ?? []).entries()) {
    const read = readPair(pair);
    if (typeof read === "object") basic.push(digestOf(`${read.username}:${read.password}`));
    else refused.push({ list: "basic", entry: index + 1, reason: read });
  }
  const hmac: string[] = [];
  for (const [index, key] of (keys ?? []).entries()) {
    const isKey = isOfUse(key) && !/^\0+$/.test(key);
    const reason = isKey ? weaknessOf(key) : "unusable";
    if (isKey && reason === null) hmac.push(key);
    else refused.push({ list: "hmac", entry: index + 1, reason: reason ?? "unusable" });
  }
  const isHalf = pairs === undefined || keys === undefined;
  return isHalf && basic.length + hmac.length === 0 ? undefined : { basic, hmac, refused };
}

/** @returns undefined for what is there and is no list. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (value === null) return [];
  return Array.isArray(value) ? value : undefined;
}

function readPair(pair: unknown): { username: string; password: string } | Refusal["reason"] {
  if (typeof pair !== "object" || pair === null) return "unusable";
  if (!("username" in pair) || !("password" in pair)) return "unusable";
  const { username, password } = pair;
  if (!isOfUse(username) || username.includes(":") || !isOfUse(password)) return "unusable";
  return weaknessOf(password, username) ?? { username, password };
}

function isOfUse(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

/** SHA-256: equal length for every input, so that comparing takes equal time. */
export function digestOf(content: string | Uint8Array): Uint8Array {
  return builtins.crypto.hash("sha256", content, "buffer");
}
