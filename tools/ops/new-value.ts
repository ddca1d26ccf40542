import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";

import { OperatorError, UsageError } from "./operator-error.ts";
import type { Given } from "./options.ts";
import type { Terminal } from "./terminal.ts";
import type { NewEntry } from "./webhook-credentials.ts";

/** As many as `openssl rand -base64 32` takes; letters, digits, - and _ alone. */
const BYTES = 32;

/** Where a new value comes from and goes to; it passes by no argument, log or standard output. */
export interface Handover {
  readonly value: string;
  /** Before the value is live: where it cannot be handed over, nothing is written. */
  readonly prepare: () => void;
  /** When it did not become live. */
  readonly takeBack: () => void;
  readonly handOver: (entry: NewEntry) => Promise<void>;
}

/**
 * Makes a value, or reads one.
 *
 * @param standardInput - null: it is a terminal, on which what is typed would be seen.
 * @throws UsageError where nobody would get the value.
 */
export async function handoverOf(
  { fromStdin, toFile }: Pick<Given, "fromStdin" | "toFile">,
  standardInput: (() => Promise<string>) | null,
  terminal: Terminal,
): Promise<Handover> {
  const nothing = { prepare: () => undefined, takeBack: () => undefined };
  if (fromStdin) {
    if (toFile !== null) {
      throw new UsageError(
        "Either --from-stdin or --to-file: who brings the value has it already.",
      );
    }
    if (standardInput === null) {
      throw new UsageError(
        "--from-stdin reads no terminal, which would show the value. Give it a file or a pipe: … --from-stdin < new-password",
      );
    }
    const value = (await standardInput()).replace(/\r?\n$/, "");
    return { ...nothing, value, handOver: () => Promise.resolve() };
  }
  const value = randomBytes(BYTES).toString("base64url");
  if (toFile !== null) return toNewFile(toFile, value);
  if (!terminal.isAttended) {
    throw new UsageError(
      "Without a terminal, nobody would see the new value. Add --to-file <file>, which you alone can read, or bring a value with --from-stdin.",
    );
  }
  return {
    ...nothing,
    value,
    handOver: ({ list, username }) =>
      terminal.reveal(
        value,
        list === "basic"
          ? `The new password of ${username ?? ""}, for Settings > Webhooks in Alloy:`
          : "The new key of HMAC, for Alloy:",
      ),
  };
}

function toNewFile(file: string, value: string): Handover {
  return {
    value,
    prepare() {
      try {
        // A file of that name may be open to others, or a link to somewhere.
        writeFileSync(file, `${value}\n`, { mode: 0o600, flag: "wx" });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new OperatorError(`${file} cannot be written (${why}). Nothing was changed.`, {
          cause: error,
        });
      }
    },
    takeBack: () => rmSync(file, { force: true }),
    handOver: () => Promise.resolve(),
  };
}
