import { parseArgs } from "node:util";

import { UsageError } from "./operator-error.ts";

interface OptionText {
  /** What stands behind it; absent when it stands alone. */
  readonly value?: string;
  readonly says: string;
}

const OPTIONS = {
  application: { value: "token", says: "only this application" },
  event: { value: "event id", says: "only this event" },
  limit: { value: "n", says: "at most n messages" },
  "per-second": { value: "n", says: "at most n messages a second (default: as fast as SQS can)" },
  hours: { value: "n", says: "the last n hours (default: 1)" },
  bodies: { says: "also print what Alloy sent, including personal data" },
  "dry-run": { says: "print what the verb would do, and change nothing" },
  force: {
    says: "publish events again even if they took effect before; they are marked as a replay",
  },
  yes: { says: "act without asking" },
  stage: {
    value: "name",
    says: `the stack AlloyJourneyWebhooks-<name> in your AWS account (default: sandbox); "local" is the stack of "npm start"`,
  },
  outputs: {
    value: "file",
    says: `instead of --stage: the stack in the file that "npm start -- --outputs <file>" wrote`,
  },
  help: { says: "print this help; after a verb, the help of the verb" },
} as const satisfies Readonly<Record<string, OptionText>>;

export type OptionName = keyof typeof OPTIONS;

interface VerbText {
  /** What stands behind the verb; absent when nothing does. */
  readonly argument?: string;
  readonly says: string;
  readonly options: readonly OptionName[];
}

/** Every verb takes these. */
const COMMON: readonly OptionName[] = ["stage", "outputs", "help"];

export const VERBS = {
  status: {
    says: "alarms, endpoint, queues and the last hour, with what good looks like",
    options: [],
  },
  gaps: {
    says: "applications in gap: since when, and at which stage the event stopped",
    options: [],
  },
  show: {
    argument: "application token or external id",
    says: "one application: its state, events and failures",
    options: ["bodies"],
  },
  check: {
    argument: "application token or external id",
    says: "have the poller compare the application with Alloy in its next run",
    options: [],
  },
  poll: {
    says: "run the poller now, until no application is due",
    options: ["dry-run"],
  },
  logs: {
    argument: "ingest | consumer | poller",
    says: "warnings and errors of a function; with --application, every line about one application",
    options: ["hours", "application"],
  },
  "dead-letters": {
    says: "the messages in the dead-letter queue, with their reasons (moves nothing)",
    options: ["application", "event", "limit", "bodies"],
  },
  redrive: {
    says: "move dead letters back into the event queue: all of them, or those you select",
    options: ["application", "event", "limit", "per-second", "dry-run", "yes"],
  },
  replay: {
    argument: "application token or external id",
    says: "send the recorded events of an application through the queue again",
    options: ["event", "dry-run", "force"],
  },
  retention: {
    argument: "days",
    says: "let events that are stored already end so many days after their receipt, as new ones do",
    options: ["per-second", "dry-run", "yes"],
  },
} as const satisfies Readonly<Record<string, VerbText>>;

export type VerbName = keyof typeof VERBS;

/** What the command line asks for. */
export interface Command {
  readonly verb: VerbName;
  /** What stands behind the verb; empty when the verb takes nothing. */
  readonly argument: string;
  readonly stage: string;
  readonly outputsFile: string | null;
  readonly application: string | null;
  readonly event: string | null;
  readonly limit: number | null;
  readonly perSecond: number | null;
  readonly hours: number;
  readonly bodies: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly yes: boolean;
}

/**
 * Reads the command line.
 *
 * @returns the command, or the text to print when help was asked for.
 * @throws UsageError with what was wrong and what is wanted.
 */
