import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

import * as cloudFormation from "@aws-sdk/client-cloudformation";
import * as cloudWatch from "@aws-sdk/client-cloudwatch";
import * as dynamoDb from "@aws-sdk/client-dynamodb";
import * as events from "@aws-sdk/client-eventbridge";
import * as kms from "@aws-sdk/client-kms";
import * as lambda from "@aws-sdk/client-lambda";
import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { describe, expect, it } from "vitest";

import { readOptions as readCostOptions } from "../../tools/cost/options.ts";
import { parseCommand as parseDeployCommand } from "../../tools/deploy/command-line.ts";
import { parseOptions as parseStartOptions } from "../../tools/local/terminal/options.ts";
import { parseCommand as parseOpsCommand } from "../../tools/ops/command-line.ts";
import { parseOptions as parseSimulateOptions } from "../simulation/commands/options.ts";
import { blocksIn, commandBlocks, PAGES, wordsIn } from "../support/command-blocks.ts";

const BLOCKS = commandBlocks();
const COMMANDS = BLOCKS.flatMap(({ commands, ...block }) =>
  commands.map((command) => ({ ...block, command })),
);

interface Executed {
  readonly commands: RegExp;
  /** Who executes them. */
  readonly by: string;
  /** What stands there: the name of the test, or the command itself. */
  readonly as: string;
}

const PACKAGE = "test/e2e/package.test.ts";
const SIMULATE = "test/simulation/commands/commands.test.ts";

/** Every command of the README and of docs/ that needs no account, and the test or the step of CI that executes it. */
const EXECUTED: readonly Executed[] = [
  {
    commands: /^npm run (?:--silent )?ops -- (?!completion)/,
    by: "test/e2e/deployed/documented-commands.ts",
    as: "every command of the README and of docs/, against the deployed stack",
  },
  {
    commands: /^aws cloudformation describe-stacks /,
    by: "test/e2e/deployed/documented-commands.ts",
    as: "it.each(AWS)",
  },
  {
    // Over doubles of the account and of the CDK.
    commands: /^npm run (deploy|diff) -- --stage \w+$/,
    by: "test/unit/deploy/run.test.ts",
    as: "is mended line by line, and then deployed to, twice in a row",
  },
  {
    commands: /^source <\(npm run --silent ops -- completion bash\)$/,
    by: "test/unit/ops/process.test.ts",
    as: "completes in bash what it says, without a mistake of the shell's",
  },
  {
    commands: /^npm start$/,
    by: PACKAGE,
    as: "is up again without a deployment",
  },
  { commands: /^npm start -- --once$/, by: PACKAGE, as: '["npm", "start", "--", "--once"]' },
  {
    commands: /^npm install( alloy-journey-webhooks)?$/,
    by: PACKAGE,
    as: '["npm", "install", ...QUIET',
  },
  {
    commands: /^npx alloy-journey-webhooks init$/,
    by: PACKAGE,
    as: '["npx", "alloy-journey-webhooks", "init"]',
  },
  {
    commands: /^npx alloy-journey-webhooks simulate --to http/,
    by: PACKAGE,
    as: '["npx", "alloy-journey-webhooks", "simulate", "--as-rule"]',
  },
  { commands: /^npm test$/, by: ".ci/run", as: "npm test" },
  { commands: /^npm run check$/, by: ".ci/run", as: "npm run check" },
  {
    commands: /^npm run cost -- --webhooks 1000000 --applications 100000$/,
    by: ".ci/run",
    as: "npm run cost -- --webhooks 1000000 --applications 100000",
  },
  {
    commands: /^npm run simulate -- --seeds 10000$/,
    by: ".ci/run",
    as: "npm run simulate -- --seeds 10000",
  },
  {
    commands: /^npm run simulate -- --mutants$/,
    by: ".ci/run",
    as: "npm run simulate -- --mutants",
  },
  {
    commands: /^npm run simulate -- --gaps --seeds 10000$/,
    by: ".ci/run",
    as: "npm run simulate -- --gaps --seeds 10000",
  },
  {
    commands: /^npm run simulate -- --fresh 2000$/,
    by: ".ci/run",
    as: "npm run simulate -- --fresh",
  },
  {
    commands: /^npm run simulate -- --seed 7 --trace$/,
    by: SIMULATE,
    as: '"--seed", "7", "--trace"',
  },
  {
    commands:
      /^npm run simulate -- (--load|--seed 7 --story story\.json|--seeds 1000 --without after-rerun)$/,
    by: SIMULATE,
    as: "does what docs/ say of it",
  },
  {
    commands: /^openssl rand -base64 32$/,
    by: "test/unit/command-blocks.test.ts",
    as: "makes a secret that is strong enough",
  },
];

