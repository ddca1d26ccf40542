import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";

import config, {
  COMPUTING_BETWEEN_WAITING,
  LONGEST,
  WAITING,
  waitingApart,
} from "../../vitest.config.ts";

it("runs each test file in one project, in whatever folder it stands", () => {
  const files = globSync("{bin,lambdas,lib,test,tools}/**/*.test.{ts,mts,js,mjs}");

  const run = (config.test?.projects ?? []).flatMap((project) =>
    typeof project === "object" && "test" in project ? globSync(project.test?.include ?? []) : [],
  );

  expect(run.toSorted()).toEqual(files.toSorted());
});

describe("the order of the test files", () => {
  const files = globSync("test/{contract,e2e,infra,simulation,unit}/**/*.test.ts").map((path) => ({
    moduleId: `/${path}`,
  }));
  const order = waitingApart(files).map(({ moduleId }) => moduleId);
  const isLongest = (path: string) => LONGEST.some((one) => one.test(path));

  it("has each of them, once", () => {
    expect(order.toSorted()).toEqual(files.map(({ moduleId }) => moduleId).toSorted());
  });

  it("begins with those that wait longest, of which each pattern names one", () => {
    const longest = order.filter(isLongest);

    expect(order.slice(0, longest.length)).toEqual(longest);
    for (const pattern of LONGEST) expect(longest.some((path) => pattern.test(path))).toBe(true);
  });

  it("has others that compute between two that wait: at once, they left both cores idle for half a minute", () => {
    const places = order.flatMap((path, place) => (WAITING.test(path) ? [place] : []));
    const apart = places.slice(1).map((place, index) => place - (places[index] ?? 0));

    // As many as the pattern has names.
    expect(places).toHaveLength(6);
    expect(new Set(apart)).toEqual(new Set([COMPUTING_BETWEEN_WAITING + 1]));
  });

  it("knows of each end-to-end test that it waits", () => {
    const others = order.filter((path) => !isLongest(path) && !WAITING.test(path));

    expect(others.filter((path) => path.startsWith("/test/e2e/"))).toEqual([]);
  });
});

it("has a temporary folder of the run, so that what a test leaves there goes with it", () => {
  expect(basename(tmpdir())).toMatch(/^run-/);
});
