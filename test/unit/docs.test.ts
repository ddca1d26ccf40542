import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { ALLOY_SWITCH_OFF_FAILURES } from "../../lambdas/settings/limits.ts";
import { VERBS } from "../../tools/ops/command-line.ts";
import { SANDBOX } from "../../lib/config/default-stages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root }).toSorted();
const decisions = pages.filter((page) => page.startsWith("docs/decisions/"));
const scripts = new Set(Object.keys(JSON.parse(read("package.json")).scripts));

/** What GitHub shows of a README before anybody scrolls, on a laptop. */
const FIRST_SCREEN_LINES = 20;
/** Of a page on GitHub, in px; a picture is as wide. */
const PAGE_WIDTH = 830;
/** Smaller ones are not read. */
const LEAST_LETTERS = 10;

describe.each(pages)("%s", (page) => {
  it("links only to files and headings that exist", () => {
    const dead = linksIn(read(page)).filter((target) => !resolves(page, target));

    expect(dead).toEqual([]);
  });

  it("names only files that exist", () => {
    expect(filesNamedIn(read(page)).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it("names only npm scripts that exist", () => {
    const unknown = npmScriptsIn(read(page)).filter((script) => !scripts.has(script));

    expect(unknown).toEqual([]);
  });
});

describe.each(decisions)("%s", (page) => {
  it("has a number, a status, a date, and the four sections, on one page", () => {
    const text = read(page);

    expect(text).toMatch(
      /^# \d{4} .+\n\nStatus: (proposed|accepted|superseded).* · \d{4}-\d\d-\d\d/,
    );
    expect(headingsOf(text).slice(1)).toEqual(["context", "options", "decision", "consequences"]);
    expect(text.split("\n").length).toBeLessThanOrEqual(60);
  });
});

it("each decision has a number of its own", () => {
  const numbers = decisions.map((page) => page.match(/\d{4}/)?.[0]);

  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
});

describe("the comments of the code", () => {
  const sources = globSync(
    ["{bin,lib,lambdas,tools}/**/*.ts", "test/{simulation,support}/**/*.ts"],
    {
      cwd: root,
    },
  );

  it("link only to pages and headings that exist", () => {
    const dead = sources.flatMap((file) =>
      [...read(file).matchAll(/docs\/[a-z0-9/-]+\.md(?:#[a-z0-9-]+)?/g)]
        .map(([link]) => link)
        .filter((link) => !resolves("README.md", link))
        .map((link) => `${file}: ${link}`),
    );

    expect(dead).toEqual([]);
  });

  it("name only files that exist", () => {
    const missing = sources.flatMap((file) =>
      filesNamedIn(read(file))
        .filter((named) => !existsSync(join(root, named)))
        .map((named) => `${file}: ${named}`),
    );

    expect(missing).toEqual([]);
  });

  it("name no chapter of a document that is not in the repository", () => {
    const chapters = sources.flatMap((file) =>
      [...read(file).matchAll(/\b(?:design|facts|pitfalls),? \d/g)].map(
        ([name]) => `${file}: ${name}`,
      ),
    );

    expect(chapters).toEqual([]);
  });
});

it("docs/glossary.md names in its last column only what stands in the code", () => {
  const code = globSync(["lambdas/**/*.ts", "lib/**/*.ts"], { cwd: root }).map(read).join("\n");
  const rows = read("docs/glossary.md").matchAll(/^\|.+\|.+\|(?<names>.*)\|$/gm);
  const names = [...rows].flatMap((row) => codeIn(row.groups?.["names"] ?? ""));

  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !code.includes(name))).toEqual([]);
});

it("docs/glossary.md has at most 25 words of ours", () => {
  const [, ours = ""] = read("docs/glossary.md").split("## Our words");

  expect(ours.match(/^\| \*\*/gm)?.length).toBeLessThanOrEqual(25);
});

it("docs/contracts.md names every item of the application table", () => {
  const items = globSync("lambdas/adapters/**/*.ts", { cwd: root })
    .flatMap((file) => [...read(file).matchAll(/[pP]k: `(?<item>[A-Z]+#)|sk: `(?<part>[A-Z]+#)/g)])
    .map(({ groups }) => groups?.["item"] ?? groups?.["part"] ?? "");

  expect(items).toContain("APPLICATION#");
  expect(
    items.filter((item) => !read("docs/contracts.md").includes(`\`${item}`)),
    "docs/contracts.md, Stored items, lacks an item of lambdas/adapters",
  ).toEqual([]);
});

it("README.md fits on 120 lines", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(120);
});

it("README.md says on its first screen why: Alloy disables an endpoint after 100 failures, has no list and no replay; and has a picture there", () => {
  // U21: the reason came after 45 lines of output, and never in full.
  const screen = read("README.md").split("\n").slice(0, FIRST_SCREEN_LINES);
  const why = screen.slice(0, screen.indexOf("```text")).join(" ");

  expect(why).toContain(
    `disables an endpoint after ${ALLOY_SWITCH_OFF_FAILURES} failures in a row`,
  );
  expect(why).toContain("no list of what it could not deliver");
  expect(why).toContain("no way to send it again");
  expect(screen.filter((line) => line.startsWith("```"))).toHaveLength(2);
  expect(screen.join("\n")).toMatch(/^```text\n Alloy ──1──▶ /m);
});

describe.each(pages.flatMap((page) => picturesIn(page)))(
  "the picture %s in %s",
  (picture, page) => {
    it(`has no letters below ${LEAST_LETTERS} px where the page shows it`, () => {
      // U22: the axes of the dashboard had 6 px.
      const svg = read(join(dirname(page), picture));
      const [, width = ""] = /viewBox="0 0 ([\d.]+) /.exec(svg) ?? [];
      const sizes = [...svg.matchAll(/font(?:-size)?[=:]"?\s*([\d.]+)(?:px)?\b/g)].map(([, size]) =>
        Number(size),
      );

      expect(sizes.length).toBeGreaterThan(0);
      expect((Math.min(...sizes) * PAGE_WIDTH) / Number(width)).toBeGreaterThanOrEqual(
        LEAST_LETTERS,
      );
    });
  },
);

it("README.md leads to every page of docs/ in one step", () => {
  const listed = new Set(linksIn(read("README.md")).map((link) => link.split("#")[0]));
  const own = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page));

  expect(own.filter((page) => !listed.has(page))).toEqual([]);
});

describe("docs/configuration.md", () => {
  const stage = SANDBOX;
  const page = read("docs/configuration.md");

  it("explains every setting of a stage", () => {
    const settings = Object.keys(stage).filter((name) => name !== "stage");
    const explained = new Set(codeIn(page).map((name) => name.split(".")[0]));

    expect(settings.filter((name) => !explained.has(name))).toEqual([]);
  });

  it("gives the polling defaults as they are", () => {
    const { polling, gaps } = stage;
    const checks = [polling.firstCheckMs, polling.secondCheckMs].map(minutes).join(", ");
    const limits = `${polling.requestsPerSecond} and ${polling.callsPerRun}`;

    expect(page).toContain(
      `every ${minutes(polling.rateMs)}; ${checks}, ×${polling.growth}, 1 day; ${limits}`,
    );
    expect(polling.capMs).toBe(24 * 60 * 60_000);
    expect(page).toContain(`${minutes(gaps.graceMs)}, ${minutes(gaps.thresholdMs)}`);
  });
});

it("docs/performance.md shows the table that the bench of ingest has recorded", () => {
  const { table } = JSON.parse(read("docs/bench/ingest.json"));

  expect(table).toContain("this ingest");
  expect(read("docs/performance.md")).toContain(
    `<!-- bench:ingest -->\n${table}\n<!-- /bench:ingest -->`,
  );
});

it("docs/ops.md lists every verb of the operators' tool", () => {
  const page = read("docs/ops.md");

  expect(
    Object.keys(VERBS).filter((verb) => !page.includes(`npm run ops -- ${verb}`)),
    "docs/ops.md, the list of verbs, lacks a verb of tools/ops/command-line.ts",
  ).toEqual([]);
});

it("docs/ops.md shows what every verb prints, as test/e2e/deployed/verbs.ts has recorded it", () => {
  const page = read("docs/ops.md");
  const verbs = Object.keys(VERBS);
  const shown = [...page.matchAll(/<!-- generated: (.+) -->\n\n```text\n\$ npm run (.+)\n(.+)\n/g)];

  expect(
    shown.map(([, verb = ""]) => verb).toSorted(),
    'RECORD_OPS=1 npm test -- --project e2e -t "docs/ops.md shows" writes what is between the marks',
  ).toEqual(verbs.toSorted());
  for (const [, verb, command] of shown) expect(command).toContain(`ops -- ${verb}`);
});

it("docs/alerts.md lists every runbook, and no other", () => {
  const listed = linksIn(read("docs/alerts.md")).filter((link) => link.startsWith("runbooks/"));

  expect([...new Set(listed)].toSorted(), "docs/alerts.md, the tables of alarms").toEqual(
    pages
      .filter((page) => page.startsWith("docs/runbooks/"))
      .map((page) => page.replace("docs/", "")),
  );
});

describe("the reader of links, scripts and paths", () => {
  it("finds what a page names, and leaves out other people's addresses", () => {
    const page = [
      "[a](docs/a.md#top), ![b](b.svg), [c](https://developer.alloy.com/public/docs)",
      "`npm start` or `lib/stages.ts`, not `npm ci`, `docs/NNNN-….md` or `lib/`",
      "```sh",
      "npm run ops -- show JA-1 # [not](a-link.md)",
      "```",
    ].join("\n");

    expect(linksIn(page)).toEqual(["docs/a.md#top", "b.svg"]);
    expect(npmScriptsIn(page)).toEqual(["start", "ops"]);
  });

  it("makes a heading's anchor as GitHub does", () => {
    const page = "# 0001 One runtime\n## What we promise, and `what` not\n## Same\n## Same";

    expect(headingsOf(page)).toEqual([
      "0001-one-runtime",
      "what-we-promise-and-what-not",
      "same",
      "same-1",
    ]);
  });
});

/** The drawn pictures of a page, by their paths from there. */
function picturesIn(page: string): readonly (readonly [string, string])[] {
  return [...read(page).matchAll(/!\[[^\]]*\]\(([^)]+\.svg)\)/g)].map(([, path = ""]) => [
    path,
    page,
  ]);
}

function minutes(ms: number): string {
  return `${ms / 60_000} min`;
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function withoutCodeBlocks(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

/** Targets of inline links and images, without addresses on other hosts. */
function linksIn(text: string): string[] {
  const prose = withoutCodeBlocks(text).replaceAll(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !/^[a-z]+:/.test(target));
}

function resolves(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : relative(root, join(root, dirname(page), path));
  if (file.startsWith("..") || !existsSync(join(root, file))) return false;
  if (anchor === undefined || statSync(join(root, file)).isDirectory()) return anchor === undefined;
  return headingsOf(read(file)).includes(anchor);
}

/** Anchors of a page's headings, as GitHub makes them. */
function headingsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCodeBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => {
    const anchor = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

/** What stands in backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

/** `npm start`, `npm test` and `npm run …`, in prose and in code blocks. */
function npmScriptsIn(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run (?:--silent )?([a-z][\w:-]*)|(start|test)\b)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

/** Files in code style: `lib/stages.ts`; without those that a star or a placeholder stands in. */
function filesNamedIn(text: string): readonly string[] {
  const named = text.matchAll(
    /`((?:bin|lib|lambdas|tools|test|docs)\/[\w./-]+\.(?:ts|mjs|md|json|svg|py))`/g,
  );
  return [...named].flatMap(([, file]) => file ?? []);
}
