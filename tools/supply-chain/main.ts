/**
 * `npm run supply-chain`: writes the CycloneDX list of the packages that the functions are bundled from and that the package
 * brings for its commands, and that of all packages, to `.local/supply-chain`, prints their licences, and asks npm for known vulnerabilities.
 *
 * It fails for a package whose licence is not accepted here, and for a vulnerability of a bundled package. Not every
 * registry answers the question about vulnerabilities; one that does not is named, and nothing fails.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { countOf, unacceptedIn } from "./licences.ts";
import type { Bill } from "./licences.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${ROOT}.local/supply-chain`;
mkdirSync(folder, { recursive: true });

const refused = [
  ...listed("bundled", ["--omit", "dev"]),
  ...listed("all", []),
  ...vulnerabilities(),
];
for (const sentence of refused) console.error(sentence);
process.exitCode = refused.length === 0 ? 0 : 1;

function npm(command: string, ...options: readonly string[]) {
  const { status, stdout } = spawnSync("npm", [command, "--package-lock-only", ...options], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout };
}

/** Writes one list. @returns a sentence for each package whose licence is not accepted. */
function listed(name: "bundled" | "all", options: readonly string[]): readonly string[] {
  const { status, stdout } = npm("sbom", "--sbom-format", "cyclonedx", ...options);
  if (status !== 0) return [`npm could not list the packages (${name}): exit code ${status}.`];
  writeFileSync(`${folder}/${name}.cdx.json`, stdout);
  const bill: Bill = JSON.parse(stdout);
  console.log(`${name}: ${bill.components.length} packages in ${name}.cdx.json`);
  for (const [licence, count] of countOf(bill)) console.log(`  ${licence}: ${count}`);
  return unacceptedIn(bill, name);
}

interface Audit {
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
}

function vulnerabilities(): readonly string[] {
  const { stdout } = npm("audit", "--omit", "dev", "--json");
  const { metadata }: Audit = JSON.parse(stdout || "{}");
  if (metadata === undefined) {
    console.log("vulnerabilities: the registry does not answer this question");
    return [];
  }
  const { total = 0 } = metadata.vulnerabilities;
  console.log(`vulnerabilities: ${total} known of the bundled packages`);
  return total === 0 ? [] : [`${total} vulnerabilities are known. \`npm audit\` names them.`];
}
