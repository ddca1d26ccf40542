import { Command as CommandLine } from "@commander-js/extra-typings";

import { append, firstOther, isOneOf, readCommandLine } from "../command-line/read.ts";
import { UsageError } from "../ops/operator-error.ts";

function lineOf(action: string) {
  return new CommandLine(`npm run ${action} --`)
    .option("--stage <name>", "the stage of lib/stages.ts (default: sandbox)", append, [])
    .option("-c, --context <stage=name>", "the same, in the CDK CLI's spelling", append, [])
    .option("--profile <name>", "the AWS profile (default: AWS_PROFILE)")
    .option(
      "--require-approval <never>",
      "do not ask before permissions are widened; for CI, where nobody can answer",
    )
    .option("--preflight-only", "only check the account; change nothing", false)
    .option("--json", "print the preflight as JSON", false)
    .option("-q, --quiet", "do not print the template", false)
    .option("-o, --output <folder>", "folder for the templates and bundles (default: cdk.out)")
    .option("--outputs-file <file>", "write the stack's outputs to this file, as JSON");
}

type Values = ReturnType<ReturnType<typeof lineOf>["opts"]>;

const TAKES = {
  synth: ["stage", "context", "quiet", "output"],
  diff: ["stage", "context", "profile"],
  deploy: [
    "stage",
    "context",
    "profile",
    "requireApproval",
    "outputsFile",
    "preflightOnly",
    "json",
  ],
} as const satisfies Readonly<Record<string, readonly (keyof Values)[]>>;

export type Action = keyof typeof TAKES;

/** What the command line asks for. */
export type Command = Exclude<
  ReturnType<typeof parseCommand>,
  { readonly help: readonly string[] }
>;

/**
 * Reads the command line: what it does not know stops everything, since it may have been meant as the stage.
 *
 * @param args - the action, then what stands behind `npm run <action> --`.
 * @returns the command, or the text to print when help was asked for.
 * @throws UsageError with what was wrong and what is wanted.
 */
export function parseCommand(args: readonly string[]) {
  const [action = "", ...rest] = args;
  if (!isAction(action)) {
    throw new UsageError(
      `The action "${action}" does not exist. The actions are ${Object.keys(TAKES).join(", ")}.`,
    );
  }
  const see = `For the options: npm run ${action} -- --help`;
  const line = lineOf(action)
    .argument("[word]")
    .usage("[options]")
    .configureHelp({ visibleOptions: ({ options }) => options.filter(isOneOf(TAKES[action])) })
    .addHelpText(
      "after",
      "\nExit codes: 0 for success, 1 for failure, 2 for a wrong command line.",
    );
  const help = readCommandLine(
    line,
    rest,
    (sentence, _, cause) => new UsageError(`${sentence} ${see}`, { cause }),
  );
  if (help.length > 0) return { help };

  const [word] = line.args;
  if (word !== undefined) {
    throw new UsageError(
      `npm run ${action} does not take "${word}". To choose the stage: npm run ${action} -- --stage <name>`,
    );
  }
  const other = firstOther(line, TAKES[action]);
  if (other !== undefined) throw new UsageError(`npm run ${action} takes no ${other}. ${see}`);
  const { stage, context, profile, requireApproval: approval, ...values } = line.opts();
  if (approval !== undefined && approval !== "never") {
    throw new UsageError(
      `--require-approval is "${approval}". The only value is never; without the option, wider permissions need your approval.`,
    );
  }
  const cdkOptions = [
    ["--require-approval", approval],
    ["--output", values.output],
    ["--outputs-file", values.outputsFile],
  ].flatMap(([name = "", value]) => (value === undefined ? [] : [name, value]));
  return {
    action,
    /** Undefined: the default. Whether there is such a stage is not looked at here. */
    stage: stageOf(action, stage, context),
    profile,
    /** Further options of the CDK CLI. */
    cdkOptions: values.quiet ? [...cdkOptions, "--quiet"] : cdkOptions,
    isPreflightOnly: values.preflightOnly,
    isJson: values.json,
  };
}

/** One stage, however often and in whichever spelling it is said. */
function stageOf(
  action: Action,
  stages: readonly string[],
  contexts: readonly string[],
): string | undefined {
  const named = contexts.map((context) => {
    const [key = "", ...value] = context.split("=");
    if (key === "stage" && value.length > 0) return value.join("=");
    throw new UsageError(
      `npm run ${action} takes only the context stage=<name>, not "${context}". The values of a stage are in lib/stages.ts.`,
    );
  });
  const [stage, ...others] = new Set([...stages, ...named]);
  if (others.length === 0) return stage;
  throw new UsageError(
    `The command line names more than one stage: ${[stage, ...others].join(" and ")}.`,
  );
}

function isAction(name: string): name is Action {
  return Object.hasOwn(TAKES, name);
}
