import { Command } from "@commander-js/extra-typings";

import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { append, readCommandLine } from "../command-line/read.ts";
import { STORIES } from "./stories.ts";
import type { Story } from "./stories.ts";

export interface KitOptions {
  readonly to: string;
  readonly actsOn: readonly string[];
  readonly asRule: boolean;
  readonly actionsPort: number;
  readonly seed: number;
  readonly waitMs: number;
  readonly stories: readonly Story[];
}

/** A mistake on the command line. Its message is all that a person needs to read. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const AFTER_HELP = `
The consumer reports each of its actions when it has done it, by POST to http://127.0.0.1:<actions port>/actions:
  {"applicationToken": "JA-…", "action": "open account"}

Stories:
${STORIES.map(({ name, sentence }) => `  ${name.padEnd(14)} ${sentence}`).join("\n")}

Exit code: 0 the consumer acted once in every story; 1 it did not; 2 a wrong option, or nobody takes the events.`;

function commandLine() {
  return new Command("simulate")
    .description("Plays stories into a consumer of the events, and says whether it acted once.")
    .option(
      "--to <url>",
      "the consumer: an HTTP endpoint, or a queue of SQS (AWS_ENDPOINT_URL is used)",
    )
    .option(
      "--acts-on <route>",
      "a route on whose events the consumer acts; may be repeated; default approved",
      append,
      [],
    )
    .option(
      "--as-rule",
      "sends the events of those routes alone, as a route's rule does; default all",
      false,
    )
    .option(
      "--actions-port <n>",
      "port of 127.0.0.1 that takes the actions; 0 a free one; default 4600",
      "4600",
    )
    .option("--story <name>", "plays this one alone; may be repeated; default all", append, [])
    .option("--seed <n>", "another seed plays other tokens; default 1", "1")
    .option("--wait <seconds>", "how long an action may take; default 10", "10")
    .addHelpText("after", AFTER_HELP);
}

/**
 * Reads the command line.
 *
 * @returns what it asks for, or the help to print.
 * @throws UsageError that says which option is wrong, what it was, and what it wants.
 */
export function readKitOptions(
  args: readonly string[],
): KitOptions | { readonly help: readonly string[] } {
  const line = commandLine();
  const help = readCommandLine(
    line,
    args,
    (sentence, _, cause) => new UsageError(sentence, { cause }),
  );
  if (help.length > 0) return { help };
  const { to, actsOn, asRule, story, ...values } = line.opts();
  if (to === undefined) throw new UsageError("--to is missing; it wants the URL of the consumer.");
  checkNames("--acts-on", actsOn, ROUTE_IDS);
  checkNames(
    "--story",
    story,
    STORIES.map(({ name }) => name),
  );
  return {
    to,
    actsOn: actsOn.length === 0 ? ["approved"] : actsOn,
    asRule,
    actionsPort: wholeNumber("--actions-port", values.actionsPort, 65_535),
    seed: wholeNumber("--seed", values.seed, 2 ** 31),
    waitMs: 1_000 * wholeNumber("--wait", values.wait, 3_600),
    stories: story.length === 0 ? STORIES : STORIES.filter(({ name }) => story.includes(name)),
  };
}

function checkNames(option: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(`${option} is "${unknown}"; it wants one of ${known.join(", ")}.`);
}

function wholeNumber(option: string, text: string, most: number): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= most) return Number(text);
  throw new UsageError(`${option} is "${text}"; it wants a whole number from 0 to ${most}.`);
}
