import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { main } from "./commands.ts";
import { keepReplay, readReplay } from "./replay.ts";

let folder: string;
let lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "replay-"));
  lines = [];
  const keep = (...texts: readonly unknown[]) => void lines.push(texts.join(" "));
  vi.spyOn(console, "log").mockImplementation(keep);
  vi.spyOn(console, "error").mockImplementation(keep);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const kept = {
  seed: 7,
  knobs: ["node-once"],
  faults: ["queue.lag#1"],
  sentences: ["lost"],
} as const;

describe("a world that is kept in a file", () => {
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
