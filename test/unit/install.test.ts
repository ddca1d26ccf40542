import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const INSTALL = fileURLToPath(new URL("../../tools/install.mjs", import.meta.url));

/** A clone with two packages for this machine and one for another, and an npm that does this. */
function aClone(npm: string): string {
  const clone = mkdtempSync(join(tmpdir(), "install-"));
  onTestFinished(() => rmSync(clone, { recursive: true }));
  mkdirSync(join(clone, "tools"));
  copyFileSync(INSTALL, join(clone, "tools/install.mjs"));
  const packages = {
    "": {},
    "node_modules/first": {},
    "node_modules/second": { os: [process.platform] },
    "node_modules/elsewhere": { os: ["none"] },
  };
  writeFileSync(join(clone, "package-lock.json"), JSON.stringify({ packages }));
  const program = join(clone, "npm");
  writeFileSync(program, `#!/bin/sh\n${npm}\n`);
  chmodSync(program, 0o755);
  return clone;
}

function install(clone: string) {
  const PATH = [clone, process.env["PATH"]].join(delimiter);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/install.mjs"], {
    cwd: clone,
    env: { ...process.env, PATH },
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

describe("the first npm start", () => {
  it("says what it installs, how large it is, and how far it is: it was silent for minutes", () => {
    const clone = aClone(
      "mkdir -p node_modules/first node_modules/.bin; echo {} > node_modules/first/package.json; touch node_modules/.bin/node; sleep 4",
    );

    const { status, said } = install(clone);

    expect(status).toBe(0);
    expect(said.split("\n").slice(0, 2)).toEqual([
      "Installing the 2 locked packages into node_modules (npm ci), once. They take 800 MB, and a minute or two …",
      expect.stringMatching(/^ {2}1 of 2 packages, \d+ s$/),
    ]);
    expect(install(clone).said).toBe("");
  });

  it("says why it could not install", () => {
    const { status, said } = install(aClone("exit 7"));

    expect(status).toBe(1);
    expect(said).toContain(
      "npm ci failed to install the packages (it ended with 7). Is the npm registry reachable?",
    );
  });
});
