import { CommanderError } from "@commander-js/extra-typings";
import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** More is no width to read in. */
const MOST_COLUMNS = 120;

/**
 * Reads a command line by commander, without printing and without ending the process. Afterwards `command.opts()` and the
 * actions of its subcommands have the values.
 *
 * @param mistake - makes the error from one sentence and, when the command itself is missing, the lines of the help.
 * @returns the help to print: no lines, when nobody asked for help.
 */
export function readCommandLine(
  command: CommandUnknownOpts,
  args: readonly string[],
  mistake: (sentence: string, help: readonly string[], cause: CommanderError) => Error,
): readonly string[] {
  let help = "";
  const keep = (text: string) => void (help += text);
  for (const each of [command, ...command.commands]) {
    each
      .exitOverride()
      .configureOutput({ writeOut: keep, writeErr: keep, outputError: () => {} })
      // What a default means stands in the sentence of its option.
      .configureHelp({
        ...each.configureHelp(),
        helpWidth: Math.min(process.stdout.columns || MOST_COLUMNS, MOST_COLUMNS),
        optionDescription: ({ description }) => description,
      })
      .helpOption("--help", "print this help");
  }
  try {
    command.parse(args, { from: "user" });
    return [];
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const lines = help === "" ? [] : help.trimEnd().split("\n");
    if (error.code === "commander.helpDisplayed") return lines;
    throw mistake(sentenceOf(error), lines, error);
  }
}

/** The first option of the command line, such as "--limit", that is not among these; undefined when all are. */
export function firstOther(line: CommandUnknownOpts, names: readonly string[]): string | undefined {
  const isGiven = (name: string) => line.getOptionValueSource(name) === "cli";
  const isOther = isOneOf(names);
  return line.options.find((option) => isGiven(option.attributeName()) && !isOther(option))?.long;
}

export function isOneOf(names: readonly string[]): (option: Option) => boolean {
  return (option) => names.includes(option.attributeName());
}

/** For an option that may be repeated. */
export function append(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

/** "error: unknown option '--stag'\n(Did you mean --stage?)" as sentences. */
function sentenceOf({ message, code }: CommanderError): string {
  if (code === "commander.help") return "The command is missing.";
  const [what = "", hint = ""] = message.replace(/^error: /, "").split("\n");
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}`.replace(/\.?$/, ".");
  return hint === "" ? sentence : `${sentence} ${hint.replace(/^\((.*)\)$/, "$1")}`;
}
