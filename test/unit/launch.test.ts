import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

/** A version that no machine has. */
const WANTED = "99.1.0";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "launch-"));
  for (const folder of ["tools/hello", "node_modules/.bin", "node_modules/node"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  copyFileSync("tools/launch.mjs", join(root, "tools/launch.mjs"));
  writeFileSync(
    join(root, "tools/hello/main.ts"),
    "console.log(process.argv.slice(2).join());\nprocess.exitCode = 3;\n",
  );
  wants(WANTED);
  return () => rmSync(root, { recursive: true });
});

describe("a tool that npm starts", () => {
  it("without the pinned Node, which ignore-scripts leaves out, says in a sentence what is missing", () => {
    const { status, stdout, stderr } = launch();

    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      `This project needs its own Node ${WANTED}; Node ${process.versions.node} cannot run it. npm installed the package "node" without its install script (ignore-scripts=true in .npmrc, or --ignore-scripts). Run: npm rebuild node --ignore-scripts=false\n`,
    );
  });

  it.each([
    ["by the pinned Node itself", process.versions.node],
    ["by another Node, beside which the pinned one is", WANTED],
  ])("%s runs with what stands behind it, and ends as it does", (_by, version) => {
    wants(version);
    symlinkSync(process.execPath, join(root, "node_modules/.bin/node"));

    expect(launch()).toMatchObject({ status: 3, stdout: "one,--two\n", stderr: "" });
  });
});

function wants(node: string): void {
  writeFileSync(join(root, "package.json"), JSON.stringify({ devDependencies: { node } }));
}

function launch() {
  return spawnSync(process.execPath, ["tools/launch.mjs", "hello", "one", "--two"], {
    cwd: root,
    encoding: "utf8",
  });
}
