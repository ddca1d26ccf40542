import { knownEntries, linesOf, titleOf } from "./credential-history.ts";
import type { Known } from "./credential-history.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { Clock, Given } from "./options.ts";
import { probe, probeUntilTaken } from "./probe.ts";
import type { Probed } from "./probe.ts";
import type { ResultOf } from "./results.ts";
import { resultOf } from "./rotate-result.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { textWithout } from "./webhook-credentials.ts";
import { changeSecret, currentSecret } from "./webhook-secret.ts";

export type RemoveOptions = Pick<Given, "second" | "leaked" | "yes"> & Clock;

/** Alloy repeats a webhook for a day, and does not say with which credential. */
const DAY_MS = 86_400_000;

/**
 * `rotate remove`: takes an entry away, once another one lets Alloy in.
 *
 * 1. It refuses the last valid entry, and any while the endpoint refuses all that stay.
 * 2. It says what speaks against it: the others are young, or could not be tried. Then it asks.
 * 3. It removes the entry, whatever somebody else changes meanwhile, and tries those that stay again.
 */
export async function removeEntry(
  stack: ConnectedStack,
  options: RemoveOptions,
  terminal: Terminal,
): Promise<ResultOf<"rotate">> {
  const before = await knownEntries(stack);
  const chosen = chosenOf(before, options.second);
  const { entry, credential } = chosen;
  textWithout((await currentSecret(stack)).text, entry);
  const isValid = entry.refused === null;
  const others = before.filter((one) => one !== chosen && one.entry.refused === null);
  if (isValid) {
    warn(await probedAll(stack, others), terminal);
    if (!options.leaked) adviseToWait(others, options.now, terminal);
  }
  if (!options.yes) {
    const switched = isValid ? " Alloy must use another entry by now." : "";
    const question = `Remove ${titleOf(credential)} from WebhookSecret of ${stack.stackName}?${switched}`;
    await agreed(terminal, question, "No entry was removed");
  }
  await changeSecret(stack, (text) => textWithout(text, entry));
  const known = await knownEntries(stack);
  terminal.print(
    `Removed ${titleOf(credential)}. ${isValid ? "Ingest refuses it within five minutes. " : ""}What stays:`,
    ...linesOf(known),
  );
  const probes: Probed[] = [];
  for (const one of known.filter((left) => left.entry.refused === null)) {
    probes.push(await probeUntilTaken(stack, one.entry, options, terminal));
  }
  const found = resultOf("remove", known, { changed: credential, probes });
  const failed = probes.filter(({ state }) => state !== "taken");
  if (failed.length === 0) {
    if (probes.length > 0) terminal.print("The endpoint takes what stays.");
    return found;
  }
  throw new OperatorError(
    `${credential.entry} is removed. ${failed.map((one) => `${one.entry} was not seen to work: the endpoint answered ${one.answer}`).join("; ")}. To try again: npm run ops -- rotate check`,
    { found },
  );
}

/** By list and position, fingerprint or username. */
function chosenOf(known: readonly Known[], named: string): Known {
  const id = named.toLowerCase().replace(/^(basic|hmac)[ :]/, "$1-");
  const isNamed = [
    ({ entry }: Known) => entry.id === id,
    ({ credential }: Known) => credential.fingerprint === named.toLowerCase(),
    ({ entry }: Known) => entry.username === named,
  ];
  const found = isNamed
    .map((is) => known.filter((one) => is(one)))
    .find((matching) => matching.length > 0);
  const [chosen] = found ?? [];
  if (chosen !== undefined && found?.length === 1) return chosen;
  const details = linesOf(known);
  if (named === "") {
    throw new UsageError("Name the entry: npm run ops -- rotate remove basic-1", { details });
  }
  throw new UsageError(
    chosen === undefined
      ? `No entry is named ${named}. Name one by its place, fingerprint or username:`
      : `${named} names ${found?.length ?? 0} entries. Name one by its place or fingerprint:`,
    { details },
  );
}

async function probedAll(
  stack: ConnectedStack,
  others: readonly Known[],
): Promise<readonly Probed[]> {
  const probes: Probed[] = [];
  for (const { entry } of others) probes.push(await probe(stack, entry));
  return probes;
}

/** @throws OperatorError when the endpoint takes nothing of what stays. */
function warn(probes: readonly Probed[], terminal: Terminal): void {
  if (probes.every(({ state }) => state === "refused")) {
    throw new OperatorError(
      `The endpoint refuses what would stay: ${probes.map(({ entry, answer }) => `${entry} (${answer})`).join(", ")}. No entry was removed. For the reason: npm run ops -- logs ingest`,
    );
  }
  for (const { entry, answer } of probes.filter(({ state }) => state !== "taken")) {
    terminal.warn(`${entry} was not seen to work: the endpoint answered ${answer}.`);
  }
}

function adviseToWait(others: readonly Known[], now: number, terminal: Terminal): void {
  const newest = Math.max(
    ...others.map(({ credential }) => Date.parse(credential.since ?? "1970-01-01")),
  );
  const until = newest + DAY_MS;
  if (until <= now) return;
  terminal.warn(
    `The newest entry that stays is younger than a day. Alloy may repeat older webhooks with the entry that you remove: wait until ${new Date(until).toISOString()}. If it has leaked, do not wait, and add --leaked.`,
  );
}
