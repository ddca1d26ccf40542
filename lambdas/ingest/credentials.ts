import { builtins } from "../lazy-builtins.ts";

/** What a webhook may prove itself with; any number of each is live at once, for rotation. */
export interface Credentials {
  /** SHA-256 of `username:password` as Basic authentication sends it. */
  readonly basic: readonly Uint8Array[];
  /** Keys of the signature, as UTF-8 strings, neither base64 nor hex (facts 1.1). */
  readonly hmac: readonly string[];
  /** Entries of the secret that could let in anybody, or nobody; left out. */
  readonly refused: number;
}

/**
 * Reads the webhook secret (design 2.2).
 *
 * An entry that is of no use is left out, and does not take the others with it. Of no use is what everybody knows:
 * an empty value, to which a key of NULs is equal in HMAC, and half a surrogate, which all become one letter in
 * UTF-8; and a colon in a username, since Basic authentication ends the username at the first colon.
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

  const basic = (pairs ?? []).map(basicDigestOf).filter((digest) => digest !== undefined);
  const hmac = (keys ?? []).filter(isOfUse).filter((key) => !/^\0+$/.test(key));
  const isHalf = pairs === undefined || keys === undefined;
  if (isHalf && basic.length + hmac.length === 0) return undefined;
  const given = (pairs?.length ?? 1) + (keys?.length ?? 1);
  return { basic, hmac, refused: given - basic.length - hmac.length };
}

/** @returns undefined for what is there and is no list. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (value === null) return [];
  return Array.isArray(value) ? value : undefined;
}

function basicDigestOf(pair: unknown): Uint8Array | undefined {
  if (typeof pair !== "object" || pair === null) return undefined;
  if (!("username" in pair) || !("password" in pair)) return undefined;
  const { username, password } = pair;
  if (!isOfUse(username) || username.includes(":") || !isOfUse(password)) return undefined;
  return digestOf(`${username}:${password}`);
}

function isOfUse(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

/** SHA-256: equal length for every input, so that comparing takes equal time. */
export function digestOf(content: string | Uint8Array): Uint8Array {
  return builtins.crypto.hash("sha256", content, "buffer");
}
