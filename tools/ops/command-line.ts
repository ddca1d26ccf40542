import { text } from "node:stream/consumers";

import { Command as CommandLine } from "@commander-js/extra-typings";

import { holdersOf } from "../../lib/people.ts";
import type { Person } from "../../lib/people.ts";
import { STAGES } from "../../lib/stages.ts";
import { firstOther, isOneOf, readCommandLine } from "../command-line/read.ts";
import { serveConsole } from "../console/command.ts";
import { adopt } from "./adopt.ts";
import { check } from "./check.ts";
import { incident } from "./incident.ts";
import { listDeadLetters } from "./dead-letters.ts";
import { completionFor } from "./completion.ts";
import { discard, discards } from "./discard.ts";
import { exportPerson } from "./export.ts";
import { find } from "./find.ts";
import { forget } from "./forget.ts";
import { gaps } from "./gaps.ts";
import { hold } from "./hold.ts";
import { logs } from "./logs.ts";
import { UsageError } from "./operator-error.ts";
import { withOptions } from "./options.ts";
import type { Attended, Clock, Given, OptionName } from "./options.ts";
import { poll } from "./poll.ts";
import { replayRange } from "./replay-range.ts";
import { sendFile, submit } from "./send.ts";
import { redrive } from "./redrive.ts";
import { redriveTarget } from "./redrive-target.ts";
import { replay } from "./replay.ts";
import { replayToTarget } from "./replay-target.ts";
import { retention } from "./retention.ts";
import { rotate } from "./rotate.ts";
import { route } from "./route.ts";
import { show } from "./show.ts";
import type { ResultOf, VerbName } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { statement } from "./statement.ts";
import { status } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";
import { watch } from "./watch.ts";
import { verify } from "./verify.ts";

export interface Verb<Name extends VerbName = VerbName> {
  /** What stands behind the verb; absent when nothing does. */
  readonly argument?: string;
  /** Whether it may be left out. @default false */
  readonly isArgumentOptional?: true;
  /** What stands behind that; absent when nothing does. */
  readonly second?: string;
  /** Whether it may be left out. @default false */
  readonly isSecondOptional?: true;
  readonly says: string;
  /** The roles of people that it is for, with those whose rights add to theirs (docs/people.md). */
  readonly roles: readonly Person[];
  /** The roles that `--dry-run` is for. @default - the same */
  readonly rolesForDryRun?: readonly Person[];
  /** The roles that `--bodies` is for. @default - the same */
  readonly rolesForBodies?: readonly Person[];
  readonly options: readonly OptionName[];
  /** Whether it may print more than a screen. @default false */
  readonly pages?: true;
  /** Prints, and returns what `--json` prints instead. */
  run(
    stack: ConnectedStack,
    given: Given,
    terminal: Terminal,
    clock: Attended,
  ): Promise<ResultOf<Name>>;
}

/** Every verb takes these. */
const COMMON: readonly OptionName[] = ["stage", "outputs", "json", "plain", "input"];

/** A verb about what stands behind it. */
function on<Result>(
  verb: (
    stack: ConnectedStack,
    argument: string,
    given: Given & Clock,
    terminal: Terminal,
  ) => Promise<Result>,
) {
  return (stack: ConnectedStack, given: Given, terminal: Terminal, clock: Clock) =>
    verb(stack, given.argument, { ...given, ...clock }, terminal);
}

const readStandardInput = () => text(process.stdin);

const APPLICATION = "application token or external id";

