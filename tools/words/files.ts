import { globSync, readFileSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);

const READ = [
  "*.md",
  "{bin,events,examples,lib,lambdas,tools,test,docs}/**/*.{ts,mjs,py,md}",
  "tools/alloy-simulator/scenarios/*.json",
];

/** What is not rewritten (an accepted decision, a changelog), and where the banned words themselves stand. */
const LEFT_OUT = [
  "docs/decisions/**",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "tools/words/**",
  "test/unit/words/**",
  "test/fixtures/stored/**",
  "**/node_modules/**",
];

/** Every file that a person reads, with its text. */
export function filesToRead(): { readonly file: string; readonly text: string }[] {
  return globSync(READ, { cwd: ROOT.pathname, exclude: LEFT_OUT })
    .toSorted()
    .map((file) => ({ file, text: readFileSync(new URL(file, ROOT), "utf8") }));
}
