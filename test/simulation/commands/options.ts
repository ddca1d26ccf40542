import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { ALL_KNOBS, GAP_KNOBS, isKnob, USUAL_KNOBS } from "../scenario/knobs.ts";
import type { Knob, KnobChoice } from "../scenario/knobs.ts";

/** What `npm run simulate` was asked for, of this kind. */
export type Asked<Kind> = Extract<ReturnType<typeof parseOptions>, { readonly kind: Kind }>;

export const USAGE = `npm run simulate -- [options]

  --seeds <n>       play the worlds 1 to n (default 1000); exit 1 when a promise is broken
  --from <n>        begin with this one instead of 1
  --jobs <n>        share the worlds among so many threads (default: one for each core, and
                    fewer for few worlds); what comes of them stays the same
  --verbose         also count each kind of fault, and the worlds that came to each state

  --fresh <n>       play n worlds that nobody has seen, by the time (or from --from); the first that
                    breaks a promise is made small, and kept in a file
  --replay <file>   play such a file's world; takes --trace

  --seed <n>        play this one world
  --trace           tell its story, line by line
  --story <file>    write its story into a file, which the console opens
  --faults <list>   let only these faults happen, comma-separated as a failure prints them; "none": none

  --knobs <list>    in what worlds are unlike the usual: each world has these, comma-separated, and no
                    others; "none"; "all": a seed draws from all there are (default)
  --without <list>  never draw these, and name the states that were not reached

  --mutants         plant bugs, one after the other, and see each of them caught; exit 1 when one lives
  --only <id>       plant only this one

  --gaps            plant a gap in each world: found within two poll periods, blamed on its stage,
                    healed, and nobody else accused; takes --seeds, --from and --jobs, or --seed and
                    --trace, --knobs (default: without those under which no gap could be blamed) and --without

  --load            play a day of ten million webhooks against the published limits of AWS's services, and
                    the recovery of a million applications (docs/scale.md)

  --help            print this
`;

/** A command line that asks for nothing that there is; the message says what to give instead. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

const DEFAULT_SEEDS = 1_000;
const WORLDS_WORTH_A_THREAD = 250;
/** Seeds are mixed as 32-bit numbers. */
const LARGEST_SEED = 2 ** 31 - 1;
const FRESH_MOST = 1_000_000;
const FRESH_SEEDS = LARGEST_SEED - FRESH_MOST;

/**
 * @param now - epoch milliseconds, by which fresh seeds are chosen.
 * @throws OptionError with what was wrong, the value given and the value wanted.
 */
