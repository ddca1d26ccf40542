/**
 * `npm run bench -- [name…] [--sizes-only] [--json] [--record]`: measures what the product is measured by. Without
 * a name it runs every bench; each is one file, `tools/bench/<name>.bench.ts`.
 *
 * Prints a table, and writes the figures, and the picture where there is one, to `.local/bench/`. Exits 1 when a
 * target is missed, and says which in a sentence each. With `--sizes-only` it measures what does not depend on
 * the machine; with `--json` it prints the figures instead of the table; with `--record` the figures and the
 * picture go to `docs/bench/` and the table into `docs/performance.md`, for everybody to see, unless a target is missed.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { tableOf } from "./bench.ts";
import type { Bench, Report } from "./bench.ts";
import { jsonOf, runBench } from "./run.ts";

const here = new URL("./", import.meta.url);
const root = new URL("../../", import.meta.url);

const known = readdirSync(here).flatMap((file) => /^(.+)\.bench\.ts$/.exec(file)?.[1] ?? []);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "sizes-only": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench "${unknown.join(", ")}"; there are: ${known.join(", ")}.`);
  process.exit(2);
}

const sizesOnly = values["sizes-only"];
if (sizesOnly && values.record) {
  console.error(
    "--record keeps the figures of a whole run, and --sizes-only makes half of one: give one.",
  );
  process.exit(2);
}

let missed = 0;
for (const name of positionals.length > 0 ? positionals : known) {
  const { bench }: { bench: Bench } = await import(new URL(`${name}.bench.ts`, here).href);
  const options = { sizesOnly, json: values.json, record: values.record };
  missed += await runBench(name, bench, options, {
    print: console.log,
    complain: console.error,
    keep(report, isRecord) {
      write(name, report, new URL(isRecord ? "docs/bench/" : ".local/bench/", root));
      if (isRecord) writeToPage(name, report);
    },
  });
}
process.exitCode = missed > 0 ? 1 : 0;

function write(name: string, report: Report, folder: URL): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${jsonOf(report)}\n`);
  if (report.picture !== undefined) writeFileSync(new URL(`${name}.svg`, folder), report.picture);
}

/** The table goes between two comments of `docs/performance.md`, `<!-- bench:<name> -->` and `<!-- /bench:<name> -->`. */
function writeToPage(name: string, report: Report): void {
  const file = new URL("docs/performance.md", root);
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const page = readFileSync(file, "utf8");
  const [before = "", rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) return;
  writeFileSync(file, `${before}${begin}\n${tableOf(report)}\n${end}${after}`);
}
