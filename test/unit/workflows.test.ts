import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

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

it("there is a workflow that runs what CI runs", () => {
  expect(workflows.filter(([, text]) => text?.includes("- run: .ci/run"))).toHaveLength(1);
});
