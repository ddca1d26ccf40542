import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const workflows = globSync(".github/workflows/*.yml").map((file) => [
  file,
  readFileSync(file, "utf8"),
]);

describe.each(workflows)("%s", (_, text = "") => {
  it("pins each action by its digest, and names the version", () => {
    const used = [...text.matchAll(/uses: (.*)/g)].map(([, action = ""]) => action);

    expect(used.length).toBeGreaterThan(0);
    expect(
      used.filter((action) => !/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
    ).toEqual([]);
  });

  it("has no permission but those that a job names", () => {
    expect(text).toMatch(/^permissions: \{\}$/m);
    expect(text).not.toMatch(/write-all|pull_request_target/);
  });
});

it("a change and a release run what CI runs", () => {
  const running = workflows.filter(([, text]) => text?.includes("- run: .ci/run"));

  expect(running.map(([file = ""]) => file).toSorted()).toEqual([
    ".github/workflows/check.yml",
    ".github/workflows/release.yml",
  ]);
});

describe("a release", () => {
  const [, text = ""] = workflows.find(([file]) => file?.endsWith("/release.yml")) ?? [];
  const [npm = "", build = "", publish = ""] = text.split(/^  (?=npm:|build:|publish:)/m).slice(1);

  it("signs where it came from, in a job that runs nothing of the repository", () => {
    expect(publish).toContain("uses: actions/attest-build-provenance@");
    expect(publish).toContain("subject-path: release/*");
    expect(publish).toContain("attestations: write");
    expect(publish).not.toMatch(/actions\/checkout|npm |\.\/|\.github\//);
  });

  it("gives the job that runs packages no right to write or to sign", () => {
    expect(build).toContain("contents: read");
    expect(build).not.toMatch(/: write|GH_TOKEN|secrets\./);
  });

  it("gives npm the tarball that was tested, with provenance, and runs nothing of it", () => {
    expect(npm).toContain(
      "npm publish release/*.tgz --provenance --access public --ignore-scripts",
    );
    expect(npm).toContain("needs: publish");
    expect(npm).toMatch(/permissions:\n +id-token: write\n +steps:/);
    expect(npm).not.toMatch(/actions\/checkout|secrets\.|\.github\//);
    expect(build).toContain("npm pack --pack-destination release");
  });

  it("says in its notes what the changelog says of the version, and nothing of others", () => {
    const folder = aRepository("1.3.0", CHANGELOG);

    expect(releaseFiles(folder, "v1.3.0")).toMatchObject({ status: 0, stderr: "" });

    expect(readFileSync(join(folder, "release/NOTES.md"), "utf8").trim()).toBe(
      "### Added\n\n- A thing.",
    );
  });

  it("is refused as a patch when it has more than fixes", () => {
    const made = releaseFiles(aRepository("1.3.1", CHANGELOG.replace("1.3.0", "1.3.1")), "v1.3.1");

    expect(made.status).toBe(1);
    expect(made.stderr).toContain("1.3.1 is a patch");
  });

  it("is refused without a section of the upgrade guide", () => {
    const folder = aRepository("1.3.0", CHANGELOG);
    mkdirSync(join(folder, "docs"));
    writeFileSync(join(folder, "docs/upgrade.md"), "## From 1.1 to 1.2\n");

    expect(releaseFiles(folder, "v1.3.0").stderr).toContain("no section to 1.3");
  });

  it("is refused for a tag that is not the version", () => {
    const made = releaseFiles(aRepository("1.2.3"), "v1.2.4");

    expect(made.status).toBe(1);
    expect(made.stderr).toBe(
      "The tag is v1.2.4, and package.json says 1.2.3: tag the commit that has the version v1.2.3.\n",
    );
  });

  it("is refused for a version without a section of the changelog", () => {
    const made = releaseFiles(aRepository("1.2.3", "## [Unreleased]\n"), "v1.2.3");

    expect(made.status).toBe(1);
    expect(made.stderr).toContain("CHANGELOG.md has no section for 1.2.3");
  });

  it("has the same archive for the same commit, the lists of packages, and the digest of each", () => {
    const folder = aRepository("1.2.3");

    const sums = [0, 1].map(() => {
      expect(releaseFiles(folder, "v1.2.3")).toMatchObject({ status: 0, stderr: "" });
      const text = readFileSync(join(folder, "release/SHA256SUMS"), "utf8");
      rmSync(join(folder, "release"), { recursive: true });
      return text;
    });

    expect(sums[0]).toBe(sums[1]);
    expect(sums[0]?.match(/^[0-9a-f]{64} {2}\.\/\S+/gm)).toHaveLength(3);
  });
});

const CHANGELOG =
  "## [Unreleased]\n\n- Not yet.\n\n## [1.3.0] - 2026-11-26\n\n### Added\n\n- A thing.\n\n## [1.2.3] - 2026-11-25\n\n- Before.\n";

/** A repository with one commit, and the lists that CI has made. */
function aRepository(version: string, changelog = `## [${version}] - 2026-11-26\n`): string {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, ".local/supply-chain"), { recursive: true });
  for (const list of ["bundled", "all"]) {
    writeFileSync(join(folder, `.local/supply-chain/${list}.cdx.json`), "{}");
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version }));
  writeFileSync(join(folder, "CHANGELOG.md"), changelog);
  const author = ["-c", "user.name=one", "-c", "user.email=one@example.com"];
  for (const args of [
    ["init", "-q"],
    ["add", "."],
    [...author, "commit", "-qm", "one"],
  ]) {
    expect(spawnSync("git", args, { cwd: folder, encoding: "utf8" })).toMatchObject({ status: 0 });
  }
  return folder;
}

function releaseFiles(cwd: string, tag: string) {
  const script = resolve(".github/release-files");
  return spawnSync("bash", [script, "release", tag], { cwd, encoding: "utf8" });
}
