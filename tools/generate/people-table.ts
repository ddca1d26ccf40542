import { PEOPLE } from "../../lib/people.ts";
import type { Person } from "../../lib/people.ts";
import { isVerb, rolesOfCommand, VERBS } from "../ops/command-line.ts";

/** Which role of people runs which verb of `npm run ops`. */
export function peopleTable(): string {
  const rows = Object.keys(VERBS)
    .filter(isVerb)
    .flatMap((verb) => {
      const hasBodies = VERBS[verb].options.some((option) => option === "bodies");
      return [false, ...(hasBodies ? [true] : [])].map((bodies) =>
        rowOf(
          `${verb}${bodies ? " --bodies" : ""}`,
          rolesOfCommand({ verb, bodies, dryRun: false }),
        ),
      );
    });
  return [
    `| \`npm run ops --\` | ${PEOPLE.join(" | ")} |`,
    `|---|${PEOPLE.map(() => "---|").join("")}`,
    ...rows,
  ].join("\n");
}

function rowOf(command: string, holders: readonly Person[]): string {
  const marks = PEOPLE.map((person) => (holders.includes(person) ? "yes" : "no"));
  return `| \`${command}\` | ${marks.join(" | ")} |`;
}