export function parseCommand(
  args: readonly string[],
): Command | { readonly help: readonly string[] } {
  const { values, positionals } = parse(args);
  const [name, argument = "", ...more] = positionals;
  if (name === undefined) {
    if (values.help) return { help: usage() };
    throw new UsageError("The verb is missing.", { details: ["", ...usage()] });
  }
  const verb = verbNamed(name);
  if (values.help) return { help: usageOf(verb) };

  const text: VerbText = VERBS[verb];
  const taken: readonly string[] = [...text.options, ...COMMON];
  const unknown = Object.keys(values).find((option) => !taken.includes(option));
  if (unknown !== undefined) {
    throw new UsageError(`"${verb}" takes no --${unknown}: ${whereUsageIs(verb)}.`);
  }
  if (text.argument !== undefined && argument === "") {
    throw new UsageError(
      `"${verb}" needs one more word, <${text.argument}>: ${whereUsageIs(verb)}.`,
    );
  }
  const extra = text.argument === undefined ? positionals[1] : more[0];
  if (extra !== undefined) {
    throw new UsageError(`"${verb}" does not take "${extra}": ${whereUsageIs(verb)}.`);
  }
  return {
    verb,
    argument,
    stage: values.stage ?? "sandbox",
    outputsFile: values.outputs ?? null,
    application: values.application ?? null,
    event: values.event ?? null,
    limit: positive("limit", values.limit),
    perSecond: positive("per-second", values["per-second"]),
    hours: positive("hours", values.hours) ?? 1,
    bodies: values.bodies ?? false,
    dryRun: values["dry-run"] ?? false,
    force: values.force ?? false,
    yes: values.yes ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        application: { type: "string" },
        event: { type: "string" },
        limit: { type: "string" },
        "per-second": { type: "string" },
        hours: { type: "string" },
        bodies: { type: "boolean" },
        "dry-run": { type: "boolean" },
        force: { type: "boolean" },
        yes: { type: "boolean" },
        stage: { type: "string" },
        outputs: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    // Node's first sentence says what is wrong; the others are about writing parsers.
    const [what = ""] = error instanceof Error ? error.message.split(/\. |\n/) : [];
    throw new UsageError(`${what.replace(/\.$/, "")}. See npm run ops -- --help.`, {
      cause: error,
    });
  }
}

function verbNamed(name: string): VerbName {
  for (const verb of verbs()) if (verb === name) return verb;
  throw new UsageError(`The verb "${name}" does not exist. The verbs are ${verbs().join(", ")}.`);
}

function positive(option: OptionName, text: string | undefined): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UsageError(`--${option} is "${text}"; it must be a whole number above 0.`);
}

function verbs(): VerbName[] {
  const names: VerbName[] = [];
  for (const name in VERBS) if (isVerb(name)) names.push(name);
  return names;
}

function isVerb(name: string): name is VerbName {
  return Object.hasOwn(VERBS, name);
}

function usage(): readonly string[] {
  const lines = verbs().map((verb) => [spelled(verb), VERBS[verb].says] as const);
  const common = COMMON.map((option) => [written(option), OPTIONS[option].says] as const);
  return [
    "Usage: npm run ops -- <verb> [options]",
    "",
    ...table(lines),
    "",
    ...table(common),
    "",
    "For the options of one verb: npm run ops -- <verb> --help",
    "Exit codes: 0 for success, 1 for failure, 2 for a wrong command line.",
  ];
}

function usageOf(verb: VerbName): readonly string[] {
  const text: VerbText = VERBS[verb];
  const options = [...text.options, ...COMMON];
  return [
    `Usage: npm run ops -- ${spelled(verb)} [options]`,
    `  ${text.says}`,
    "",
    ...table(options.map((option) => [written(option), OPTIONS[option].says] as const)),
  ];
}

function whereUsageIs(verb: VerbName): string {
  return `see npm run ops -- ${verb} --help`;
}

function spelled(verb: VerbName): string {
  const { argument }: VerbText = VERBS[verb];
  return argument === undefined ? verb : `${verb} <${argument}>`;
}

function written(option: OptionName): string {
  const { value }: OptionText = OPTIONS[option];
  return value === undefined ? `--${option}` : `--${option} <${value}>`;
}

function table(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
