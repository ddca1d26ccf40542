/**
 * `npm run generate`: makes the documents anew that come from the code: the tables of alarms, the runbooks' first
 * sentences, tables, schemas, costs, the dashboard's picture. With `--check` it changes nothing, names those that
 * differ, and exits 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { generated } from "./generated.ts";

const root = new URL("../../", import.meta.url);
const read = (page: string) => readFileSync(new URL(page, root), "utf8");

const [option, ...more] = process.argv.slice(2);
if (more.length > 0 || (option !== undefined && option !== "--check")) {
  console.error(`npm run generate takes no option but --check, not "${option}".`);
  process.exit(2);
}

const changed = [...(await generated(read))].filter(
  ([page, text]) => !existsSync(new URL(page, root)) || read(page) !== text,
);
for (const [page, text] of changed) {
  if (option === "--check") console.error(`${page} is not what the code says.`);
  else {
    mkdirSync(new URL(".", new URL(page, root)), { recursive: true });
    writeFileSync(new URL(page, root), text);
    console.log(`made ${page}`);
  }
}
if (option === "--check" && changed.length > 0) {
  console.error("To make these documents anew: npm run generate");
  process.exitCode = 1;
}
