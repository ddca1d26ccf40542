import { expect, it } from "vitest";
import { parseCommand } from "../../../tools/deploy/command-line.ts";
import { UsageError } from "../../../tools/ops/operator-error.ts";

it.each([
  [["deploy"], undefined],
  [["deploy", "--stage", "production"], "production"],
  [["deploy", "--stage=production"], "production"],
  [["diff", "--context", "stage=production"], "production"],
  [["synth", "-c", "stage=production"], "production"],
  [["deploy", "--stage", "production", "--context", "stage=production"], "production"],
])("a stage of %j is %s", (args, stage) => {
  expect(parseCommand(args)).toMatchObject({ stage });
});

it.each([
  [["deploy", "--stag", "production"], "Unknown option '--stag'."],
  [["deploy", "production"], 'npm run deploy does not take "production"'],
  [["deploy", "--stage"], "argument missing"],
  [["deploy", "--stage", "production", "-c", "stage=sandbox"], "production and sandbox"],
  [
    ["deploy", "--stage", "a", "--stage", "b"],
    "The command line names more than one stage: a and b.",
  ],
  [
    ["deploy", "--context", "stge=production"],
    'only the context stage=<name>, not "stge=production"',
  ],
  [["deploy", "--hotswap"], "Unknown option '--hotswap'."],
  [["deploy", "--require-approval", "sometimes"], "The only value is never"],
  [["deploy", "--quiet"], "npm run deploy takes no --quiet."],
  [["synth", "--preflight-only"], "npm run synth takes no --preflight-only."],
  [["destroy"], 'The action "destroy" does not exist'],
])("a command line that may mean something else stops: %j", (args, sentence) => {
  expect(() => parseCommand(args)).toThrow(UsageError);
  expect(() => parseCommand(args)).toThrow(sentence);
});

it("what the CDK CLI is told besides goes through", () => {
  expect(
    parseCommand(["deploy", "--require-approval", "never", "--outputs-file", "out.json"]),
  ).toMatchObject({
    cdkOptions: ["--require-approval", "never", "--outputs-file", "out.json"],
  });
  expect(parseCommand(["synth", "--quiet", "-o", "there"])).toMatchObject({
    cdkOptions: ["--output", "there", "--quiet"],
  });
});

it("help names every option that the action takes", () => {
  const parsed = parseCommand(["deploy", "--help"]);

  expect("help" in parsed ? parsed.help.join("\n") : "").toMatch(
    /--stage <name>[\s\S]*--preflight-only[\s\S]*--json/,
  );
});
