import { hash } from "node:crypto";
import { DAY, HOUR, MINUTE, SECOND } from "../../../tools/cloud-in-memory/clock.ts";

/** What happened in one world, line by line. */
export class Story {
  readonly lines: string[] = [];
  readonly #start: number;
  readonly #now: () => number;

  constructor(start: number, now: () => number) {
    this.#start = start;
    this.#now = now;
  }

  /** @param who - whose line it is: `Alloy`, `consumer/2`, … */
  tell(who: string, what: string): void {
    this.lines.push(`${this.#now() - this.#start} ${who}: ${what}`);
  }

  digest(): string {
    return hash("sha256", this.lines.join("\n"));
  }

  /** The lines numbered, with times that people read. */
  text(): string {
    const width = String(this.lines.length).length;
    return this.lines
      .map((line, index) => {
        const space = line.indexOf(" ");
        const time = clockTime(Number(line.slice(0, space)));
        return `${String(index + 1).padStart(width)}  ${time}  ${line.slice(space + 1)}`;
      })
      .join("\n");
  }
}

/** Time since the story's beginning, as `0d 00:10:03.250`. */
export function clockTime(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const time = `${two((ms % DAY) / HOUR)}:${two((ms % HOUR) / MINUTE)}:${two((ms % MINUTE) / SECOND)}`;
  return `${Math.floor(ms / DAY)}d ${time}.${String(ms % SECOND).padStart(3, "0")}`;
}
