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
 * An empty value is refused, since everybody knows it; and so is a colon in a username, since Basic
 * authentication ends the username at the first colon.
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
  if (typeof secret !== "object" || secret === null) return undefined;
  const pairs = "basic" in secret ? secret.basic : [];
  const keys = "hmac" in secret ? secret.hmac : [];
  if (!Array.isArray(pairs) || !Array.isArray(keys)) return undefined;

  const basic = pairs.map(basicDigestOf).filter((digest) => digest !== undefined);
  const hmac = keys.filter((key) => typeof key === "string" && key !== "").map(String);
  return { basic, hmac, refused: pairs.length - basic.length + keys.length - hmac.length };
}

function basicDigestOf(pair: unknown): Uint8Array | undefined {
  if (typeof pair !== "object" || pair === null) return undefined;
  if (!("username" in pair) || !("password" in pair)) return undefined;
  const { username, password } = pair;
  if (typeof username !== "string" || username === "" || username.includes(":")) return undefined;
  if (typeof password !== "string" || password === "") return undefined;
  return digestOf(`${username}:${password}`);
}

/** SHA-256: equal length for every input, so that comparing takes equal time. */
export function digestOf(content: string | Uint8Array): Uint8Array {
  return builtins.crypto.hash("sha256", content, "buffer");
}