export const VERBS = {
  status: {
    says: "healthy or not, and why; what is not as it should be; --all: every queue and metric",
    roles: ["auditor"],
    options: ["all"],
    run: (stack, { all }, terminal, { now }) => status(stack, { all, now }, terminal),
  },
  watch: {
    says: "status, written over every ten seconds",
    roles: ["auditor"],
    options: [],
    run: (stack, _, terminal, clock) => watch(stack, terminal, clock),
  },
  find: {
    pages: true,
    argument: "token, external id, event id, receipt id or entity",
    isArgumentOptional: true,
    says: "applications and events by anything that names them, or by time, status and route",
    roles: ["operator", "break-glass", "privacy"],
    options: ["since", "until", "status", "route", "limit"],
    run: on(find),
  },
  verify: {
    says: "the first contact: a test webhook to the bus, Alloy's API, channels, alarms, encryption, retention",
    roles: ["operator"],
    options: ["ring"],
    run: (stack, { ring }, terminal, { wait }) =>
      verify(stack, { ring, environment: process.env, wait }, terminal),
  },
  statement: {
    pages: true,
    says: "the signed statement of a day: how many applications agree with Alloy; --verify checks the chain",
    roles: ["auditor"],
    options: ["day", "verify"],
    run: statement,
  },
  console: {
    says: "a page about the stack, on this machine alone; it only reads, unless --write lets it act",
    roles: ["operator"],
    options: ["write"],
    run: serveConsole,
  },
  gaps: {
    pages: true,
    says: "applications and Investigations in gap: since when, and at which stage the event stopped",
    roles: ["auditor"],
    options: [],
    run: (stack, _, terminal) => gaps(stack, terminal),
  },
  show: {
    pages: true,
    argument: APPLICATION,
    says: "one application: its state, events and failures; by the token of an Investigation, its steps",
    roles: ["auditor"],
    rolesForBodies: ["break-glass", "privacy"],
    options: ["bodies", "html"],
    run: on(show),
  },
  check: {
    argument: APPLICATION,
    says: "have the poller compare the application with Alloy in its next run",
    roles: ["operator"],
    options: [],
    run: (stack, { argument }, terminal, { now }) => check(stack, argument, terminal, now),
  },
  poll: {
    says: "run the poller now, until no application is due",
    roles: ["operator", "break-glass"],
    options: ["dryRun"],
    run: poll,
  },
  logs: {
    pages: true,
    argument: "ingest | consumer | poller | statement",
    says: "warnings and errors of a function, newest last; --follow goes on; with --application, every line about one application",
    roles: ["operator"],
    options: ["hours", "since", "until", "application", "follow"],
    run: on(logs),
  },
  "dead-letters": {
    pages: true,
    says: "the messages in a dead-letter queue, with their reasons (moves nothing)",
    roles: ["operator", "privacy"],
    options: ["queue", "application", "event", "matching", "since", "until", "limit", "bodies"],
    run: (stack, given, terminal, { now }) => listDeadLetters(stack, { ...given, now }, terminal),
  },
  redrive: {
    says: "move dead letters back to where they belong: all of them, or those you select; --target: those of a route's target",
    roles: ["operator"],
    rolesForDryRun: ["operator", "privacy"],
    options: [
      "queue",
      "application",
      "event",
      "matching",
      "since",
      "until",
      "target",
      "limit",
      "perSecond",
      "dryRun",
      "yes",
    ],
    run: (stack, given, terminal, { now }) =>
      given.target === null
        ? redrive(stack, given, terminal, now)
        : redriveTarget(stack, given.target, given, terminal, now),
  },
  discard: {
    says: "remove dead letters that nobody can process, with a reason that the auditor can read",
    roles: ["operator"],
    options: [
      "queue",
      "application",
      "event",
      "matching",
      "since",
      "until",
      "limit",
      "all",
      "reason",
      "dryRun",
      "yes",
    ],
    rolesForDryRun: ["operator", "privacy"],
    run: (stack, given, terminal, { now }) => discard(stack, { ...given, now }, terminal),
  },
  incident: {
    says: "what a support case needs, in one file without personal data: status, gaps, timelines, logs, versions",
    roles: ["operator"],
    options: ["since", "until", "out"],
    run: (stack, given, terminal, clock) => incident(stack, { ...given, ...clock }, terminal),
  },
  submit: {
    argument: "application token",
    says: "announce an application of a Journey, as the onboarding service does",
    roles: ["operator", "break-glass"],
    options: ["journey", "dryRun"],
    run: on(submit),
  },
  send: {
    argument: "file",
    says: "send a webhook's body to the endpoint, with the credential of the environment, as Alloy does",
    roles: ["auditor", "deployer"],
    options: [],
    run: (stack, { argument }, terminal) => sendFile(stack, argument, process.env, terminal),
  },
  discards: {
    pages: true,
    says: "what people have discarded, and why",
    roles: ["auditor"],
    options: [],
    run: (stack, _, terminal) => discards(stack, terminal),
  },
  route: {
    argument: "pause | resume | status",
    second: "route",
    says: "stop the delivery to a route's targets and keep its events; resume it, and deliver them",
    roles: ["operator"],
    options: ["yes"],
    run: on(route),
  },
  pause: {
    argument: "route",
    says: "the same as route pause: stop the delivery to a route's targets, and keep its events",
    roles: ["operator"],
    options: ["yes"],
    run: (stack, { argument, ...given }, terminal, clock) =>
      route(stack, "pause", { ...given, ...clock, second: argument }, terminal),
  },
  resume: {
    argument: "route",
    says: "the same as route resume: deliver to the targets again, also what was kept",
    roles: ["operator"],
    options: ["yes"],
    run: (stack, { argument, ...given }, terminal, clock) =>
      route(stack, "resume", { ...given, ...clock, second: argument }, terminal),
  },
  rotate: {
    argument: "list | check | add | remove",
    second: "entry",
    isSecondOptional: true,
    says: "the credentials of the webhook: list them, try them, add one (--basic, --hmac), remove one",
    roles: ["credentials"],
    options: ["basic", "hmac", "fromStdin", "toFile", "leaked", "yes"],
    run: (stack, given, terminal, clock) =>
      rotate(
        stack,
        given.argument,
        {
          ...given,
          ...clock,
          stages: STAGES,
          standardInput: process.stdin.isTTY ? null : readStandardInput,
        },
        terminal,
      ),
  },
  replay: {
    argument: APPLICATION,
    isArgumentOptional: true,
    says: "send recorded events through the queue again: of an application, or of a route and time; --target: those of an application to a route's target alone",
    roles: ["break-glass"],
    options: ["event", "since", "until", "route", "target", "perSecond", "dryRun", "force", "yes"],
    run: (stack, given, terminal, clock) => {
      const { argument, target } = given;
      const asked = { ...given, ...clock };
      if (target !== null) return replayToTarget(stack, argument, target, asked, terminal);
      return argument === ""
        ? replayRange(stack, asked, terminal)
        : replay(stack, argument, asked, terminal);
    },
  },
  retention: {
    argument: "days",
    says: "let events that are stored already end so many days after their receipt, as new ones do",
    roles: ["break-glass", "privacy"],
    options: ["perSecond", "dryRun", "yes"],
    run: on(retention),
  },
  adopt: {
    argument: "file",
    says: "make applications known that existed before, without an effect: CSV or JSON lines",
    roles: ["break-glass"],
    options: ["journey", "since", "publish", "perSecond", "dryRun", "yes"],
    run: on(adopt),
  },
  forget: {
    argument: APPLICATION,
    says: "remove what is stored of a person, leave a tombstone, and print what remains where",
    options: ["dryRun", "yes"],
    roles: ["privacy"],
    run: on(forget),
  },
  hold: {
    argument: APPLICATION,
    says: "put an application under a legal hold, so that nobody forgets it; --release ends the hold",
    options: ["reason", "release"],
    roles: ["privacy"],
    run: on(hold),
  },
  export: {
    argument: APPLICATION,
    says: "write everything that is stored about a person, as signed JSON and as a page",
    options: ["key", "unsigned", "out"],
    roles: ["privacy"],
    run: on(exportPerson),
  },
} as const satisfies { readonly [Name in VerbName]: Verb<Name> };

