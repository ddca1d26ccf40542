import { playGap } from "../gaps/gap-world.ts";
import type { GapTally } from "../gaps/run-gaps.ts";
import { ALL_TROUBLES, TROUBLES } from "../gaps/planted-gap.ts";
import type { Asked } from "./options.ts";
import { makeProgress } from "./progress.ts";
import { playOnThreads } from "./threads.ts";

/** Of many that went wrong, so many are told of. */
const MOST_TOLD = 10;

/** Plants a gap in each world. @returns the exit code: 0 all is as it should be, 1 it is not. */
export async function playGaps({ from, count, jobs, knobs }: Asked<"gaps">): Promise<number> {
  const progress = makeProgress(count);
  const results = await playOnThreads({ play: "gaps", from, count, knobs }, jobs, (share) =>
    progress.advance(share.length, ""),
  );
  progress.end();
  tellTroubles(results);
  for (const result of results.filter(isWrong).slice(0, MOST_TOLD)) tellWrong(result);
  console.log(summary(results));
  return results.some(isWrong) ? 1 : 0;
}

/** Plants the gap of one world, and tells its story if asked to. */
export async function playOneGap({ seed, trace, knobs }: Asked<"gap">): Promise<number> {
  const result = await playGap(seed, knobs);
  if (trace && result.story !== null) console.log(result.story.text());
  const { planted } = result;
  if (planted !== null) {
    const said = planted.blamed === null ? "nobody was told" : `said to be ${planted.blamed.said}`;
    console.log(`${planted.trouble}: ${TROUBLES[planted.trouble]}; ${said}`);
  }
  tellWrong(result);
  console.log(summary([result]));
  return isWrong(result) ? 1 : 0;
}

function isWrong({ planted, falseGaps }: GapTally): boolean {
  return falseGaps > 0 || (planted !== null && planted.faults.length > 0);
}

function tellTroubles(results: readonly GapTally[]): void {
  for (const trouble of ALL_TROUBLES) {
    const gaps = results.flatMap(({ planted }) => (planted?.trouble === trouble ? [planted] : []));
    const stages = new Map<string, number>();
    for (const { blamed } of gaps) {
      const stage = blamed?.said ?? "nobody was told";
      stages.set(stage, (stages.get(stage) ?? 0) + 1);
    }
    const said = [...stages].map(([stage, times]) => `${times} ${stage}`).join(", ");
    console.log(`${String(gaps.length).padStart(6)}  ${trouble}: ${TROUBLES[trouble]} (${said})`);
  }
}

function tellWrong(result: GapTally): void {
  const { seed, planted, falseGaps } = result;
  if (falseGaps > 0) console.log(`seed ${seed}: ${falseGaps} gaps are told of that are none`);
  for (const fault of planted?.faults.slice(0, MOST_TOLD) ?? []) {
    console.log(`seed ${seed}: ${planted?.trouble}: ${fault}`);
  }
  if (isWrong(result)) console.log(`Replay: npm run simulate -- --gaps --seed ${seed} --trace`);
}

function summary(results: readonly GapTally[]): string {
  const gaps = results.flatMap(({ planted }) => (planted === null ? [] : [planted]));
  const found = gaps.filter(({ blamed, isInTime }) => blamed !== null && isInTime);
  const blamed = found.filter((gap) => gap.blamed?.said === gap.blamed?.was);
  const healed = gaps.filter(({ isHealed }) => isHealed);
  const falseGaps = results.reduce((sum, result) => sum + result.falseGaps, 0);
  return (
    `seeds=${results.length} gaps=${gaps.length} found=${found.length} ` +
    `blamed=${blamed.length} healed=${healed.length} false-gaps=${falseGaps}`
  );
}
