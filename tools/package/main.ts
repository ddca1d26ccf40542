/**
 * `npm run package`: compiles what the npm package has into `dist/`, which has the folders of the repository, so that a
 * file finds another one in both. `npm pack` and `npm publish` run it first.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { MEMORY_MB } from "../../lambdas/settings/limits.ts";
import { ROOT } from "../../lib/installation.ts";
import { bundle } from "../bench/bundle.ts";
import { bundleShell, SHELL_FILES } from "../console/bundle.ts";

const DIST = `${ROOT}dist/`;

/** Files that the code reads beside itself. */
const DATA = [
  "docs/runbooks",
  "events/asyncapi.json",
  "events/fixtures",
  "events/openapi.json",
  "events/schemas",
  "tools/alloy-simulator/scenarios",
  "tools/local/emulator/requirements.txt",
  "tools/local/emulator/serve_emulator.py",
  "tools/local/emulator/worker_logs.py",
] as const;

/** For `require`, and for the types of those who do: Node loads the module itself (from 20.19 and 22.12 on). */
const COMMON_JS = {
  "index.cjs": 'module.exports = require("./index.js");\n',
  "index.d.cts": 'export * from "./index.js";\n',
} as const;

rmSync(DIST, { recursive: true, force: true });
compile();
for (const path of DATA) {
  mkdirSync(dirname(`${DIST}${path}`), { recursive: true });
  cpSync(`${ROOT}${path}`, `${DIST}${path}`, { recursive: true });
}
const shell = await bundleShell();
for (const part of ["script", "styles"] as const) {
  writeFileSync(`${DIST}tools/console/${SHELL_FILES[part]}`, shell[part]);
}
for (const folder of ["lib", "events"]) {
  for (const [file, text] of Object.entries(COMMON_JS)) {
    writeFileSync(`${DIST}${folder}/${file}`, text);
  }
}
// Of the app that `start` deploys into an emulator.
const cdkJson = readFileSync(`${ROOT}cdk.json`, "utf8");
writeFileSync(`${DIST}cdk.json`, cdkJson.replace("node bin/app.ts", "node bin/app.js"));
for (const name of Object.keys(MEMORY_MB)) {
  const { bytes } = await bundle(`lambdas/${name}/index.ts`, `${DIST}bundles/${name}/index.mjs`);
  console.log(`${name}: ${bytes} bytes`);
}

function compile(): void {
  tsc("tsconfig.package.json");
  tsc("tsconfig.package-types.json");
  for (const file of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const text = readFileSync(`${DIST}${file}`, "utf8");
    // The compiler leaves the names in declarations as they are, and older compilers do not find them.
    writeFileSync(
      `${DIST}${file}`,
      text.replaceAll(/(["']\.{1,2}\/[^"'\n]+)\.ts(["'])/g, "$1.js$2"),
    );
  }
}

function tsc(project: string): void {
  const program = `${dirname(createRequire(import.meta.url).resolve("typescript/package.json"))}/bin/tsc`;
  const { status } = spawnSync(process.execPath, [program, "--project", `${ROOT}${project}`], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`${project} does not compile.`);
}
