import { Command as CommandLine, InvalidArgumentError } from "@commander-js/extra-typings";

/** Every option that a verb may have; the sentences are the help. One that is not given and has no default is null. */
export function withOptions(line: CommandLine) {
  return line
    .option("--application <token>", "only this application", text, null)
    .option("--event <event id>", "only this event", text, null)
    .option(
      "--target <route/name>",
      "to this target of a route alone, such as approved/ledger",
      text,
      null,
    )
    .option("--limit <n>", "at most n messages", positive, null)
    .option(
      "--per-second <n>",
      "at most n messages a second (default: as fast as SQS can; adopt: 5)",
      positive,
      null,
    )
    .option("--json", "print one JSON document (docs/ops.md#json)", false)
    .option("--plain", "print whole lines, without styles and without a pager", false)
    .option("--no-input", "ask nothing; what needs an answer wants --yes")
    .option(
      "--queue <queue>",
      "events, submission, schedule, bus, a route, or what status calls the queue (default: events)",
      text,
      null,
    )
    .option("--matching <text>", "dead letters whose reason has this in it", text, null)
    .option("--html <file>", "write the timeline as a page to this file", text, null)
    .option("--status <status>", "with this status, such as waiting_review", text, null)
    .option("--route <route>", "of this route, such as approved", text, null)
    .option("--follow", "go on, and print what comes", false)
    .option("--all", "print everything, also what is as it should be", false)
    .option("--hours <n>", "the last n hours (default: 1)", positive, null)
    .option("--bodies", "also print what Alloy sent, including personal data", false)
    .option("--dry-run", "print what the verb would do, and change nothing", false)
    .option(
      "--force",
      "publish events again even if they took effect before; they are marked as a replay",
      false,
    )
    .option("--journey <token>", "of the applications whose line names no Journey", text, null)
    .option(
      "--since <time>",
      "from this time on: ISO 8601, or an age such as 10m, 2h, 3d (adopt: what happened before is history)",
      text,
      null,
    )
    .option("--until <time>", "up to this time: ISO 8601, or an age", text, null)
    .option("--publish", "publish history too; it is still not counted", false)
    .option(
      "--reason <text>",
      "why, such as the number of a ticket or a case; never a name",
      text,
      null,
    )
    .option("--release", "end the legal hold", false)
    .option("--key <KMS key>", "an asymmetric KMS key that signs: its id, ARN or alias", text, null)
    .option("--unsigned", "write the export without a signature", false)
    .option("--out <folder>", "where the files go (default: here)", text, null)
    .option("--day <day>", "the statement of this day of UTC (default: the newest)", text, null)
    .option("--verify", "check the signature, and those of all statements before it", false)
    .option("--ring", "ring an alarm of each severity; tell the people on call before", false)
    .option(
      "--write",
      "let the page act: have an application compared, and move its dead letters",
      false,
    )
    .option(
      "--basic <username>",
      "an entry of Basic authentication, with this username",
      text,
      null,
    )
    .option("--hmac", "an entry of HMAC", false)
    .option("--from-stdin", "take the new value from standard input instead of making one", false)
    .option(
      "--to-file <file>",
      "write the new value to this new file, which you alone can read, instead of showing it",
      text,
      null,
    )
    .option("--leaked", "remove it now: somebody else may know it", false)
    .option("--yes", "act without asking", false)
    .option(
      "--stage <name>",
      'the stack AlloyJourneyWebhooks-<name> in your AWS account (default: sandbox); "local" is the stack of "npm start"',
      "sandbox",
    )
    .option(
      "--outputs <file>",
      'instead of --stage: the stack in the file that "npm start -- --outputs <file>" wrote',
      text,
      null,
    );
}

type Values = ReturnType<ReturnType<typeof withOptions>["opts"]>;
export type OptionName = keyof Values;

/** What a verb is given. */
export interface Given extends Readonly<Omit<Values, "outputs">> {
  /** What stands behind the verb; empty when the verb takes nothing. */
  readonly argument: string;
  /** What stands behind that; empty when the verb takes nothing more. */
  readonly second: string;
  readonly outputsFile: string | null;
}

/** The time at which a verb is called, in epoch milliseconds, and how it lets time pass. */
export interface Clock {
  readonly now: number;
  readonly wait: (ms: number) => Promise<unknown>;
}

/** A verb that goes on until the person ends it. */
export interface Attended extends Clock {
  /** Resolves when the person asks to stop. */
  readonly interrupted: () => Promise<unknown>;
}

/** Some options of a verb, and the time at which it is called. */
export type OptionsAt<Name extends OptionName & keyof Given> = Pick<Given, Name> &
  Pick<Clock, "now">;

function text(value: string): string {
  return value;
}

function positive(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}
