import { createHash } from "node:crypto";
import { performance } from "node:perf_hooks";

import { ALL_FAULT_KINDS, FAULT_KINDS, faultKey } from "../faults/faults.ts";
import { playGaps, playOneGap } from "./gap-commands.ts";
import { judgeRights } from "../faults/iam.ts";
import { isKnob, knobsOf } from "../scenario/knobs.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { ALL_MARKS, isReachable, knobNeededBy } from "../invariants/marks.ts";
import { MUTANTS } from "../mutants/catalogue.ts";
import { VIOLATION_KINDS } from "../world/observer.ts";
import type { ViolationKind } from "../world/observer.ts";
import { OptionError, parseOptions, USAGE } from "./options.ts";
import type { Asked } from "./options.ts";
import { makeProgress } from "./progress.ts";
import { firstBrokenSeed, Hunters } from "../mutants/run-mutants.ts";
import type { Hunt } from "../mutants/run-mutants.ts";
import { keepReplay, readReplay } from "./replay.ts";
import { runSeed } from "../play/run-seed.ts";
import { tallyOf } from "../play/run-seeds.ts";
import type { Tally } from "../play/run-seeds.ts";
import { shrink } from "./shrink.ts";
import { writeStory } from "./story-file.ts";
import { playOnThreads } from "./threads.ts";

/** What CI plays: in so many worlds every state is to be reached. */
const SEEDS_FOR_ALL_MARKS = 10_000;

/** Of many failing seeds, so many are told of. */
const MOST_TOLD = 10;

/** @returns the exit code: 0 kept, 1 broken, 2 asked wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.kind !== "help") await tellDenials();
    switch (options.kind) {
      case "help":
        console.log(USAGE);
        return 0;
      case "seeds":
        return await playSeeds(options);
      case "seed":
        return await playSeed(options);
      case "replay": {
        const { seed, knobs, faults } = readReplay(options.file);
        const { trace } = options;
        return await playSeed({
          seed,
          trace,
          story: null,
          faults,
          knobs: { kind: "fixed", knobs },
        });
      }
      case "mutants":
        return await huntMutants(options.only);
      case "gaps":
        return await playGaps(options);
      case "gap":
        return await playOneGap(options);
    }
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

/** What IAM refuses to the functions; the worlds then refuse it too. */
async function tellDenials(): Promise<void> {
  for (const [method, why] of await judgeRights()) {
    console.log(`IAM refuses ${method}: ${why}`);
  }
}

async function playSeeds(options: Asked<"seeds">): Promise<number> {
  const { from, count, jobs, verbose, knobs, without, isFresh } = options;
  if (isFresh) console.log(`fresh seeds ${from} to ${from + count - 1}`);
  const begun = performance.now();
  const progress = makeProgress(count);
  let broken = 0;
  const tallies = await playOnThreads({ play: "seeds", from, count, knobs }, jobs, (share) => {
    broken += share.filter(isBroken).length;
    progress.advance(share.length, broken === 0 ? "" : `${broken} broken`);
  });
  progress.end();
  const seconds = (performance.now() - begun) / 1_000;
  const marks = countedIn(tallies.map((tally) => tally.marks));
  if (verbose) {
    const kinds = countedIn(tallies.map((tally) => tally.kinds));
    for (const kind of ALL_FAULT_KINDS) tellCount(kinds.get(kind), `${kind}: ${FAULT_KINDS[kind]}`);
    for (const mark of ALL_MARKS) tellCount(marks.get(mark), mark);
  }
  const failures = tallies.filter(isBroken);
  for (const failure of failures.slice(0, MOST_TOLD)) tellFailure(failure);
  const [first] = failures;
  if (first !== undefined) await tellSmallest(first, { knobs, isKept: isFresh });
  const unreached = ALL_MARKS.filter((mark) => !marks.has(mark));
  const missed =
    count < SEEDS_FOR_ALL_MARKS ? [] : unreached.filter((mark) => isReachable(mark, knobs));
  for (const mark of missed) console.log(`not reached: ${mark}`);
  for (const mark of unreached) {
    const knob = knobNeededBy(mark);
    if (knob !== null && without.includes(knob)) console.log(`lost without ${knob}: ${mark}`);
  }
  const strays = new Set(tallies.flatMap((tally) => tally.strays));
  for (const mark of strays) {
    console.log(`reached without ${knobNeededBy(mark)}, although marks.ts says it is not: ${mark}`);
  }
  console.log(`marks=${ALL_MARKS.length - unreached.length}/${ALL_MARKS.length}`);
  console.log(summary(tallies, seconds));
  return failures.length + missed.length === 0 ? 0 : 1;
}

function isBroken({ violations }: Tally): boolean {
  return violations.length > 0;
}

