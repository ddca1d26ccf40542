import { parseArgs } from "node:util";
import { UsageError } from "./deployment-error.ts";

/** What one of `npm run synth`, `npm run diff` and `npm run deploy` takes, and what it says of it. */
const OPTIONS = {
  stage: { value: "name", says: "the stage of lib/stages.ts (default: sandbox)" },
  context: { value: "stage=name", says: "the same as --stage, in the CDK CLI's spelling" },
  profile: { value: "name", says: "the AWS profile (default: AWS_PROFILE)" },
  "require-approval": {
    value: "never",
    says: "do not ask before permissions are widened; for CI, where nobody can answer",
  },
  "preflight-only": { says: "only check the account; change nothing" },
  json: { says: "print the preflight as JSON" },
  quiet: { says: "do not print the template" },
  output: { value: "folder", says: "folder for the templates and bundles (default: cdk.out)" },
  "outputs-file": { value: "file", says: "write the stack's outputs to this file, as JSON" },
  help: { says: "print this help" },
} as const;

type OptionName = keyof typeof OPTIONS;

const TAKES = {
  synth: ["stage", "context", "quiet", "output", "help"],
  diff: ["stage", "context", "profile", "help"],
  deploy: [
    "stage",
    "context",
    "profile",
    "require-approval",
    "outputs-file",
    "preflight-only",
    "json",
    "help",
  ],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;

export type Action = keyof typeof TAKES;

/** What the command line asks for. */
export interface Command {
  readonly action: Action;
  /** Undefined: the default. Whether there is such a stage is not looked at here. */
  readonly stage: string | undefined;
  readonly profile: string | undefined;
  /** Further options of the CDK CLI. */
  readonly cdkOptions: readonly string[];
  readonly isPreflightOnly: boolean;
  readonly isJson: boolean;
}

/**
 * Reads the command line: what it does not know stops everything, since it may have been meant as the stage.
 *
 * @param args - the action, then what stands behind `npm run <action> --`.
 * @returns the command, or the text to print when help was asked for.
 * @throws UsageError with what was wrong and what is wanted.
 */
export function parseCommand(
  args: readonly string[],
): Command | { readonly help: readonly string[] } {
  const [name = "", ...rest] = args;
  if (!isAction(name)) {
    throw new UsageError(
      `The action "${name}" does not exist. The actions are ${actions().join(", ")}.`,
    );
  }
  const { values, positionals } = parse(name, rest);
  const [word] = positionals;
  if (word !== undefined) {
    throw new UsageError(
      `npm run ${name} does not take "${word}". To choose the stage: npm run ${name} -- --stage <name>`,
    );
  }
  const taken: readonly string[] = TAKES[name];
  const unknown = Object.keys(values).find((option) => !taken.includes(option));
  if (unknown !== undefined)
    throw new UsageError(`npm run ${name} takes no --${unknown}. ${see(name)}`);
  if (values.help) return { help: usageOf(name) };
  const approval = values["require-approval"];
  if (approval !== undefined && approval !== "never") {
    throw new UsageError(
      `--require-approval is "${approval}". The only value is never; without the option, wider permissions need your approval.`,
    );
  }
  return {
    action: name,
    stage: stageOf(name, values.stage ?? [], values.context ?? []),
    profile: values.profile,
    cdkOptions: cdkOptionsOf(values),
    isPreflightOnly: values["preflight-only"] ?? false,
    isJson: values.json ?? false,
  };
}

function parse(action: Action, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        stage: { type: "string", multiple: true },
        context: { type: "string", short: "c", multiple: true },
        profile: { type: "string" },
        "require-approval": { type: "string" },
        "preflight-only": { type: "boolean" },
        json: { type: "boolean" },
        quiet: { type: "boolean", short: "q" },
        output: { type: "string", short: "o" },
        "outputs-file": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node's first sentence says what is wrong; the others are about writing parsers.
    const [what = ""] = error instanceof Error ? error.message.split(/\. |\n/) : [];
    throw new UsageError(`${what.replace(/\.$/, "")}. ${see(action)}`, { cause: error });
  }
}

function cdkOptionsOf(values: ReturnType<typeof parse>["values"]): readonly string[] {
  const named = (["require-approval", "output", "outputs-file"] as const).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  return values.quiet ? [...named, "--quiet"] : named;
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

function see(action: Action): string {
  return `For the options: npm run ${action} -- --help`;
}

function usageOf(action: Action): readonly string[] {
  const rows = TAKES[action].map((name) => {
    const option: { readonly value?: string; readonly says: string } = OPTIONS[name];
    return [option.value === undefined ? `--${name}` : `--${name} <${option.value}>`, option.says];
  });
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return [
    `Usage: npm run ${action} -- [options]`,
    "",
    ...rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`),
    "",
    "Exit codes: 0 for success, 1 for failure, 2 for a wrong command line.",
  ];
}

function actions(): readonly string[] {
  return Object.keys(TAKES);
}

function isAction(name: string): name is Action {
  return Object.hasOwn(TAKES, name);
}
