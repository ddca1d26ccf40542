import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { expect, it } from "vitest";

import config from "../../vitest.config.ts";

it("runs each test file in one project, in whatever folder it stands", () => {
  const files = globSync("{bin,lambdas,lib,test,tools}/**/*.test.{ts,mts,js,mjs}");

  const run = (config.test?.projects ?? []).flatMap((project) =>
    typeof project === "object" && "test" in project ? globSync(project.test?.include ?? []) : [],
  );

  expect(run.toSorted()).toEqual(files.toSorted());
});

it("has a temporary folder of the run, so that what a test leaves there goes with it", () => {
  expect(basename(tmpdir())).toMatch(/^run-/);
});
