import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";

import { main } from "./commands.ts";
import { keepReplay, readReplay } from "./replay.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** As few seeds as are worth two threads: three shares, so that one of them plays twice. */
const SHARES = 26;

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  const keep = (...texts: readonly unknown[]) => void lines.push(texts.join(" "));
  vi.spyOn(console, "log").mockImplementation(keep);
  vi.spyOn(console, "error").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  return () => vi.restoreAllMocks();
});

const lastLine = () => lines.join("\n").split("\n").at(-1);
const digest = () => /digest=(?<digest>[0-9a-f]{64})/.exec(lines.join("\n"))?.groups?.["digest"];

describe("npm run simulate", () => {
  test("ends with a line that sums up, exits with 0, and has the same digest on however many threads", async () => {
    const code = await main(["--seeds", `${SHARES}`, "--jobs", "1"]);
    const [last, once] = [lastLine(), digest()];
    lines = [];

    await main(["--seeds", `${SHARES}`, "--jobs", "2"]);

    expect(code).toBe(0);
    expect(last).toMatch(
      /^seeds=26 events=\d{3} faults=\d+ lost=0 doubled=0 regressed=0 stuck=0 overasked=0 seeds\/s=\d+$/,
    );
    expect(once).toBeDefined();
    expect(digest()).toBe(once);
  });

  test("tells the same of planted gaps, on however many threads", async () => {
    await main(["--gaps", "--seeds", `${SHARES}`, "--jobs", "1"]);
    const once = lines;
    lines = [];

    await main(["--gaps", "--seeds", `${SHARES}`, "--jobs", "2"]);

    expect(once.at(-1)).toMatch(/^seeds=26 gaps=[1-9]/);
    expect(lines).toEqual(once);
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

  test("does what docs/ say of it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "story-"));
    const story = join(folder, "story.json");

    expect(await main(["--seed", "7", "--story", story])).toBe(0);
    expect(await main(["--seeds", "5", "--without", "after-rerun"])).toBe(0);
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "--load"]);

    expect(JSON.parse(readFileSync(story, "utf8"))).toMatchObject({ seed: 7 });
    expect(stdout).toMatch(/^\| 23 /m);
    rmSync(folder, { recursive: true });
  });

  test("says how it is used, and what was wrong", async () => {
    expect(await main(["--help"])).toBe(0);
    expect(await main(["--seeds", "none"])).toBe(2);
    expect(lines[0]).toContain("npm run simulate -- [options]");
    expect(lines[1]).toContain('--seeds is "none"; it has to be a whole number');
  });
});

const kept = {
  seed: 7,
  knobs: ["node-once"],
  faults: ["queue.lag#1"],
  sentences: ["lost"],
} as const;

describe("a world that is kept in a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is read back as it was", () => {
    const file = keepReplay(kept, pathToFileURL(`${folder}/`));

    expect(readReplay(file)).toEqual(kept);
  });

  test("is played again with its knobs, and with its faults alone", async () => {
    const file = keepReplay(kept, pathToFileURL(`${folder}/`));
    await main(["--replay", file, "--trace"]);
    const replayed = lines.join("\n");
    lines = [];
    await main(["--seed", "7", "--knobs", "node-once", "--faults", "queue.lag#1", "--trace"]);

    expect(replayed).toBe(lines.join("\n"));
    expect(replayed).toContain("seeds=1 ");
  });

  test("is refused in a sentence when it is none", async () => {
    const file = join(folder, "other.json");
    writeFileSync(file, JSON.stringify({ ...kept, knobs: ["noise"] }));

    expect(await main(["--replay", file])).toBe(2);
    expect(await main(["--replay", join(folder, "absent.json")])).toBe(2);
    expect(lines.join("\n")).toContain(
      `--replay names "${file}", which is no replay: wrong at knobs`,
    );
    expect(lines.join("\n")).toContain("--replay cannot read");
  });
});