export function parseOptions(args: readonly string[], now: number = Date.now()) {
  const values = parse(args);
  if (values.help) return { kind: "help" as const };
  const asked = (["seeds", "fresh", "replay", "seed", "mutants"] as const).filter(
    (name) => values[name] !== undefined,
  );
  if (asked.length > 1) {
    throw new OptionError(`--${asked.join(" and --")} exclude each other: give one of them.`);
  }
  const { seed, trace = false, story, faults, only, from, jobs, verbose = false } = values;
  if (story !== undefined && (seed === undefined || values.gaps === true)) {
    throw new OptionError("--story belongs to --seed: give both.");
  }
  const usual = values.gaps === true ? GAP_KNOBS : USUAL_KNOBS;
  const knobs = knobsIn(values.knobs ?? null, values.without ?? null, usual);
  const range = () => ({
    from: from === undefined ? 1 : numberIn("from", from, LARGEST_SEED),
    count:
      values.seeds === undefined ? DEFAULT_SEEDS : numberIn("seeds", values.seeds, LARGEST_SEED),
  });
  /** By the second: no two runs of CI have the same, and none has those that are always played. */
  const freshRange = (count: string) => ({
    from: from === undefined ? Math.floor(now / 1_000) % FRESH_SEEDS : range().from,
    count: numberIn("fresh", count, FRESH_MOST),
  });
  const threads = (worlds: number) =>
    jobs === undefined ? threadsFor(worlds) : numberIn("jobs", jobs, 256);
  if (values.gaps) {
    refuse({ mutants: values.mutants, faults, only, verbose }, "--gaps");
    if (seed === undefined) {
      refuse({ trace }, "--gaps without --seed");
      const worlds = range();
      return { kind: "gaps" as const, ...worlds, jobs: threads(worlds.count), knobs };
    }
    refuse({ from, jobs }, "--seed");
    return { kind: "gap" as const, seed: numberIn("seed", seed, LARGEST_SEED), trace, knobs };
  }
  if (values.mutants) {
    const { knobs: given, without } = values;
    refuse({ trace, faults, from, jobs, verbose, knobs: given, without }, "--mutants");
    return { kind: "mutants" as const, only: only ?? null };
  }
  if (values.replay !== undefined) {
    const { knobs: given, without } = values;
    refuse({ faults, only, from, jobs, verbose, knobs: given, without }, "--replay");
    return { kind: "replay" as const, file: values.replay, trace };
  }
  if (only !== undefined) throw new OptionError("--only belongs to --mutants: give both.");
  if (seed !== undefined) {
    refuse({ from, jobs, verbose }, "--seed");
    return {
      kind: "seed" as const,
      seed: numberIn("seed", seed, LARGEST_SEED),
      trace,
      /** Where its story goes; null: nowhere. */
      story: story ?? null,
      /** Keys of the faults that may happen; null: all that the seed draws. */
      faults: listIn(faults),
      knobs,
    };
  }
  refuse({ trace, faults }, "--seeds");
  const worlds = values.fresh === undefined ? range() : freshRange(values.fresh);
  return {
    kind: "seeds" as const,
    ...worlds,
    jobs: threads(worlds.count),
    verbose,
    knobs,
    /** These knobs were left out: what was not reached for it is told. */
    without: values.without === undefined ? [] : namesIn("without", values.without),
    /** The seeds are new ones: those that fail are kept. */
    isFresh: values.fresh !== undefined,
  };
}

/** One for each core; of few worlds, fewer: a thread takes a second to start. */
function threadsFor(count: number): number {
  return Math.min(availableParallelism(), Math.ceil(count / WORLDS_WORTH_A_THREAD));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string" },
        from: { type: "string" },
        fresh: { type: "string" },
        replay: { type: "string" },
        jobs: { type: "string" },
        verbose: { type: "boolean" },
        seed: { type: "string" },
        trace: { type: "boolean" },
        story: { type: "string" },
        faults: { type: "string" },
        mutants: { type: "boolean" },
        gaps: { type: "boolean" },
        only: { type: "string" },
        knobs: { type: "string" },
        without: { type: "string" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function refuse(given: Readonly<Record<string, unknown>>, beside: string): void {
  const [name] = Object.keys(given).filter(
    (one) => given[one] !== undefined && given[one] !== false,
  );
  if (name !== undefined) throw new OptionError(`--${name} has no meaning beside ${beside}.`);
}

function numberIn(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new OptionError(`--${name} is "${text}"; it has to be a whole number from 1 to ${most}.`);
}

function listIn(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  if (text === "none") return [];
  const keys = text.split(",");
  const wrong = keys.find((key) => !/^[\w.]+( [\w.*-]+)?#\d+$/.test(key));
  if (wrong === undefined) return keys;
  throw new OptionError(
    `--faults names "${wrong}"; a fault is a place and a number, such as "store.mergeState A1#3".`,
  );
}

function knobsIn(given: string | null, without: string | null, usual: KnobChoice): KnobChoice {
  const choice = given === null ? usual : chosenKnobs(given);
  if (without === null) return choice;
  const left = namesIn("without", without);
  return choice.kind === "drawn"
    ? { kind: "drawn", from: choice.from.filter((knob) => !left.includes(knob)) }
    : { kind: "fixed", knobs: choice.knobs.filter((knob) => !left.includes(knob)) };
}

function chosenKnobs(given: string): KnobChoice {
  if (given === "all") return { kind: "drawn", from: ALL_KNOBS };
  if (given === "none") return { kind: "fixed", knobs: [] };
  return { kind: "fixed", knobs: namesIn("knobs", given) };
}

function namesIn(option: string, text: string): readonly Knob[] {
  const names = text.split(",");
  const wrong = names.find((name) => !isKnob(name));
  if (wrong === undefined) return names.filter(isKnob);
  throw new OptionError(`--${option} names "${wrong}"; the knobs are ${ALL_KNOBS.join(", ")}.`);
}
