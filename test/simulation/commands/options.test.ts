import { availableParallelism } from "node:os";

import { describe, expect, test } from "vitest";

import { ALL_KNOBS, GAP_KNOBS, USUAL_KNOBS } from "../scenario/knobs.ts";
import { parseOptions } from "./options.ts";

describe("the command line of npm run simulate", () => {
  test("plays a thousand seeds when nothing is said", () => {
    expect(parseOptions([])).toEqual({
      kind: "seeds",
      from: 1,
      count: 1_000,
      jobs: availableParallelism(),
      verbose: false,
      knobs: USUAL_KNOBS,
      without: [],
      isFresh: false,
    });
  });

  test("plays one seed, its faults chosen", () => {
    const args = ["--seed", "7", "--trace", "--faults", "bus.publish A1.2-error#1,queue.lag#3"];

    expect(parseOptions(args)).toEqual({
      kind: "seed",
      seed: 7,
      trace: true,
      story: null,
      faults: ["bus.publish A1.2-error#1", "queue.lag#3"],
      knobs: USUAL_KNOBS,
    });
  });

  test.each([
    [["--knobs", "node-once,bearer"], { kind: "fixed", knobs: ["node-once", "bearer"] }],
    [["--knobs", "none"], { kind: "fixed", knobs: [] }],
    [["--knobs", "all"], { kind: "drawn", from: ALL_KNOBS }],
    [
      ["--knobs", "all", "--without", "bearer"],
      { kind: "drawn", from: ALL_KNOBS.filter((knob) => knob !== "bearer") },
    ],
  ])("takes the knobs that %j names", (args, knobs) => {
    expect(parseOptions(args)).toMatchObject({ knobs });
  });

  test("chooses fresh seeds by the time, none of those that are always played", () => {
    const now = Date.UTC(2026, 10, 26);

    expect(parseOptions(["--fresh", "50"], now)).toMatchObject({
      kind: "seeds",
      from: now / 1_000,
      count: 50,
      isFresh: true,
    });
    expect(parseOptions(["--fresh", "50", "--from", "77"], now)).toMatchObject({ from: 77 });
  });

  test("replays a file", () => {
    expect(parseOptions(["--replay", "seed-7.json", "--trace"])).toEqual({
      kind: "replay",
      file: "seed-7.json",
      trace: true,
    });
  });

  test("plays one seed without any fault", () => {
    expect(parseOptions(["--seed", "7", "--faults", "none"])).toMatchObject({ faults: [] });
  });

  test("plants gaps where views differ, and not where the API answers nobody", () => {
    const { knobs } = { knobs: null, ...parseOptions(["--gaps", "--seeds", "5"]) };

    expect(knobs).toEqual(GAP_KNOBS);
    expect(GAP_KNOBS).toMatchObject({ from: expect.arrayContaining(["node-once"]) });
    expect(GAP_KNOBS).not.toMatchObject({ from: expect.arrayContaining(["revoked-key"]) });
  });

  test("hunts all planted bugs, or one", () => {
    expect(parseOptions(["--mutants"])).toEqual({ kind: "mutants", only: null });
    expect(parseOptions(["--mutants", "--only", "x"])).toEqual({ kind: "mutants", only: "x" });
  });

  test.each([
    [["--seeds", "many"], '--seeds is "many"; it has to be a whole number from 1 to'],
    [["--seeds", "0"], '--seeds is "0"'],
    [["--seed", "1.5"], '--seed is "1.5"'],
    [["--jobs", "1000"], '--jobs is "1000"'],
    [["--seed", "1", "--seeds", "2"], "--seeds and --seed exclude each other"],
    [["--trace"], "--trace has no meaning beside --seeds"],
    [["--story", "s.json"], "--story belongs to --seed"],
    [["--gaps", "--seed", "1", "--story", "s.json"], "--story belongs to --seed"],
    [["--gaps", "--seed", "1", "--jobs", "2"], "--jobs has no meaning beside --seed"],
    [["--mutants", "--jobs", "2"], "--jobs has no meaning beside --mutants"],
    [["--only", "x"], "--only belongs to --mutants"],
    [["--seed", "1", "--faults", "everything"], '--faults names "everything"'],
    [["--knobs", "noise"], '--knobs names "noise"; the knobs are list-off,'],
    [["--mutants", "--knobs", "all"], "--knobs has no meaning beside --mutants"],
    [["--fresh", "0"], '--fresh is "0"'],
    [["--fresh", "5", "--seeds", "5"], "--seeds and --fresh exclude each other"],
    [["--replay", "x", "--jobs", "2"], "--jobs has no meaning beside --replay"],
    [["--nonsense"], "Unknown option '--nonsense'"],
    [["stray"], "Unexpected argument 'stray'"],
  ])("refuses %j in a sentence", (args, sentence) => {
    expect(() => parseOptions(args)).toThrow(sentence);
  });
});
