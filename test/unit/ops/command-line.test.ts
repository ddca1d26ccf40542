import { describe, expect, it } from "vitest";
import { parseCommand, VERBS } from "../../../tools/ops/command-line.ts";
import { UsageError } from "../../../tools/ops/operator-error.ts";

function helpOf(parsed: ReturnType<typeof parseCommand>): string {
  return "help" in parsed ? parsed.help.join(" ").replaceAll(/\s+/g, " ") : "";
}

describe("the command line of npm run ops", () => {
  it("chooses the stage sandbox, and everything, when nothing is said", () => {
    expect(parseCommand(["redrive"])).toEqual({
      verb: "redrive",
      argument: "",
      second: "",
      target: null,
      stage: "sandbox",
      outputsFile: null,
      application: null,
      event: null,
      journey: null,
      since: null,
      publish: false,
      reason: null,
      release: false,
      ring: false,
      day: null,
      verify: false,
      key: null,
      unsigned: false,
      out: null,
      limit: null,
      perSecond: null,
      all: false,
      hours: null,
      json: false,
      plain: false,
      input: true,
      follow: false,
      until: null,
      html: null,
      queue: null,
      matching: null,
      status: null,
      route: null,
      bodies: false,
      dryRun: false,
      force: false,
      write: false,
      basic: null,
      hmac: false,
      fromStdin: false,
      toFile: null,
      leaked: false,
      yes: false,
    });
  });

  it("takes what a verb takes, in any order", () => {
    const args = "--application JA-1 redrive --event e1 --limit 3 --per-second 50 --dry-run --yes";

    expect(parseCommand([...args.split(" "), "--stage", "production"])).toMatchObject({
      application: "JA-1",
      event: "e1",
      limit: 3,
      perSecond: 50,
      dryRun: true,
      yes: true,
      stage: "production",
    });
  });

  it.each([
    [
      "an unknown verb",
      ["shwo"],
      "Unknown command 'shwo'. Did you mean show? See npm run ops -- --help.",
    ],
    [
      "an unknown option",
      ["status", "--everything"],
      "Unknown option '--everything'. See npm run ops -- --help.",
    ],
    ["an option of another verb", ["show", "JA-1", "--limit", "2"], `"show" takes no --limit:`],
    ["a missing word", ["show"], "Missing required argument 'application token or external id'"],
    ["a word too many", ["status", "JA-1"], "Too many arguments for 'status'. Expected 0"],
    ["two of one word", ["show", "JA-1", "JA-2"], "Too many arguments for 'show'. Expected 1"],
    [
      "no number",
      ["redrive", "--limit", "all"],
      "Option '--limit <n>' argument 'all' is invalid. It must be a whole number above 0.",
    ],
    ["nothing behind an option", ["status", "--stage"], "Option '--stage <name>' argument missing"],
  ])("says in one sentence what is wrong with %s", (_, args, sentence) => {
    const parse = () => parseCommand(args);

    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(sentence);
    expect(parse).toThrow(/^[^\n]+\.$/);
  });

  it("shows its usage when there is no verb", () => {
    expect(() => parseCommand([])).toThrow(
      expect.objectContaining({
        message: "The command is missing. See npm run ops -- --help.",
        details: expect.arrayContaining([expect.stringMatching(/^Usage: /)]),
      }),
    );
  });

  it("names every verb in its usage, and for each verb every option in the verb's", () => {
    const all = parseCommand(["--help"]);

    for (const [verb, { options, says }] of Object.entries(VERBS)) {
      expect(helpOf(all)).toContain(says);
      const own = parseCommand([verb, "--help"]);
      for (const option of [...options, "stage", "outputs"]) {
        expect(helpOf(own)).toContain(`--${option.replace(/[A-Z]/, (c) => `-${c.toLowerCase()}`)}`);
      }
    }
  });
});

// In bash the process itself is asked too (process.test.ts).
it.each(["bash", "zsh", "fish"])("completes verbs and options in %s", (shell) => {
  const script = helpOf(parseCommand(["completion", shell]));

  for (const word of ["redrive", "dead-letters", "per-second", "json"]) {
    expect(script).toContain(word);
  }
});
