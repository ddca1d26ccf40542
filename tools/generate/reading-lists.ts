import { globSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** Where the repository is read on the web; the lists below are read without a clone. */
const RAW = "https://raw.githubusercontent.com/alloy-journey-webhooks/alloy-journey-webhooks/main";

/**
 * `llms.txt`: the pages for a program that reads, as https://llmstxt.org describes the format.
 *
 * @returns its text: the README's first paragraphs, then each page with its first sentence, then the runbooks.
 */
export function llmsText(): string {
  const [title = "", ...paragraphs] = read("README.md").split("\n\n");
  const own = pagesIn("docs/*.md").map(
    (page) => `- [${titleOf(page)}](${RAW}/${page}): ${firstSentenceOf(page)}`,
  );
  const runbooks = pagesIn("docs/runbooks/*.md").map(
    (page) => `- [${titleOf(page)}](${RAW}/${page})`,
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
export function runbookList(): string {
  const rows = pagesIn("docs/runbooks/*.md").map(
    (page) => `| \`${titleOf(page)}\` | ${whatFired(page)} | [${page}](../../${page}) |`,
  );
  return ["| Alarm | What fired | Runbook |", "|---|---|---|", ...rows].join("\n");
}

function pagesIn(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root }).toSorted();
}

function titleOf(page: string): string {
  return /^# (.+)$/m.exec(read(page))?.[1] ?? page;
}

/** The first sentence of a page's first paragraph, without its links. */
function firstSentenceOf(page: string): string {
  const paragraph = read(page)
    .split("\n\n")
    .find((one) => /^(?!```)[\p{L}`"*[]/u.test(one));
  return sentence(oneLine(paragraph ?? ""));
}

function whatFired(page: string): string {
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

function read(page: string): string {
  return readFileSync(new URL(page, root), "utf8");
}
