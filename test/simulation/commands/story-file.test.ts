import * as v from "valibot";
import { describe, expect, it, test } from "vitest";

import { StorySchema, tracksAfter } from "../../../tools/console/story.ts";
import { runSeed } from "../play/run-seed.ts";
import { storyOf } from "./story-file.ts";

/** A handful of worlds: small and large ones, and some with several applications. */
const SEEDS = [1, 2, 3, 7, 14, 21];

test.each(SEEDS)("writes the world of seed %i as the console reads it", async (seed) => {
  const result = await runSeed(seed);
  const story = storyOf(result);

  const read = v.parse(StorySchema, JSON.parse(JSON.stringify(story)));

  expect(read).toEqual(story);
  expect(read.lines.map(({ at, who, what }) => `${at} ${who}: ${what}`)).toEqual(
    result.story.lines,
  );
});

describe("a story, stepped through", async () => {
  const story = storyOf(await runSeed(7));
  const last = story.lines.length;

  it("begins with nothing, and ends where Alloy is", () => {
    expect(tracksAfter(story, 0).flatMap(({ dots }) => dots)).toEqual([]);
    for (const track of tracksAfter(story, last)) {
      expect(track).toMatchObject({ agrees: true });
      expect(track.dots.map(({ kind }) => kind)).not.toContain("missing");
    }
  });

  it("shows an event as missing until the line that records it", () => {
    const line = story.lines.findIndex(({ kind }) => kind === "recorded");
    const name = story.lines[line]?.event;
    const dotAfter = (lines: number) =>
      tracksAfter(story, lines)
        .flatMap(({ dots }) => dots)
        .find((dot) => dot.name === name);

    expect(dotAfter(line)).toMatchObject({ kind: "missing", cameAt: null });
    expect(dotAfter(line + 1)).toMatchObject({ kind: "received", cameAt: line + 1 });
  });

  it("is the same at a line, whether it came forwards or backwards", () => {
    const forwards = Array.from({ length: last }, (_, number) => tracksAfter(story, number));
    const backwards = Array.from({ length: last }, (_, number) =>
      tracksAfter(story, last - 1 - number),
    );

    expect(backwards.toReversed()).toEqual(forwards);
  });
});