/** What the command line asks for. */
export interface Command extends Given {
  readonly verb: VerbName;
}

/** The roles of people that a command is for. */
export function rolesOfCommand({
  verb,
  bodies,
  dryRun,
}: Pick<Command, "verb" | "bodies" | "dryRun">): readonly Person[] {
  const { roles, rolesForBodies = roles, rolesForDryRun = roles }: Verb = VERBS[verb];
  if (bodies) return holdersOf(rolesForBodies);
  return holdersOf(dryRun ? rolesForDryRun : roles);
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
  if (args.length === 1 && args[0] === "--version") return { help: [version()] };
  const line = withOptions(new CommandLine("npm run ops --"))
    .usage("<verb> [options]")
    .helpCommand(false)
    .configureHelp({ visibleOptions: ({ options }) => options.filter(isOneOf(COMMON)) })
    .addHelpText(
      "after",
      `
For the options of one verb: npm run ops -- <verb> --help
Exit codes: 0 for success, 1 for failure, 2 for a wrong command line, 3 for a stack that is not
healthy, 4 for missing rights or credentials, 130 when interrupted. More: docs/ops.md`,
    );
  let command: Command | undefined;
  let script: readonly string[] | undefined;
  line
    .command("completion")
    .argument("<bash | zsh | fish>")
    .description("the script that completes verbs and options in your shell")
    .action((shell) => void (script = completionFor(shell, line)));
  for (const verb of Object.keys(VERBS).filter(isVerb)) {
    const { argument, second, says, options, isArgumentOptional, isSecondOptional }: Verb =
      VERBS[verb];
    const taken = [...options, ...COMMON];
    const own = line.command(verb).description(says);
    own.configureHelp({ visibleOptions: () => line.options.filter(isOneOf(taken)) });
    if (argument !== undefined) {
      own.argument(isArgumentOptional === true ? `[${argument}]` : `<${argument}>`);
    }
    if (second !== undefined) {
      own.argument(isSecondOptional === true ? `[${second}]` : `<${second}>`);
    }
    own.action(() => {
      const other = firstOther(line, taken);
      if (other !== undefined) {
        throw new UsageError(`"${verb}" takes no ${other}: see npm run ops -- ${verb} --help.`);
      }
      const { outputs: outputsFile, ...given } = line.opts();
      command = {
        ...given,
        outputsFile,
        verb,
        argument: own.args[0] ?? "",
        second: own.args[1] ?? "",
      };
    });
  }
  const help = readCommandLine(
    line,
    args,
    (sentence, details, cause) =>
      new UsageError(`${sentence} See npm run ops -- --help.`, { cause, details }),
  );
  return command ?? { help: script ?? help };
}

/** Whether a word is a verb. */
export function isVerb(name: string): name is VerbName {
  return Object.hasOwn(VERBS, name);
}
