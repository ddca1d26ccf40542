import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { GetPublicKeyCommand, SignCommand } from "@aws-sdk/client-kms";

import { lookThrough } from "./dead-letter-queue.ts";
import { pageOf } from "./export-page.ts";
import type { ExportedApplication, ExportedLetter, PersonExport } from "./person-export.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import {
  bodyTextOf,
  isAbout,
  itemsOf,
  legalHoldOf,
  mentionsOf,
  namesIn,
  payloadKeyIn,
  payloadKeyOf,
  readPayload,
  stateIn,
  tokensOf,
} from "./person.ts";
import type { Names, StoredItem } from "./person.ts";
import { PLACES } from "./places.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

export interface ExportOptions {
  /** A KMS key for signatures: its id, ARN or alias. */
  readonly key: string | null;
  /** Where the files go. */
  readonly out: string | null;
  /** Write the export without a signature. */
  readonly unsigned: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Over the UTF-8 bytes of the compact JSON text of `export`. */
interface Signature {
  readonly keyId: string;
  readonly algorithm: string;
  /** SHA-256, hex. */
  readonly digest: string;
  /** Base64. */
  readonly value: string;
}

/**
 * `export`: writes everything that is stored about a person as one signed JSON file, and a page for people.
 *
 * The files hold personal data: they are written for their owner alone, and never printed.
 */
export async function exportPerson(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  { key, out, unsigned, now }: ExportOptions,
  terminal: Terminal,
): Promise<void> {
  if (key === null && !unsigned) {
    throw new UsageError(
      '"export" needs --key <KMS key>, an asymmetric key for SIGN_VERIFY with SHA-256, or --unsigned. To make a key: aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY',
    );
  }
  const tokens = await tokensOf(stack, tokenOrExternalId);
  const content = await collect(stack, tokens, now);
  const text = JSON.stringify(content);
  const signature = key === null ? null : await sign(stack, key, text);
  const folder = out ?? ".";
  mkdirSync(folder, { recursive: true });
  const name = join(folder, `export-${tokens[0] ?? ""}`);
  const write = (file: string, written: string) => writeFileSync(file, written, { mode: 0o600 });
  write(`${name}.json`, `{"export":${text},"signature":${JSON.stringify(signature)}}\n`);
  write(`${name}.html`, pageOf(content, signature));
  terminal.print(
    `Wrote ${name}.json and ${name}.html: ${content.applications.length} applications, ${signature === null ? "unsigned" : `signed with ${signature.keyId}`}. They hold personal data.`,
  );
}

async function collect(
  stack: ConnectedStack,
  tokens: readonly string[],
  now: number,
): Promise<PersonExport> {
  const applications: ExportedApplication[] = [];
  const read: { readonly token: string; readonly items: readonly StoredItem[] }[] = [];
  for (const token of tokens) {
    const items = await itemsOf(stack, token);
    if (items.length === 0) {
      throw new OperatorError(`The application ${token} is unknown here. Is --stage right?`);
    }
    read.push({ token, items });
    const state = stateIn(items) ?? null;
    const others: StoredItem[] = [];
    for (const item of items) if (item !== state) others.push(await readable(stack, item));
    applications.push({ token, legalHold: legalHoldOf(items), state, items: others });
  }
  const names = namesIn(read);
  const { webhooks, investigations } = await mentionsOf(stack, names);
  const unsupportedWebhooks: StoredItem[] = [];
  for (const item of webhooks) unsupportedWebhooks.push(await readable(stack, item));
  return {
    version: 1,
    stack: stack.stackName,
    exportedAt: new Date(now).toISOString(),
    applications,
    deadLetters: await lettersAbout(stack, names),
    unsupportedWebhooks,
    investigations,
    elsewhere: PLACES.filter(({ data, fate }) => data !== "none" && fate === "remains").map(
      ({ name: place, holds, keeps }) => ({ place, holds, keeps }),
    ),
  };
}

/** The item with its body as text, also where the body is in the bucket. */
async function readable(stack: ConnectedStack, item: StoredItem): Promise<StoredItem> {
  const { body: _, ...rest } = item;
  const key = payloadKeyOf(item);
  const body = bodyTextOf(item) ?? (key === null ? null : await readPayload(stack, key));
  return body === null ? rest : { ...rest, body };
}

async function lettersAbout(
  stack: ConnectedStack,
  names: Names,
): Promise<readonly ExportedLetter[]> {
  const letters: ExportedLetter[] = [];
  await lookThrough(stack, async (letter, { Body: message = "" }) => {
    const { sentAt, reason } = letter;
    const key = payloadKeyIn(message);
    const payload = key === null ? null : await readPayload(stack, key);
    if (isAbout(letter, message, payload, names))
      letters.push({ sentAt, reason, message, payload });
    return "keep";
  });
  return letters;
}

async function sign({ kms }: ConnectedStack, key: string, text: string): Promise<Signature> {
  const hash = createHash("sha256").update(text);
  const digest = hash.digest();
  const { SigningAlgorithms = [], KeyId = key } = await kms.send(
    new GetPublicKeyCommand({ KeyId: key }),
  );
  const algorithm = SigningAlgorithms.find((one) => one.endsWith("SHA_256"));
  if (algorithm === undefined) {
    throw new OperatorError(
      `The key ${key} signs with ${SigningAlgorithms.join(", ") || "nothing"}; it must sign with SHA-256, as a key of the spec ECC_NIST_P256 does.`,
    );
  }
  const { Signature: value } = await kms.send(
    new SignCommand({
      KeyId: key,
      Message: digest,
      MessageType: "DIGEST",
      SigningAlgorithm: algorithm,
    }),
  );
  if (value === undefined)
    throw new OperatorError(`KMS returned no signature with the key ${key}.`);
  return {
    keyId: KeyId,
    algorithm,
    digest: digest.toString("hex"),
    value: Buffer.from(value).toString("base64"),
  };
}
