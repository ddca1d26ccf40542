/** `npm run docs`: makes the generated parts of docs/ anew from the code. A test fails when they differ. */
import { readFileSync, writeFileSync } from "node:fs";

import { costParts, countForPage } from "./cost-page.ts";
import { GENERATED, withGenerated, withParts } from "./generated.ts";

const root = new URL("../../", import.meta.url);
for (const page of Object.keys(GENERATED)) make(page, (text) => withGenerated(page, text));
const cost = costParts(await countForPage());
make("docs/cost.md", (text) => withParts("docs/cost.md", text, cost));

function make(page: string, anew: (text: string) => string): void {
  const file = new URL(page, root);
  writeFileSync(file, anew(readFileSync(file, "utf8")));
  console.log(`made ${page}`);
}