describe.each(PAGES)("%s", (page) => {
  it("tells no command that nobody has executed, but for what it marks as in need of an account", () => {
    const unknown = COMMANDS.filter((one) => one.page === page && one.needs === null)
      .filter(({ command }) => !EXECUTED.some(({ commands }) => commands.test(command)))
      .map(({ line, command }) => `${page}:${line}: ${command}`);

    expect(
      unknown,
      "Name the test in EXECUTED, or write <!-- needs an AWS account --> above the block",
    ).toEqual([]);
  });

  it("tells only commands with options that there are", () => {
    const wrong = COMMANDS.filter((one) => one.page === page).flatMap(({ line, command }) => {
      const fault = faultOf(command);
      return fault === null ? [] : [`${page}:${line}: ${command}: ${fault}`];
    });

    expect(wrong).toEqual([]);
  });
});

describe("the tests that execute commands", () => {
  it.each(EXECUTED)("$by executes $commands", ({ commands, by, as }) => {
    expect(COMMANDS.some(({ command }) => commands.test(command))).toBe(true);
    expect(readFileSync(by, "utf8")).toContain(as);
  });

  it("what needs an account says so in words that are the same everywhere", () => {
    const needs = new Set(BLOCKS.flatMap((block) => block.needs ?? []));

    expect([...needs].filter((text) => !NEEDS.includes(text))).toEqual([]);
    expect(needs.size).toBe(NEEDS.length);
  });

  it("openssl makes a secret that is strong enough", () => {
    const [program = "", ...args] = "openssl rand -base64 32".split(" ");

    expect(execFileSync(program, args, { encoding: "utf8" }).trim()).toMatch(/^[\w+/]{43}=$/);
  });
});

/** What a block may need that not every machine has. */
const NEEDS = [
  "an AWS account",
  "a release on GitHub",
  "a machine for practice: it goes on until Ctrl-C",
];

/** Programs that are not ours; the shell's own among them. */
const OTHERS =
  /^(curl|gh|jq|openssl|sha256sum|base64|sed|tr|rm|read|export) |^[A-Z_]+=|^npm (ci|update|audit)\b/;

