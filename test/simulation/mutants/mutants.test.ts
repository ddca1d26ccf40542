import { describe, expect, test } from "vitest";

import { MUTANTS } from "./catalogue.ts";
import { firstBrokenSeed, Hunters } from "./run-mutants.ts";

/** One of each family; `npm run simulate -- --mutants` hunts them all. */
const CHOSEN = [
  "key-is-the-message-id",
  "context-not-registered",
  "state-by-latest-arrival",
  "record-error-swallowed",
  "acknowledged-before-stored",
  "aws-sample-arrival-time-as-id",
  "poller-heals-nothing",
];

/** What the worlds come to without a bug is the same for all of them. */
const hunters = new Hunters();

describe("planted bugs", () => {
  test("are at least 75, each with an id of its own and a line that says it", () => {
    const ids = new Set(MUTANTS.map(({ id }) => id));

    expect(ids.size).toBe(MUTANTS.length);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(75);
    expect(MUTANTS.every(({ what }) => what.length > 20 && !what.includes("\n"))).toBe(true);
  });

  test.each(CHOSEN)("%s is caught, and not the world", async (id) => {
    const mutant = MUTANTS.find((one) => one.id === id);
    if (mutant === undefined) throw new Error(`there is no planted bug ${id}`);

    const { caught } = await hunters.hunt(mutant);

    if (caught?.by !== "world") throw new Error(`${id} lives`);
    expect(await firstBrokenSeed([caught.seed])).toBeNull();
  });

  test("that change nothing live, also in worlds that hear of fewer applications when calls fail", async () => {
    const nothing = { id: "nothing", what: "nothing is wrong", plant: () => ({}) } as const;

    const { caught } = await hunters.hunt({ ...nothing, needs: "dead-route", within: 5 });

    expect(caught).toBeNull();
  });

  describe("hunted by a check of their own", () => {
    const aBug = { id: "a-bug", what: "a bug of a template" };
    const hunt = (check: (isPlanted: boolean) => string | null) =>
      hunters.hunt({ ...aBug, hunt: async (isPlanted) => check(isPlanted) });

    test("are caught by a check that finds them", async () => {
      const { caught } = await hunt((isPlanted) => (isPlanted ? "a grant is missing" : null));

      expect(caught).toEqual({ by: "check", finding: "a grant is missing" });
    });

    test("live when the check finds nothing", async () => {
      expect((await hunt(() => null)).caught).toBeNull();
    });

    test("live when the check complains of the real code too", async () => {
      const { caught, where } = await hunt(() => "a grant is missing");

      expect(caught).toBeNull();
      expect(where).toBe("by its check, which without the bug says: a grant is missing");
    });
  });
});
