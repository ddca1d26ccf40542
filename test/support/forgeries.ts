import { createHmac } from "node:crypto";

import { basicOf, signatureOf } from "./ingest.ts";

/** A request that is not Alloy's, and looks like it to some careless receiver. */
export interface Forgery {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export const USERNAME = "alloy-webhooks";
/** With a colon, with letters that Unicode writes in two ways, and with a "/" in its base64. */
export const PASSWORD = "pä:sswörd? é> of Alloy";
/** Also valid base64 and valid hex, for receivers that decode it. */
export const KEY = "7E6F1c0a9b8d7E6F1c0a9b8d7E6F1c0a";
/** Its signature has both a "+" and a "/". */
export const BODY = `{"request_token":"c6c9","data":{"type":"completed_application","name":"Zoé"}}`;

const RIGHT_BASIC = basicOf(USERNAME, PASSWORD);
const RIGHT_SIGNATURE = signatureOf(KEY, BODY);

/** Forged by its header, over the body of the sample. */
function byHeader(name: string, authorization: string): Forgery {
  return { name, headers: { authorization }, body: BODY };
}

/** Forged by its body, under the right signature of the sample. */
function byBody(name: string, body: string | Uint8Array): Forgery {
  return { name, headers: { authorization: RIGHT_SIGNATURE }, body };
}

function basicOfBytes(bytes: string | Uint8Array): string {
  return `Basic ${Buffer.from(bytes).toString("base64")}`;
}

/** Every proper prefix of a text, the empty one too. */
function prefixesOf(text: string): string[] {
  return Array.from(text, (_, length) => text.slice(0, length));
}

/** Every copy of some bytes that differs in one bit. */
function oneBitOff(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) =>
    bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))),
  );
}

/** The last letter before the padding with another value in its unused bits: the same bytes. */
function respelled(base64: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = base64.indexOf("=") - 1;
  const letter = alphabet[alphabet.indexOf(base64[at] ?? "") ^ 1];
  return `${base64.slice(0, at)}${letter}${base64.slice(at + 1)}`;
}

const withoutCredential: Forgery[] = [
  { name: "no header at all", headers: {}, body: BODY },
  ...["", " ", "Basic", "Basic ", "Basic =", "Basic ====", "Bearer", "null", "undefined"].map(
    (value) => byHeader(`the header ${JSON.stringify(value)}`, value),
  ),
  byHeader("Bearer with the key", `Bearer ${KEY}`),
  byHeader("Digest", `Digest username="${USERNAME}"`),
  byHeader("the key itself", KEY),
  byHeader("the password itself", PASSWORD),
];