/** What a command line does not take; null: nothing. */
function faultOf(command: string): string | null {
  const words = wordsIn(command.replaceAll("…", "1").replace(/^source <\((.+)\)$/, "$1"));
  const [program = "", first = "", second = "", ...rest] = words.filter(
    (word) => word !== "--silent",
  );
  const options = rest[0] === "--" ? rest.slice(1) : rest;
  try {
    if (program === "npm" && first === "start") parseStartOptions(words.slice(3), {});
    else if (program === "npm" && first === "run") return faultOfScript(second, options);
    else if (program === "npx") return faultOfPackage(first, second);
    else if (program === "aws") return faultOfAws(words.slice(1));
    else if (!OTHERS.test(command) && !EXECUTED.some(({ commands }) => commands.test(command)))
      return "no program that docs/ may tell";
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function faultOfScript(script: string, options: readonly string[]): string | null {
  const scripts = v.parse(
    v.object({ scripts: v.record(v.string(), v.string()) }),
    JSON.parse(readFileSync("package.json", "utf8")),
  );
  if (!Object.hasOwn(scripts.scripts, script)) return `there is no script ${script}`;
  if (script === "ops") parseOpsCommand(options);
  if (["deploy", "diff", "synth"].includes(script)) parseDeployCommand([script, ...options]);
  if (script === "cost") readCostOptions(options);
  // These two are read before the other options.
  if (script === "simulate" && !options.includes("--load")) parseSimulateOptions(options);
  return null;
}

function faultOfPackage(name: string, command: string): string | null {
  if (name === "cdk")
    return ["deploy", "diff", "synth"].includes(command) ? null : "no such action";
  const main = readFileSync("tools/command/main.ts", "utf8");
  return new RegExp(`^  ${command}: \\{$`, "m").test(main)
    ? null
    : `there is no command ${command}`;
}

/** By the names that the AWS CLI gives them. */
const SERVICES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  cloudformation: cloudFormation,
  cloudwatch: cloudWatch,
  dynamodb: dynamoDb,
  events,
  kms,
  lambda,
  secretsmanager: secretsManager,
};

/** `aws service operation --option value …`, by the members of the operation's input. */
function faultOfAws([service = "", operation = "", ...rest]: readonly string[]): string | null {
  // The CLI's own, above the API.
  if (service === "s3") return operation === "cp" ? null : `aws s3 has no ${operation} here`;
  const command = pascal(operation);
  const schema = SERVICES[service]?.[`${command}$`];
  if (schema === undefined) return `aws ${service} has no ${operation}`;
  const members = v.parse(OperationSchema, schema).map((name) => name.toLowerCase());
  const wrong = rest
    .filter((word) => word.startsWith("--"))
    .map((word) => word.replace(/^--(no-)?/, ""))
    .filter((option) => !["query", "output"].includes(option))
    .filter((option) => !members.includes(option.replaceAll("-", "")));
  return wrong.length === 0 ? null : `aws ${service} ${operation} takes no --${wrong.join(", --")}`;
}

/** The SDK's schema of an operation: its fifth part leads to the input, whose fifth are the names of its members. */
const OperationSchema = v.pipe(
  v.array(v.unknown()),
  v.transform((parts) => parts[4]),
  v.function(),
  v.transform((input) => input()),
  v.array(v.unknown()),
  v.transform((parts) => parts[4]),
  v.array(v.string()),
);

function pascal(kebab: string): string {
  return kebab
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

describe("the reader of blocks", () => {
  const page = [
    "1. Do this:",
    "",
    "   <!-- needs an AWS account -->",
    "   ```sh",
    '   aws kms create-key --description "two words" \\',
    "     --key-usage SIGN_VERIFY   # a comment",
    "   ```",
    "```sh",
    "npm install && npm start",
    "```",
  ].join("\n");

  it("finds commands over several lines, and what they need", () => {
    expect(blocksIn("page.md", page)).toEqual([
      {
        page: "page.md",
        line: 3,
        needs: "an AWS account",
        commands: ['aws kms create-key --description "two words" --key-usage SIGN_VERIFY'],
      },
      { page: "page.md", line: 8, needs: null, commands: ["npm install", "npm start"] },
    ]);
  });

  it.each([
    ["npm run ops -- status --al", "Unknown option '--al'."],
    ["npm run ops -- rotat", "Unknown command 'rotat'."],
    ["npm run deploy -- --stag production", "Unknown option '--stag'"],
    ["npm run synthesise", "there is no script synthesise"],
    ["npx alloy-journey-webhooks strat", "there is no command strat"],
    ["aws kms make-key --description x", "aws kms has no make-key"],
    ["aws kms create-key --descripton x", "aws kms create-key takes no --descripton"],
    ["terraform apply", "no program that docs/ may tell"],
  ])("says of %s what is wrong", (command, fault) => {
    expect(faultOf(command)).toContain(fault);
  });

  it("takes no file for a page that is not there", () => {
    expect(PAGES.filter((page_) => !existsSync(page_))).toEqual([]);
    expect(PAGES).toContain("README.md");
  });
});
