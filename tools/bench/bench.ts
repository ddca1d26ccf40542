import type { Interval } from "./statistics.ts";

/** One bench: a file `tools/bench/<name>.bench.ts` that exports it as `bench`. */
export interface Bench {
  /** What is measured, in one line. */
  readonly title: string;
  run(options: BenchOptions): Promise<Report>;
}

export interface BenchOptions {
  /** Measure only what does not depend on the machine. */
  readonly sizesOnly: boolean;
}

/** What a bench found: the same figures as a table, as JSON, and, when it has one, as a picture. */
export interface Report {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines below the table: how it was measured. */
  readonly notes: readonly string[];
  readonly targets: readonly Target[];
  /** The figures themselves, for the JSON. */
  readonly figures: unknown;
  /** An SVG for docs/. */
  readonly picture?: string;
}

/** A figure that the product is measured by; one that is missed fails the run. */
export interface Target {
  readonly what: string;
  readonly wanted: number;
  /** Most or least that is wanted. */
  readonly limit: "at most" | "at least";
  readonly measured: number;
  readonly unit: string;
  /** Holds the true figure with 95 % certainty; absent for what does not depend on the machine. */
  readonly interval?: Interval;
}

export function isMet({ measured, wanted, limit }: Target): boolean {
  return limit === "at most" ? measured <= wanted : measured >= wanted;
}

/** Whether more measuring could not turn the verdict: all of the interval is on one side of the target. */
export function isDecided({ wanted, limit, interval }: Target): boolean {
  if (interval === undefined) return true;
  const { low, high } = interval;
  return limit === "at most" ? high <= wanted || low > wanted : low >= wanted || high < wanted;
}

/** One line about a target that is met, or one sentence about what is missed. */
export function sentenceOf(target: Target): string {
  const { what, limit, wanted, measured, unit, interval } = target;
  const within = interval === undefined ? "" : ` (95 %: ${interval.low} to ${interval.high})`;
  const figure = `${what}: ${measured} ${unit}${within}`;
  return isMet(target)
    ? `met    ${figure}, wanted ${limit} ${wanted}`
    : `MISSED ${figure}, which had to be ${limit} ${wanted} ${unit}.`;
}

/** A table in Markdown, padded so that it reads well in a terminal too. */
export function tableOf({ columns, rows }: Pick<Report, "columns" | "rows">): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths
      .map((width, index) => {
        const cell = cells[index] ?? "";
        return index === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(" | ")} |`;
  const rule = `|${widths.map((width, index) => `${"-".repeat(width + 1)}${index === 0 ? "-" : ":"}`).join("|")}|`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}
