import { parseArgs } from "node:util";

import { UsageError } from "./operator-error.ts";

interface OptionText {
  /** What stands behind it; absent when it stands alone. */
  readonly value?: string;
  readonly says: string;
}

const OPTIONS = {
  application: { value: "token", says: "only what is about this application" },
  event: { value: "event id", says: "only this event" },
  limit: { value: "n", says: "at most so many" },
  "per-second": { value: "n", says: "at most so many a second (default: as fast as SQS can)" },
  hours: { value: "n", says: "of so many hours (default: 1)" },
  bodies: { says: "with what Alloy sent, personal data included" },
  "dry-run": { says: "only say what would be done" },
  force: { says: "publish again, also what had its effect; marked as a replay" },
  yes: { says: "do not ask before acting" },
  stage: {
    value: "name",
    says: `the stack AlloyJourneyWebhooks-<name> of your AWS account (default: sandbox); local: that of "npm start"`,
  },
  outputs: { value: "file", says: `the stack that "npm start -- --outputs <file>" wrote, instead` },
  help: { says: "this; after a verb, what the verb takes" },
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
    says: "which applications are in gap, since when, and where the truth stopped",
    options: [],
  },
  show: {
    argument: "application token or external id",
    says: "what is known of an application: state, events, failures",
    options: ["bodies"],
  },
  check: {
    argument: "application token or external id",
    says: "let the poller compare it with Alloy in its next run",
    options: [],
  },
  poll: {
    says: "run the poller now, until nothing is left that is due",
    options: ["dry-run"],
  },
  logs: {
    argument: "ingest | consumer | poller",
    says: "its warnings and errors; with --application every line about that one",
    options: ["hours", "application"],
  },
  "dead-letters": {
    says: "what is dead-lettered, and why (nothing is moved)",
    options: ["application", "event", "limit", "bodies"],
  },
  redrive: {
    says: "move dead letters back into the event queue: all, or those chosen",
    options: ["application", "event", "limit", "per-second", "dry-run", "yes"],
  },
  replay: {
    argument: "application token or external id",
    says: "send its recorded events through the queue again",
    options: ["event", "dry-run", "force"],
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
    throw new UsageError("There is no verb.", { details: ["", ...usage()] });
  }
  const verb = verbNamed(name);
  if (values.help) return { help: usageOf(verb) };

  const text: VerbText = VERBS[verb];
  const taken: readonly string[] = [...text.options, ...COMMON];
  const foreign = Object.keys(values).find((option) => !taken.includes(option));
  if (foreign !== undefined) {
    throw new UsageError(`"${verb}" takes no --${foreign}: ${whereUsageIs(verb)}.`);
  }
  if (text.argument !== undefined && argument === "") {
    throw new UsageError(
      `"${verb}" needs one more word, <${text.argument}>: ${whereUsageIs(verb)}.`,
    );
  }
  const extra = text.argument === undefined ? positionals[1] : more[0];
  if (extra !== undefined) {
    throw new UsageError(
      `"${verb}" does not know what to do with "${extra}": ${whereUsageIs(verb)}.`,
    );
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
    throw new UsageError(`${what.replace(/\.$/, "")}: npm run ops -- --help says what there is.`, {
      cause: error,
    });
  }
}

function verbNamed(name: string): VerbName {
  for (const verb of verbs()) if (verb === name) return verb;
  throw new UsageError(`There is no verb "${name}": it is one of ${verbs().join(", ")}.`);
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
    "What a verb takes besides: npm run ops -- <verb> --help.",
    "It exits with 0 when it is done, 1 when it cannot be done, and 2 when the command line is wrong.",
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
  return `npm run ops -- ${verb} --help says what it takes`;
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
