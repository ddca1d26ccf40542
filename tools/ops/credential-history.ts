import type { Credential } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { isoOf } from "./timeline.ts";
import { entriesIn, fingerprintOf, isSame } from "./webhook-credentials.ts";
import type { Entry } from "./webhook-credentials.ts";
import { versionsOf } from "./webhook-secret.ts";
import type { SecretVersion } from "./webhook-secret.ts";

/** An entry, and what may be shown of it. */
export interface Known {
  readonly entry: Entry;
  readonly credential: Credential;
}

/** The entries of the current version, and since when each is there. */
export async function knownEntries(
  stack: Pick<ConnectedStack, "secrets" | "webhookSecretArn">,
): Promise<readonly Known[]> {
  const versions = await versionsOf(stack);
  const [current] = versions;
  return entriesIn(current?.text ?? "{}").map((entry) => ({
    entry,
    credential: {
      entry: entry.id,
      kind: entry.list,
      username: entry.username,
      fingerprint: fingerprintOf(entry, stack.webhookSecretArn),
      refused: entry.refused,
      ...sinceOf(entry, versions),
    },
  }));
}

/** By the unbroken row of versions, from the current one back, that have it. */
function sinceOf(entry: Entry, versions: readonly SecretVersion[]) {
  const firstWithout = versions.findIndex(({ text }) => !has(text, entry));
  const isSinceKnown = firstWithout > 0;
  const oldest = versions.at(isSinceKnown ? firstWithout - 1 : -1);
  return { since: isoOf(oldest?.createdAt ?? null), isSinceKnown };
}

function has(text: string, entry: Entry): boolean {
  try {
    return entriesIn(text).some((one) => isSame(one, entry));
  } catch {
    // A version of another format had no entry at all.
    return false;
  }
}

/** One line for each, in columns. */
export function linesOf(known: readonly Known[]): readonly string[] {
  const widthOf = (text: (one: Credential) => string) =>
    Math.max(0, ...known.map(({ credential }) => text(credential).length));
  const [ids, names] = [widthOf(({ entry }) => entry), widthOf(nameOf)];
  return known.map(({ credential }) => {
    const { entry, fingerprint, refused, since, isSinceKnown } = credential;
    const state = refused === null ? "valid" : `REFUSED: ${refused}`;
    const at = `since ${since ?? "?"}${isSinceKnown ? "" : " or earlier"}`;
    return `  ${entry.padEnd(ids)}  ${nameOf(credential).padEnd(names)}  ${fingerprint}  ${state}  ${at}`;
  });
}

/** An entry for people: `basic-1 (alloy, 3fa2c1)`. */
export function titleOf({ entry, username, fingerprint }: Credential): string {
  return `${entry} (${username === null ? "" : `${username}, `}${fingerprint})`;
}

function nameOf({ username }: Credential): string {
  return username ?? "-";
}
