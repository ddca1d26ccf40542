import { describe, expect, test } from "vitest";

import { faultKey } from "../faults/faults.ts";
import { MUTANTS } from "../mutants/catalogue.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import { shrink } from "./shrink.ts";
import { playWorld } from "../play/play-world.ts";

const faults = Array.from({ length: 40 }, (_, index) => `fault#${index}`);

describe("shrinking a list of faults", () => {
  test("leaves the one that matters", async () => {
    const smallest = await shrink(faults, async (some) => some.includes("fault#17"));

    expect(smallest).toEqual(["fault#17"]);
  });

  test("leaves those that matter together", async () => {
    const needed = ["fault#2", "fault#20", "fault#39"];

    const smallest = await shrink(faults, async (some) =>
      needed.every((one) => some.includes(one)),
    );

    expect(smallest).toEqual(needed);
  });

  test("leaves none where none is needed", async () => {
    expect(await shrink(faults, async () => true)).toEqual([]);
  });

  test("stops after so many tries with what still fails", async () => {
    const fails = async (some: readonly string[]) => some.length >= 30;

    const smallest = await shrink(faults, fails, 3);

    expect(await fails(smallest)).toBe(true);
  });
});

test("a world with a planted bug fails by fewer faults than it had", async () => {
  const bug = MUTANTS.find(({ id }) => id === "record-error-swallowed");
  if (bug === undefined || !("plant" in bug)) throw new Error("the bug is not there");
  const kindsWith = async (seed: number, only: ReadonlySet<string> | null) => {
    const faultPoints = bug.plant();
    const { violations, faults: all } = await playWorld(scenarioOf(seed), { only, faultPoints });
    return { kinds: violations.map(({ kind }) => kind), keys: all.map(faultKey) };
  };
  // One with many faults, of which one is to blame.
  const isOne = ({ kinds, keys }: Awaited<ReturnType<typeof kindsWith>>) =>
    kinds.includes("lost") && keys.length >= 20;
  let seed = 1;
  while (!isOne(await kindsWith(seed, null))) seed += 1;
  const { keys } = await kindsWith(seed, null);

  const smallest = await shrink(keys, async (some) =>
    (await kindsWith(seed, new Set(some))).kinds.includes("lost"),
  );

  expect(smallest.length).toBeLessThan(keys.length / 3);
  expect((await kindsWith(seed, new Set(smallest))).kinds).toContain("lost");
});
