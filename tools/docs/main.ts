/** `npm run docs`: makes the generated parts of docs/ anew from the code. A test fails when they differ. */
import { readFileSync, writeFileSync } from "node:fs";

import { GENERATED, withGenerated } from "./generated.ts";

const root = new URL("../../", import.meta.url);
for (const page of Object.keys(GENERATED)) {
  const file = new URL(page, root);
  writeFileSync(file, withGenerated(page, readFileSync(file, "utf8")));
  console.log(`made ${page}`);
}
