import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { main } from "./commands.ts";

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  const keep = (...texts: readonly unknown[]) => void lines.push(texts.join(" "));
  vi.spyOn(console, "log").mockImplementation(keep);
  vi.spyOn(console, "error").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const lastLine = () => lines.join("\n").split("\n").at(-1);
const digest = () => /digest=(?<digest>[0-9a-f]{64})/.exec(lines.join("\n"))?.groups?.["digest"];

describe("npm run simulate", () => {
  test("ends with a line that sums up, and exits with 0", async () => {
    const code = await main(["--seeds", "30"]);

    expect(code).toBe(0);
    expect(lastLine()).toMatch(
      /^seeds=30 events=\d{3} faults=\d+ lost=0 doubled=0 regressed=0 stuck=0 overasked=0 seeds\/s=\d+$/,
    );
  });

  test("has the same digest again, on however many threads", async () => {
    await main(["--seeds", "60"]);
    const once = digest();
    lines = [];

    await main(["--seeds", "60", "--jobs", "2"]);

    expect(once).toBeDefined();
    expect(digest()).toBe(once);
  });

  test("counts each kind of fault when asked to say more", async () => {
    await main(["--seeds", "5", "--verbose"]);

    expect(lines.some((line) => /^ +\d+ {2}crash-before: the sandbox dies/.test(line))).toBe(true);
  });

  test("tells a story line by line, numbered", async () => {
    await main(["--seed", "7", "--trace"]);

    expect(lines[0]).toMatch(/^ *1 {2}0d \d\d:\d\d:\d\d\.\d{3} {2}\S/);
  });

  test("plays a world without the faults that it would have", async () => {
    await main(["--seed", "7", "--faults", "none"]);

    expect(lastLine()).toMatch(/faults=0 lost=0 doubled=0 regressed=0 stuck=0/);
  });

  test("catches one planted bug", async () => {
    const code = await main(["--mutants", "--only", "base64-ignored"]);

    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^caught {2}base64-ignored \(a body that API Gateway/);
    expect(lastLine()).toBe("caught 1/1");
  });

  test("names the planted bugs when asked for another one", async () => {
    expect(await main(["--mutants", "--only", "nonsense"])).toBe(2);
    expect(lines.join("\n")).toContain('--only is "nonsense"; the planted bugs are ttl-of-an-hour');
  });

  test("says how it is used, and what was wrong", async () => {
    expect(await main(["--help"])).toBe(0);
    expect(await main(["--seeds", "none"])).toBe(2);
    expect(lines[0]).toContain("npm run simulate -- [options]");
    expect(lines[1]).toContain('--seeds is "none"; it has to be a whole number');
  });
});
