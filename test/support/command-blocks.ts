import { globSync, readFileSync } from "node:fs";

/** A block of commands on a page. */
export interface CommandBlock {
  readonly page: string;
  /** Of its first command, from 1. */
  readonly line: number;
  /** What the comment above it says that it needs; null: nothing. */
  readonly needs: string | null;
  /** Without comments; a line that ends with a backslash goes on. */
  readonly commands: readonly string[];
}

/** Pages that tell people what to type. */
export const PAGES: readonly string[] = globSync(["README.md", "CONTRIBUTING.md", "docs/**/*.md"])
  .filter((page) => !page.startsWith("docs/decisions/"))
  .toSorted();

/** Every block of commands in these pages. */
export function commandBlocks(pages: readonly string[] = PAGES): readonly CommandBlock[] {
  return pages.flatMap((page) => blocksIn(page, readFileSync(page, "utf8")));
}

/** The blocks of a page. A block that not every machine can run has `<!-- needs … -->` in the line above. */
export function blocksIn(page: string, text: string): readonly CommandBlock[] {
  const blocks = text.matchAll(
    /(?:^ *<!-- needs (?<needs>[^\n]+) -->\n)?^ *```sh\n(?<block>[^]*?)^ *```$/gm,
  );
  return [...blocks].map(({ index, groups }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    needs: groups?.["needs"] ?? null,
    commands: commandsOf(groups?.["block"] ?? ""),
  }));
}

function commandsOf(block: string): readonly string[] {
  return block
    .replaceAll(/ *\\\n */g, " ")
    .split("\n")
    .flatMap((line) => line.replace(/(^|\s)#.*$/, "").split(/ && |(?<=\S) \| /))
    .map((command) => command.trim().replaceAll(/ {2,}/g, " "))
    .filter((command) => command !== "");
}

/** The words of a command, as a shell without variables reads them. */
export function wordsIn(command: string): readonly string[] {
  return [...command.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replaceAll(/["']/g, ""),
  );
}
