import { builtins } from "../lazy-builtins.ts";
import { digestOf } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";

/**
 * - `authentic`: a live credential proves that the request is Alloy's.
 * - `mismatched`: it has the form of a credential and is none of ours, or none of ours any more or yet.
 * - `malformed`: it cannot be a credential, whatever the secret holds.
 */
export type Verdict = "authentic" | "mismatched" | "malformed";

const BASIC = /^basic +(?<token>[A-Za-z0-9+/]+={0,2})$/i;
/** 32 bytes in standard base64, without a scheme word (docs/alloy.md#hmac). */
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Checks one request by its `Authorization` header and the bytes of its body.
 *
 * Every live credential is compared, in constant time, also after one has matched: the time taken tells
 * neither which one matched nor how much of a wrong one was right.
 *
 * @param authorization - the header's value; undefined when there is none, or more than one.
 * @param body - the bytes as they were sent: a signature is over them and nothing else.
 */
export function authenticate(
  authorization: string | undefined,
  body: Uint8Array,
  credentials: Credentials,
): Verdict {
  if (authorization === undefined) return "malformed";
  const token = BASIC.exec(authorization)?.groups?.["token"];
  if (token !== undefined) {
    const given = decodeBase64(token);
    if (given === undefined) return "malformed";
    return matchesAny(digestOf(given), credentials.basic);
  }
  if (!SIGNATURE.test(authorization)) return "malformed";
  const given = decodeBase64(authorization);
  if (given === undefined) return "malformed";
  const expected = credentials.hmac.map((key) =>
    builtins.crypto.createHmac("sha256", key).update(body).digest(),
  );
  return matchesAny(given, expected);
}

function matchesAny(given: Uint8Array, expected: readonly Uint8Array[]): Verdict {
  let matches = 0;
  for (const one of expected) matches += Number(builtins.crypto.timingSafeEqual(given, one));
  return matches > 0 ? "authentic" : "mismatched";
}

/** Decodes canonical base64 only: each sequence of bytes has one spelling that is accepted. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