/** In how many worlds, and how often, each of these was. */
function countedIn<Name>(all: readonly (readonly Name[])[]): ReadonlyMap<Name, number> {
  const counts = new Map<Name, number>();
  for (const name of all.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function tellCount(count = 0, what: string): void {
  console.log(`${String(count).padStart(8)}  ${what}`);
}

/** @param seconds - that all of them took, on however many threads. */
function summary(tallies: readonly Tally[], seconds: number): string {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((all, tally) => all + of(tally), 0);
  const hash = createHash("sha256");
  for (const { digest } of tallies) hash.update(digest);
  const broken = (kind: ViolationKind) =>
    tallies.filter(({ violations }) => violations.some((one) => one.kind === kind)).length;
  return [
    `digest=${hash.digest("hex")} republished=${sum((tally) => tally.republished)}`,
    // Apart from the other events: a decision is one more effect.
    `decisions=${sum(({ decisions }) => decisions.answered)} ` +
      `decided=${sum(({ decisions }) => decisions.published)} leaked=${broken("leaked")}`,
    `seeds=${tallies.length} events=${sum(({ events }) => events)} ` +
      `faults=${sum(({ kinds }) => kinds.length)} ` +
      `${VIOLATION_KINDS.map((kind) => `${kind}=${broken(kind)}`).join(" ")} ` +
      `seeds/s=${Math.round(tallies.length / seconds)}`,
  ].join("\n");
}

function tellFailure({ seed, violations }: Tally): void {
  for (const { kind, sentence } of violations.slice(0, MOST_TOLD)) {
    console.log(`seed ${seed}: ${kind}: ${sentence}`);
  }
}

/** Prints the fewest knobs and faults with which a seed still breaks the same promise, and how to see it. */
async function tellSmallest(
  { seed, violations, faults }: Tally,
  { knobs, isKept }: { readonly knobs: KnobChoice; readonly isKept: boolean },
): Promise<void> {
  const kind = violations[0]?.kind;
  const brokenWith = async (some: readonly string[], only: ReadonlySet<string> | null) => {
    const fixed = { kind: "fixed", knobs: some.filter(isKnob) } as const;
    const result = await runSeed(seed, { only, knobs: fixed });
    return result.violations.filter((one) => one.kind === kind);
  };
  const on = await shrink([...knobsOf(seed, knobs)], async (some) => {
    return (await brokenWith(some, null)).length > 0;
  });
  const all = on.length === knobsOf(seed, knobs).size ? faults : await faultsOf(seed, on);
  const smallest = await shrink(all, async (some) => {
    return (await brokenWith(on, new Set(some))).length > 0;
  });
  console.log(`The fewest faults with which seed ${seed} is still ${kind}: ${smallest.length}`);
  for (const key of smallest) console.log(`  ${key}`);
  const list = smallest.length === 0 ? "none" : smallest.join(",");
  const names = on.join(",") || "none";
  console.log(
    `Replay: npm run simulate -- --seed ${seed} --knobs ${names} --faults "${list}" --trace`,
  );
  if (!isKept) return;
  const broken = await brokenWith(on, new Set(smallest));
  const sentences = broken.map(({ sentence }) => sentence);
  const file = keepReplay({ seed, knobs: on.filter(isKnob), faults: smallest, sentences });
  console.log(`Kept: npm run simulate -- --replay ${file} --trace`);
}

/** Of a world with other knobs than before. */
async function faultsOf(seed: number, on: readonly string[]): Promise<readonly string[]> {
  const { faults } = await runSeed(seed, { knobs: { kind: "fixed", knobs: on.filter(isKnob) } });
  return faults.map(faultKey);
}

async function huntMutants(only: string | null): Promise<number> {
  const chosen = MUTANTS.filter(({ id }) => only === null || id === only);
  if (chosen.length === 0) {
    const ids = MUTANTS.map(({ id }) => id).join(", ");
    throw new OptionError(`--only is "${only}"; the planted bugs are ${ids}.`);
  }
  const hunters = new Hunters();
  let caught = 0;
  const seeds = new Set<number>();
  for (const mutant of chosen) {
    const hunt = await hunters.hunt(mutant);
    console.log(lineOf(hunt));
    if (hunt.caught === null) continue;
    caught += 1;
    if (hunt.caught.by === "world") seeds.add(hunt.caught.seed);
  }
  // They were caught, and not the worlds: without a planted bug the same seeds keep every promise.
  const broken = await firstBrokenSeed(seeds);
  if (broken === null)
    console.log(
      `without a planted bug, the worlds that caught one keep every promise: ${seeds.size}`,
    );
  else
    console.log(
      `seed ${broken} breaks a promise without any planted bug: npm run simulate -- --seed ${broken}`,
    );
  console.log(`caught ${caught}/${chosen.length}`);
  return caught === chosen.length && broken === null ? 0 : 1;
}

function lineOf({ mutant, caught, where }: Hunt): string {
  const { id, what } = mutant;
  if (caught === null) return `LIVES   ${id} (${what}): not ${where}`;
  if (caught.by === "check") return `caught  ${id} (${what}): ${caught.finding}`;
  const { seed, violation } = caught;
  return `caught  ${id} (${what}): ${violation.kind} at seed ${seed}: ${violation.sentence}`;
}

async function playSeed({ seed, trace, story, faults, knobs }: Omit<Asked<"seed">, "kind">) {
  const result = await runSeed(seed, { only: faults === null ? null : new Set(faults), knobs });
  if (trace) console.log(result.story.text());
  if (story !== null) {
    writeStory(story, result);
    console.log(`The story is in ${story}. The console opens it: npm start`);
  }
  const tally = tallyOf(result);
  tellFailure(tally);
  console.log(summary([tally], 1));
  return isBroken(tally) ? 1 : 0;
}
