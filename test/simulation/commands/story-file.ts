import { writeFileSync } from "node:fs";

import { kindOfLine } from "../../../tools/console/story.ts";
import type { Story } from "../../../tools/console/story.ts";
import { START } from "../scenario/scenario.ts";
import type { SeedResult } from "../play/run-seed.ts";
import { OptionError } from "./options.ts";

type StandingSince = Story["applications"][number]["here"][number];

/** A world as the console opens it. */
export function storyOf(result: SeedResult): Story {
  const { seed, scenario, observer, cloud, story, violations } = result;
  const ours = scenario.applications.filter(({ isForeign }) => !isForeign);
  const names = new Set(scenario.events.map(({ name }) => name));
  return {
    v: 1,
    seed,
    knobs: [...scenario.knobs],
    violations: violations.map(({ kind, sentence }) => ({ kind, sentence })),
    // Those of another environment are not received here.
    applications: ours.map(({ name, token, events, versions }) => ({
      name,
      token,
      // What configuration drops is never recorded, and is not missing.
      events: events
        .filter(({ type }) => !scenario.settings.ignoredEventTypes.includes(type))
        .map((event) => ({
          name: event.name,
          type: event.type,
          at: event.at - START,
          origin: originIn(event.ids.map((id) => cloud.applications.events.get(id)?.origin)),
        })),
      here: (observer.standings.get(token) ?? []).map(standingSince),
      atAlloy: versions.map(standingSince),
    })),
    lines: story.lines.map((line) => lineIn(line, names)),
  };
}

/** @throws OptionError when it cannot be written. */
export function writeStory(file: string, result: SeedResult): void {
  try {
    writeFileSync(file, `${JSON.stringify(storyOf(result))}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OptionError(`--story cannot write "${file}": ${why}`, { cause: error });
  }
}

function originIn(origins: readonly (string | undefined)[]): string | null {
  return origins.find((origin) => origin !== undefined) ?? null;
}

function standingSince({ at, status, outcome }: StandingSince): StandingSince {
  return { at: at - START, status, outcome };
}

/** A line as `Story.tell` writes it: the time, who, and what. */
function lineIn(line: string, events: ReadonlySet<string>): Story["lines"][number] {
  const [, at = "", who = "", what = ""] = /^(-?\d+) ([^:]*): (.*)$/s.exec(line) ?? [];
  // A fault names its place by the event and a number, such as `A1.1-started_application#1`.
  const event = what.split(/[ ,:#()*]+/).find((word) => events.has(word)) ?? null;
  return { at: Number(at), who, what, kind: kindOfLine(who, what), event };
}
