import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import type { StackOutputs } from "./emulator/cdk.ts";
import type { Clients } from "./emulator/clients.ts";
import type { AlloyChoice } from "./terminal/options.ts";
import { LOCAL_FOLDER } from "./paths.ts";
import { readJson } from "./json-file.ts";

/** What the local stack is reached with, and reaches its Alloy with. */
const LocalCredentials = v.object({
  basic: v.object({ username: v.string(), password: v.string() }),
  hmac: v.string(),
  alloyApi: v.object({ token: v.string(), secret: v.string() }),
});
export type LocalCredentials = v.InferOutput<typeof LocalCredentials>;

const FILE = `${LOCAL_FOLDER}credentials.json`;

/**
 * Random credentials, made once and kept in `.local` for this user alone, so that a `curl` line of
 * yesterday still works. A given Alloy's API key is not kept: it comes from the environment each time.
 */
export async function localCredentials(alloy: AlloyChoice): Promise<LocalCredentials> {
  const kept = (await readJson(FILE, LocalCredentials)) ?? (await keep(randomCredentials()));
  return alloy.kind === "simulator"
    ? kept
    : { ...kept, alloyApi: { token: alloy.token, secret: alloy.secret } };
}

/** Fills the stack's two secrets (docs/contracts.md#credentials). */
export async function fillSecrets(
  { secrets }: Clients,
  outputs: StackOutputs,
  { basic, hmac, alloyApi }: LocalCredentials,
): Promise<void> {
  const fill = (SecretId: string, value: unknown) =>
    secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
  await fill(outputs.WebhookSecretArn, { basic: [basic], hmac: [hmac] });
  await fill(outputs.AlloyApiSecretArn, alloyApi);
}

function randomCredentials(): LocalCredentials {
  const random = () => randomBytes(18).toString("base64url");
  return {
    basic: { username: "alloy", password: random() },
    hmac: random(),
    alloyApi: { token: random(), secret: random() },
  };
}

async function keep(credentials: LocalCredentials): Promise<LocalCredentials> {
  await mkdir(LOCAL_FOLDER, { recursive: true });
  await writeFile(FILE, JSON.stringify(credentials, null, 2), { mode: 0o600 });
  return credentials;
}
