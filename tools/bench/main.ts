/**
 * `npm run bench -- [name…] [--sizes-only] [--json]`: measures what the product is measured by. Without a
 * name it runs every bench; each is one file, `tools/bench/<name>.bench.ts`.
 *
 * Prints a table, and writes the figures to `docs/bench/<name>.json` and, where there is a picture, to
 * `docs/bench/<name>.svg`. With `--sizes-only` it measures what does not depend on the machine, and writes
 * nothing. With `--json` it prints the JSON instead of the table. Exits 1 when a target is missed.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { isMet, tableOf } from "./bench.ts";
import type { Bench, Report } from "./bench.ts";

const here = new URL("./", import.meta.url);
const records = new URL("../../docs/bench/", import.meta.url);

const known = readdirSync(here).flatMap((file) => /^(.+)\.bench\.ts$/.exec(file)?.[1] ?? []);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "sizes-only": { type: "boolean" }, json: { type: "boolean" } },
});
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench "${unknown.join(", ")}"; there are: ${known.join(", ")}.`);
  process.exit(2);
}

const sizesOnly = values["sizes-only"] ?? false;
let missed = 0;
for (const name of positionals.length > 0 ? positionals : known) {
  const { bench }: { bench: Bench } = await import(new URL(`${name}.bench.ts`, here).href);
  const report = await bench.run({ sizesOnly });
  if (values.json) console.log(jsonOf(report));
  else print(name, bench.title, report);
  missed += report.targets.filter((target) => !isMet(target)).length;
  if (!sizesOnly) record(name, report);
}
process.exitCode = missed > 0 ? 1 : 0;

function print(name: string, title: string, report: Report): void {
  console.log(`\n${name}: ${title}\n\n${tableOf(report)}\n`);
  for (const note of report.notes) console.log(note);
  for (const target of report.targets) {
    const { what, limit, wanted, measured, unit } = target;
    const verdict = isMet(target) ? "met   " : "MISSED";
    console.log(`${verdict} ${what}: ${measured} ${unit}, wanted ${limit} ${wanted} ${unit}`);
  }
}

function record(name: string, report: Report): void {
  mkdirSync(records, { recursive: true });
  writeFileSync(new URL(`${name}.json`, records), `${jsonOf(report)}\n`);
  if (report.picture !== undefined) writeFileSync(new URL(`${name}.svg`, records), report.picture);
}

function jsonOf({ figures, targets }: Report): string {
  return JSON.stringify({ figures, targets }, null, 2);
}