const basic: Forgery[] = [
  ...prefixesOf(RIGHT_BASIC).map((value) => byHeader(`Basic, cut to ${value.length}`, value)),
  ...prefixesOf(PASSWORD).map((password) =>
    byHeader("Basic, a prefix of the password", basicOf(USERNAME, password)),
  ),
  ...prefixesOf(USERNAME).map((username) =>
    byHeader("Basic, a prefix of the username", basicOf(username, PASSWORD)),
  ),
  ...oneBitOff(Buffer.from(`${USERNAME}:${PASSWORD}`)).map((bytes) =>
    byHeader("Basic, one bit off", basicOfBytes(bytes)),
  ),
  byHeader("Basic, user and password swapped", basicOf(PASSWORD, USERNAME)),
  byHeader("Basic, no colon", basicOfBytes(USERNAME + PASSWORD)),
  byHeader("Basic, two colons", basicOfBytes(`${USERNAME}::${PASSWORD}`)),
  byHeader("Basic, nothing after the password's colon", basicOf(USERNAME, "pä")),
  byHeader("Basic, other case", basicOf(USERNAME.toUpperCase(), PASSWORD)),
  byHeader("Basic, decomposed letters", basicOf(USERNAME, PASSWORD.normalize("NFD"))),
  byHeader("Basic, Latin-1", basicOfBytes(Buffer.from(`${USERNAME}:${PASSWORD}`, "latin1"))),
  byHeader("Basic, byte order mark", basicOf(`\uFEFF${USERNAME}`, PASSWORD)),
  byHeader("Basic, a NUL more", basicOf(USERNAME, `${PASSWORD}\0`)),
  byHeader("Basic, a newline more", basicOf(USERNAME, `${PASSWORD}\n`)),
  byHeader("Basic, the key for a password", basicOf(USERNAME, KEY)),
  byHeader("Basic, not encoded", `Basic ${USERNAME}:${PASSWORD}`),
  byHeader("Basic, hex", `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString("hex")}`),
  byHeader("Basic, encoded twice", basicOfBytes(RIGHT_BASIC.slice(6))),
  byHeader(
    "Basic, url-safe",
    RIGHT_BASIC.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, ""),
  ),
  byHeader("Basic, url-safe and padded", RIGHT_BASIC.replace(/\//g, "_")),
  byHeader("Basic, without padding, spaces in its place", RIGHT_BASIC.replace(/=/g, " ")),
  byHeader("Basic, without padding", RIGHT_BASIC.replace(/=+$/, "")),
  byHeader("Basic, other unused bits", respelled(RIGHT_BASIC)),
  byHeader("Basic, more padding", `${RIGHT_BASIC}=`),
  byHeader("Basic, newline at the end", `${RIGHT_BASIC}\n`),
  byHeader("Basic, newline inside", RIGHT_BASIC.replace("Basic ", "Basic \n")),
  byHeader("Basic, quoted", `Basic "${RIGHT_BASIC.slice(6)}"`),
  byHeader("Basic, percent-encoded", encodeURIComponent(RIGHT_BASIC)),
  byHeader("Basic, in full-width letters", RIGHT_BASIC.replace("Basic", "Ｂａｓｉｃ")),
  byHeader("Basic, twice", `Basic ${RIGHT_BASIC}`),
  byHeader("Basic, an empty pair", basicOf("", "")),
  byHeader("Basic, an empty username", basicOf("", PASSWORD)),
  byHeader("Basic, a NUL before", basicOf(`\0${USERNAME}`, PASSWORD)),
  byHeader("Basic, cut at a NUL", basicOf(USERNAME, `\0${PASSWORD}`)),
  byHeader("Basic, UTF-16", basicOfBytes(Buffer.from(`${USERNAME}:${PASSWORD}`, "utf16le"))),
  byHeader("Basic, compatibility letters", basicOf(USERNAME, PASSWORD.replace("s", "ſ"))),
  byHeader("Basic, tab", RIGHT_BASIC.replace("Basic ", "Basic\t")),
  byHeader("Basic, space before", ` ${RIGHT_BASIC}`),
  byHeader("Basic, space after", `${RIGHT_BASIC} `),
  byHeader("Basic, no space", RIGHT_BASIC.replace(" ", "")),
  byHeader("Basic, other scheme", RIGHT_BASIC.replace("Basic", "Bearer")),
  byHeader("Basic, no scheme", RIGHT_BASIC.replace("Basic ", "")),
];

const signature: Forgery[] = [
  ...prefixesOf(RIGHT_SIGNATURE).map((value) =>
    byHeader(`signature, cut to ${value.length}`, value),
  ),
  ...prefixesOf(KEY).map((key) =>
    byHeader(`signature with the key's first ${key.length}`, signatureOf(key, BODY)),
  ),
  ...oneBitOff(Buffer.from(RIGHT_SIGNATURE, "base64")).map((bytes) =>
    byHeader("signature, one bit off", Buffer.from(bytes).toString("base64")),
  ),
  byHeader("signature with the password", signatureOf(PASSWORD, BODY)),
  byHeader("signature with the key as hex", signatureOf(Buffer.from(KEY, "hex"), BODY)),
  byHeader("signature with the key as base64", signatureOf(Buffer.from(KEY, "base64"), BODY)),
  byHeader("signature with the key and a newline", signatureOf(`${KEY}\n`, BODY)),
  byHeader("signature with the key in other case", signatureOf(KEY.toLowerCase(), BODY)),
  byHeader("signature of another body", signatureOf(KEY, `${BODY} `)),
  byHeader("signature of no body", signatureOf(KEY, "")),
  byHeader(
    "signature of the body's hash",
    signatureOf(KEY, Buffer.from(RIGHT_SIGNATURE, "base64")),
  ),
  ...["sha1", "sha512", "sha3-256", "md5"].map((algorithm) =>
    byHeader(
      `signature by ${algorithm}`,
      createHmac(algorithm, KEY).update(BODY).digest().subarray(0, 32).toString("base64"),
    ),
  ),
  byHeader("signature in hex", Buffer.from(RIGHT_SIGNATURE, "base64").toString("hex")),
  byHeader("signature, url-safe", Buffer.from(RIGHT_SIGNATURE, "base64").toString("base64url")),
  byHeader(
    "signature, url-safe and padded",
    RIGHT_SIGNATURE.replace(/\+/g, "-").replace(/\//g, "_"),
  ),
  byHeader("signature, in upper case", RIGHT_SIGNATURE.toUpperCase()),
  byHeader("signature, percent-encoded", encodeURIComponent(RIGHT_SIGNATURE)),
  byHeader("signature of zeros", Buffer.alloc(32).toString("base64")),
  byHeader("signature with an empty key", signatureOf("", BODY)),
  byHeader("signature with the key twice", signatureOf(KEY + KEY, BODY)),
  byHeader("signature with a NUL before the key", signatureOf(`\0${KEY}`, BODY)),
  byHeader("signature, encoded twice", Buffer.from(RIGHT_SIGNATURE).toString("base64")),
  byHeader("signature, without padding", RIGHT_SIGNATURE.replace("=", "")),
  byHeader("signature, more padding", `${RIGHT_SIGNATURE}=`),
  byHeader("signature, other unused bits", respelled(RIGHT_SIGNATURE)),
  byHeader("signature, newline at the end", `${RIGHT_SIGNATURE}\n`),
  byHeader("signature, carriage return at the end", `${RIGHT_SIGNATURE}\r\n`),
  byHeader("signature, space before", ` ${RIGHT_SIGNATURE}`),
  byHeader("signature, NUL after", `${RIGHT_SIGNATURE}\0`),
  byHeader("signature, quoted", `"${RIGHT_SIGNATURE}"`),
  ...["sha256=", "v1=", "Basic ", "Bearer ", "HMAC ", "HMAC-SHA256 "].map((prefix) =>
    byHeader(`signature after ${prefix}`, prefix + RIGHT_SIGNATURE),
  ),
];

const otherHeaders: Forgery[] = [
  ...[
    "x-authorization",
    "proxy-authorization",
    "x-amzn-remapped-authorization",
    "authorisation",
  ].flatMap((header) => [
    { name: `Basic in ${header}`, headers: { [header]: RIGHT_BASIC }, body: BODY },
    { name: `signature in ${header}`, headers: { [header]: RIGHT_SIGNATURE }, body: BODY },
  ]),
  byHeader("Basic, repeated as API Gateway joins it", `${RIGHT_BASIC},${RIGHT_BASIC}`),
  byHeader("signature before another", `${RIGHT_SIGNATURE},${signatureOf("other", BODY)}`),
  byHeader("Basic before another", `${RIGHT_BASIC}, ${basicOf("other", "one")}`),
  byHeader("Basic after another", `Basic AAAA,${RIGHT_BASIC}`),
  byHeader("signature, repeated", `${RIGHT_SIGNATURE},${RIGHT_SIGNATURE}`),
  byHeader("signature and Basic", `${RIGHT_SIGNATURE}, ${RIGHT_BASIC}`),
  {
    name: "the header twice in two casings",
    headers: { authorization: RIGHT_BASIC, Authorization: RIGHT_BASIC },
    body: BODY,
  },
  {
    name: "the wrong one first in another casing",
    headers: { AUTHORIZATION: "Basic AAAA", authorization: RIGHT_SIGNATURE },
    body: BODY,
  },
];

const body: Forgery[] = [
  ...oneBitOff(Buffer.from(BODY)).map((bytes, bit) => byBody(`body, bit ${bit} off`, bytes)),
  ...prefixesOf(BODY).map((text) => byBody(`body, cut to ${text.length}`, text)),
  byBody("body, newline at the end", `${BODY}\n`),
  byBody("body, byte order mark", `\uFEFF${BODY}`),
  byBody("body, decomposed letters", BODY.normalize("NFD")),
  byBody("body, escaped letters", BODY.replace("é", "\\u00e9")),
  byBody("body, serialised with spaces", JSON.stringify(JSON.parse(BODY), null, 2)),
  byBody("body, keys in another order", `{"data":${BODY.slice(31, -1)},"request_token":"c6c9"}`),
  byBody("body, Latin-1", Buffer.from(BODY, "latin1")),
  byBody("body, UTF-16", Buffer.from(BODY, "utf16le")),
  {
    name: "signature of the base64 in which API Gateway hands over the body",
    headers: { authorization: signatureOf(KEY, Buffer.from(BODY).toString("base64")) },
    body: Buffer.from(BODY),
  },
  byBody("body, with a lone surrogate for a letter", BODY.replace("é", "\ud800")),
  byBody("body, carriage return at the end", `${BODY}\r\n`),
  byBody("body, as base64", Buffer.from(BODY).toString("base64")),
];

/** All of them. */
export const FORGERIES: readonly Forgery[] = [
  ...withoutCredential,
  ...basic,
  ...signature,
  ...otherHeaders,
  ...body,
];
