import { knownEntries, titleOf } from "./credential-history.ts";
import type { Known } from "./credential-history.ts";
import { handoverOf } from "./new-value.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { Clock, Given } from "./options.ts";
import { probeUntilTaken } from "./probe.ts";
import type { ResultOf } from "./results.ts";
import { resultOf } from "./rotate-result.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { isSame, textWith } from "./webhook-credentials.ts";
import { changeSecret, currentSecret } from "./webhook-secret.ts";

export type AddOptions = Pick<Given, "basic" | "hmac" | "fromStdin" | "toFile"> &
  Pick<Clock, "wait"> & {
    /** null: it is a terminal. */
    readonly standardInput: (() => Promise<string>) | null;
  };

/**
 * `rotate add`: one more entry, which works beside the others.
 *
 * 1. It makes a value, or reads one, and makes sure that somebody gets it.
 * 2. It adds the entry, whatever somebody else changes meanwhile.
 * 3. It asks the endpoint until that takes the entry.
 * 4. It hands the value over, also when the endpoint has not taken it: the entry is live.
 */
export async function addEntry(
  stack: ConnectedStack,
  options: AddOptions,
  terminal: Terminal,
): Promise<ResultOf<"rotate">> {
  const { list, username } = kindOf(options);
  const handover = await handoverOf(options, options.standardInput, terminal);
  const added = { list, username, value: handover.value };
  // What cannot be added is found before a file is made.
  textWith((await currentSecret(stack)).text, added);
  handover.prepare();
  try {
    await changeSecret(stack, (text) => textWith(text, added));
  } catch (error) {
    handover.takeBack();
    throw error;
  }
  const known = await knownEntries(stack);
  const { entry, credential } = find(known, added);
  terminal.print(`Added ${titleOf(credential)} to WebhookSecret of ${stack.stackName}.`);
  const probed = await probeUntilTaken(stack, entry, options, terminal);
  const { toFile } = options;
  await handover.handOver(added);
  if (toFile !== null)
    terminal.print(`Its value is in ${toFile}. Delete the file after the switch.`);
  const found = resultOf("add", known, { changed: credential, probes: [probed], file: toFile });
  if (probed.state === "taken") {
    terminal.print(
      `The endpoint takes it (${probed.answer}). Next: set it in Alloy's Settings > Webhooks and press Test webhook. A day later: npm run ops -- rotate remove <the old entry>`,
    );
    return found;
  }
  throw new OperatorError(
    probed.state === "refused"
      ? `The endpoint refuses ${credential.entry} (${probed.answer}), although it is in the secret. Leave Alloy as it is, and read npm run ops -- logs ingest. To try again: npm run ops -- rotate check`
      : `${credential.entry} is in the secret, and it was not seen to work: the endpoint answered ${probed.answer}. To try again, from another machine if need be: npm run ops -- rotate check`,
    { found },
  );
}

function kindOf({ basic, hmac }: Pick<Given, "basic" | "hmac">) {
  if ((basic === null) === hmac) {
    if (hmac) return { list: "hmac", username: null } as const;
    return { list: "basic", username: basic } as const;
  }
  throw new UsageError(
    "Say what to add, and one thing alone: --basic <username> or --hmac, as Alloy's Settings > Webhooks has it.",
  );
}

function find(known: readonly Known[], added: Parameters<typeof isSame>[1]): Known {
  const found = known.find(({ entry }) => isSame(entry, added));
  if (found !== undefined) return found;
  throw new OperatorError(
    "Somebody else has removed the new entry again. Ask who, and run the command again.",
  );
}
