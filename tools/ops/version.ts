import { existsSync, readFileSync } from "node:fs";

import * as v from "valibot";

import { ROOT } from "../../lib/installation.ts";

const PackageSchema = v.object({ name: v.string(), version: v.string() });

/** As package.json says it; that of the package is beside `dist`. */
export function version(): string {
  const file = [`${ROOT}package.json`, `${ROOT}../package.json`].find((one) => existsSync(one));
  const found = v.parse(PackageSchema, JSON.parse(readFileSync(file ?? "package.json", "utf8")));
  return `${found.name} ${found.version}`;
}
