import { BANNED } from "./banned.ts";
import type { BannedWord } from "./banned.ts";

type Finding = ReturnType<typeof bannedWordsIn>[number];

/** The part of an identifier or of a sentence that is one word: `HTTP` and `Queue` in `HTTPQueue`. */
const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+/gu;

/** What may stand between two words of a phrase: nothing (`pushedOut`), a hyphen, a line's end in a comment. */
const GAP = /^(?:[-_ ]?|\s*(?:[*#]|\/\/\/?)?\s*)$/u;

/** Finds every banned word in a text: in its comments, strings, sentences and identifiers. */
export function bannedWordsIn(file: string, text: string, banned: readonly BannedWord[] = BANNED) {
  const phrases = phrasesFor(file, banned);
  const words = Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    word: word.toLowerCase(),
    from: index,
    to: index + word.length,
  }));
  return words.flatMap(({ word, from }, index) =>
    (phrases.get(word) ?? [])
      .filter(
        ({ parts, kept }) =>
          !isKept(text, from, kept) &&
          parts.every((part, offset) => {
            const [before, here] = [words[index + offset - 1], words[index + offset]];
            if (here?.word !== part) return false;
            return offset === 0 || GAP.test(text.slice(before?.to, here.from));
          }),
      )
      .map(({ parts, use }) => ({
        file,
        /** From 1. */
        line: text.slice(0, from).split("\n").length,
        word: parts.join(" "),
        use,
      })),
  );
}

/** A finding as one line, in the form that editors and CI turn into a link. */
export function sentenceOf({ file, line, word, use }: Finding): string {
  return `${file}:${line}: "${word}" is not a word of ours: write "${use}".`;
}

interface Phrase {
  readonly parts: readonly string[];
  readonly use: string;
  readonly kept: readonly string[];
}

/** Whether the word at this place is part of a name that stays. */
function isKept(text: string, from: number, kept: readonly string[]): boolean {
  return kept.some((name) => {
    const begin = text.lastIndexOf(name, from);
    return begin !== -1 && from < begin + name.length;
  });
}

/** The banned phrases of a file, by their first word. */
function phrasesFor(file: string, banned: readonly BannedWord[]): Map<string, Phrase[]> {
  const phrases = new Map<string, Phrase[]>();
  for (const { forms, use, kept = [], except = [] } of banned) {
    if (except.some((place) => (place.endsWith("/") ? file.startsWith(place) : file === place)))
      continue;
    for (const form of forms) {
      const parts = form.split(" ");
      const first = parts[0] ?? "";
      phrases.set(first, [...(phrases.get(first) ?? []), { parts, use, kept }]);
    }
  }
  return phrases;
}
