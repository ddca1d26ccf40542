import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import * as v from "valibot";

import { isKnob } from "../scenario/knobs.ts";
import type { Knob } from "../scenario/knobs.ts";
import { OptionError } from "./options.ts";

const FOLDER = new URL("../../../.local/simulation/", import.meta.url);

const texts = v.pipe(v.array(v.string()), v.readonly());

const ReplaySchema = v.strictObject({
  seed: v.pipe(v.number(), v.integer(), v.minValue(1)),
  knobs: v.pipe(
    v.array(v.custom<Knob>((name) => typeof name === "string" && isKnob(name))),
    v.readonly(),
  ),
  /** Keys of the faults that may happen. */
  faults: texts,
  /** What was broken, for whoever opens the file. */
  sentences: texts,
});

/** A world that broke a promise, as small as it could be made. */
type Replay = Readonly<v.InferOutput<typeof ReplaySchema>>;

/** @returns the path of the file, for `--replay`. */
export function keepReplay(replay: Replay, folder: URL = FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const file = new URL(`seed-${replay.seed}.json`, folder);
  writeFileSync(file, `${JSON.stringify(replay, null, 2)}\n`);
  return file.pathname;
}

/** @throws OptionError when the file is none of `keepReplay`. */
export function readReplay(path: string): Replay {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OptionError(`--replay cannot read "${path}": ${reason}`, { cause: error });
  }
  const parsed = v.safeParse(ReplaySchema, json);
  if (parsed.success) return parsed.output;
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  throw new OptionError(`--replay names "${path}", which is no replay: wrong at ${where}.`);
}
