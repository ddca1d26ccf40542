import { randomUUID } from "node:crypto";

import {
  GetSecretValueCommand,
  paginateListSecretVersionIds,
  PutSecretValueCommand,
  ResourceNotFoundException,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";

import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";

type Stack = Pick<ConnectedStack, "secrets" | "webhookSecretArn">;

/** A version of WebhookSecret. `text` holds every credential: it goes into no line, error or file. */
export interface SecretVersion {
  readonly text: string;
  readonly versionId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

const CURRENT = "AWSCURRENT";

/** Ours, for a version that is not the current one yet; Secrets Manager takes it from the version that had it before. */
const PREPARED = "ops-rotate";

/** Each time somebody else was faster; two people do not do that for long. */
const ATTEMPTS = 5;

/** Secrets Manager keeps about a hundred versions; a rotation makes two. */
const MOST_VERSIONS = 20;

/** The version that ingest reads. */
export async function currentSecret(stack: Stack): Promise<SecretVersion> {
  const version = await read(stack, null);
  if (version !== null) return version;
  throw new OperatorError("WebhookSecret has no value. To fill it: docs/credentials.md.");
}

/** Versions of the secret, from the current one back, newest first, as far as they can be read. */
export async function versionsOf(stack: Stack): Promise<readonly SecretVersion[]> {
  const { secrets: client, webhookSecretArn: SecretId } = stack;
  const current = await currentSecret(stack);
  const listed: { readonly id: string; readonly at: number }[] = [];
  const pages = paginateListSecretVersionIds({ client }, { SecretId, IncludeDeprecated: true });
  for await (const { Versions = [] } of pages) {
    for (const { VersionId = "", CreatedDate } of Versions) {
      listed.push({ id: VersionId, at: CreatedDate?.getTime() ?? 0 });
    }
  }
  const earlier = listed
    .filter(({ id, at }) => id !== current.versionId && at <= current.createdAt)
    .toSorted((one, other) => other.at - one.at)
    .slice(0, MOST_VERSIONS);
  const found = [current];
  for (const { id } of earlier) {
    const version = await read(stack, id);
    // Secrets Manager removes versions without a label when it likes.
    if (version === null) break;
    found.push(version);
  }
  return found;
}

/**
 * Changes the secret, and loses nothing that somebody else writes meanwhile.
 *
 * 1. It reads the current version, and puts the changed one beside it under a label of its own.
 * 2. It moves AWSCURRENT from exactly the version that it has read. Secrets Manager refuses that when the label is
 *    elsewhere by now; then it begins anew, with what the other one has written.
 *
 * Only a write that moves the label without a look, such as `aws secretsmanager put-secret-value`, can still undo it.
 *
 * @param edit - the next text of the secret; what it throws ends the change, and nothing was written.
 */
export async function changeSecret(stack: Stack, edit: (text: string) => string): Promise<void> {
  const { secrets, webhookSecretArn: SecretId } = stack;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { text, versionId } = await currentSecret(stack);
    const ClientRequestToken = randomUUID();
    await secrets.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken,
        SecretString: edit(text),
        VersionStages: [PREPARED],
      }),
    );
    try {
      await secrets.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: CURRENT,
          MoveToVersionId: ClientRequestToken,
          RemoveFromVersionId: versionId,
        }),
      );
      return;
    } catch (error) {
      // Refused, or done and the answer lost: the label says which.
      const now = await currentSecret(stack);
      if (now.versionId === ClientRequestToken) return;
      if (now.versionId === versionId) throw error;
    }
  }
  throw new OperatorError(
    `Somebody else changed WebhookSecret each of ${ATTEMPTS} times. Nothing was changed. Run the command again.`,
  );
}

/** @returns null where there is no such version, or none with a text. */
async function read(
  { secrets, webhookSecretArn: SecretId }: Stack,
  VersionId: string | null,
): Promise<SecretVersion | null> {
  try {
    const answer = await secrets.send(
      new GetSecretValueCommand({ SecretId, ...(VersionId !== null && { VersionId }) }),
    );
    if (answer.SecretString === undefined) return null;
    return {
      text: answer.SecretString,
      versionId: answer.VersionId ?? "",
      createdAt: answer.CreatedDate?.getTime() ?? 0,
    };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}
