import { globSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** Where the repository is read on the web; the lists below are read without a clone. */
const RAW = "https://raw.githubusercontent.com/alloy-journey-webhooks/alloy-journey-webhooks/main";

/** The pages as they will be: by their text, and those that are made anew, whether or not they are there. */
export interface Pages {
  readonly read: (page: string) => string;
  readonly made: readonly string[];
}

/**
 * `llms.txt`: the pages for a program that reads, as https://llmstxt.org describes the format.
 *
 * @returns its text: the README's first paragraphs, then each page with its first sentence, then the runbooks.
 */
export function llmsText(pages: Pages): string {
  const [title = "", ...paragraphs] = pages.read("README.md").split("\n\n");
  const own = pagesIn(pages, "docs/").map(
    (page) => `- [${titleOf(pages, page)}](${RAW}/${page}): ${firstSentenceOf(pages, page)}`,
  );
  const runbooks = pagesIn(pages, "docs/runbooks/").map(
    (page) => `- [${titleOf(pages, page)}](${RAW}/${page})`,
  );
  return [
    title,
    "",
    `> ${oneLine(paragraphs[0] ?? "")}`,
    "",
    oneLine(paragraphs[1] ?? ""),
    "",
    "## Docs",
    "",
    ...own,
    "",
    "## Runbooks",
    "",
    ...runbooks,
    "",
  ].join("\n");
}

/** The runbooks as a list for an operations agent's skill: what each alarm means, and where to read on. */
export function runbookList(pages: Pages): string {
  const rows = pagesIn(pages, "docs/runbooks/").map(
    (page) =>
      `| \`${titleOf(pages, page)}\` | ${whatFired(pages, page)} | [${page}](../../${page}) |`,
  );
  return ["| Alarm | What fired | Runbook |", "|---|---|---|", ...rows].join("\n");
}

/** The pages of one folder, without those of the folders in it. */
function pagesIn({ made }: Pages, folder: string): readonly string[] {
  const isIn = (page: string) => new RegExp(`^${folder}[^/]+\\.md$`).test(page);
  return [
    ...new Set([...globSync(`${folder}*.md`, { cwd: root }), ...made.filter(isIn)]),
  ].toSorted();
}

function titleOf({ read }: Pages, page: string): string {
  return /^# (.+)$/m.exec(read(page))?.[1] ?? page;
}

/** The first sentence of a page's first paragraph, without its links. */
function firstSentenceOf({ read }: Pages, page: string): string {
  const paragraph = read(page)
    .split("\n\n")
    .find((one) => /^(?!```)[\p{L}`"*[]/u.test(one));
  return sentence(oneLine(paragraph ?? ""));
}

function whatFired({ read }: Pages, page: string): string {
  const [, section = ""] = read(page).split("## What fired\n");
  const [own = ""] = section.split("\n## ");
  return sentence(oneLine(own.replaceAll(/<!--.*?-->/g, "")));
}

function sentence(text: string): string {
  return /^.*?[.!?](?= |$)/.exec(text)?.[0] ?? text;
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")
    .replaceAll(/\s+/g, " ")
    .trim();
}
