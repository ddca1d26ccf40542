import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { GetPublicKeyCommand, SignCommand } from "@aws-sdk/client-kms";

import { pageOf } from "./export-page.ts";
import type { ExportedApplication, ExportedLetter, PersonExport } from "./person-export.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import {
  applicationsOf,
  bodyTextOf,
  legalHoldOf,
  lookThroughLetters,
  mentionsOf,
  namesIn,
  payloadKeyOf,
  readPayload,
  stateIn,
} from "./person.ts";
import type { StoredItem } from "./person.ts";
import { PLACES } from "./places.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

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
  { key, out, unsigned, now }: OptionsAt<"key" | "out" | "unsigned">,
  terminal: Terminal,
): Promise<ResultOf<"export">> {
  if (key === null && !unsigned) {
    throw new UsageError(
      '"export" needs --key <KMS key>, an asymmetric key for SIGN_VERIFY with SHA-256, or --unsigned. To make a key: aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY',
    );
  }
  const found = await applicationsOf(stack, tokenOrExternalId);
  const content = await collect(stack, found, now);
  const text = JSON.stringify(content);
  const signature = key === null ? null : await sign(stack, key, text);
  const folder = out ?? ".";
  mkdirSync(folder, { recursive: true });
  const name = join(folder, `export-${found[0]?.token ?? ""}`);
  const write = (file: string, written: string) => writeFileSync(file, written, { mode: 0o600 });
  write(`${name}.json`, `{"export":${text},"signature":${JSON.stringify(signature)}}\n`);
  write(`${name}.html`, pageOf(content, signature));
  terminal.print(
    `Wrote ${name}.json and ${name}.html: ${counted(content.applications.length, "application")}, ${signature === null ? "unsigned" : `signed with ${signature.keyId}`}. They hold personal data.`,
  );
  return {
    files: [`${name}.json`, `${name}.html`],
    applications: content.applications.length,
    signedWith: signature?.keyId ?? null,
  };
}

async function collect(
  stack: ConnectedStack,
  found: Awaited<ReturnType<typeof applicationsOf>>,
  now: number,
): Promise<PersonExport> {
  const applications: ExportedApplication[] = [];
  for (const { token, items } of found) {
    const state = stateIn(items) ?? null;
    const others: StoredItem[] = [];
    for (const item of items) if (item !== state) others.push(await readable(stack, item));
    applications.push({ token, legalHold: legalHoldOf(items), state, items: others });
  }
  const names = namesIn(found);
  const { webhooks, investigations } = await mentionsOf(stack, names);
  const deadLetters: ExportedLetter[] = [];
  await lookThroughLetters(stack, names, async ({ letter, message, payload }) => {
    const { sentAt, reason } = letter;
    deadLetters.push({ sentAt, reason, message: message.Body ?? "", payload });
    return "keep";
  });
  const unsupportedWebhooks: StoredItem[] = [];
  for (const item of webhooks) unsupportedWebhooks.push(await readable(stack, item));
  return {
    version: 1,
    stack: stack.stackName,
    exportedAt: new Date(now).toISOString(),
    applications,
    deadLetters,
    unsupportedWebhooks,
    investigations,
    elsewhere: PLACES.filter(({ data, isRemoved }) => data !== "none" && !isRemoved).map(
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
