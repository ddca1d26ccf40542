import { describe, expect, it } from "vitest";

import { BANNED } from "../../../tools/words/banned.ts";
import { bannedWordsIn, sentenceOf } from "../../../tools/words/find.ts";

const banned = [
  { forms: ["whither"], use: "where" },
  { forms: ["unheard"], use: "never received", kept: ["TransitionsUnheard"] },
  { forms: ["pushed out"], use: "rescheduled", except: ["docs/old.md", "test/"] },
];

function found(text: string, file = "lambdas/a.ts"): string[] {
  return bannedWordsIn(file, text, banned).map(sentenceOf);
}

describe("the check of words", () => {
  it("names the file, the line, the word, and the word to use", () => {
    expect(found("one\ntwo\n// whither it goes\n")).toEqual([
      'lambdas/a.ts:3: "whither" is not a word of ours: write "where".',
    ]);
  });

  it.each([
    ["a comment", "/** Whither. */"],
    ["a string", 'const a = "whither";'],
    ["a page", "# Whither\n"],
    ["an identifier", "const askWhither = 1;"],
    ["a constant", "const ASK_WHITHER = 1;"],
  ])("finds a banned word in %s", (_, text) => {
    expect(found(text)).toHaveLength(1);
  });

  it.each([
    ["words", "is pushed out now"],
    ["words with a hyphen", "a pushed-out check"],
    ["an identifier", "const wasPushedOut = 1;"],
    ["a comment of two lines", "/**\n * is pushed\n * out\n */"],
  ])("finds a phrase written as %s", (_, text) => {
    expect(found(text)).toHaveLength(1);
  });

  it("finds neither a longer word nor a phrase that two sentences share", () => {
    expect(found("whithersoever; pushed. Out")).toEqual([]);
  });

  it("leaves a word that is part of a published name", () => {
    expect(found('METRICS = "TransitionsUnheard"')).toEqual([]);
    expect(found("TransitionsUnheard, unheard")).toHaveLength(1);
  });

  it("leaves a word in the files that are excepted", () => {
    expect(found("pushed out", "docs/old.md")).toEqual([]);
    expect(found("pushed out", "test/unit/a.test.ts")).toEqual([]);
  });

  it.each(BANNED.flatMap(({ forms, use }) => forms.map((form) => [form, use] as const)))(
    'refuses "%s" for "%s"',
    (form) => {
      expect(bannedWordsIn("lambdas/planted.ts", `// ${form}\n`)).not.toEqual([]);
    },
  );
});
