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
}

export function isMet({ measured, wanted, limit }: Target): boolean {
  return limit === "at most" ? measured <= wanted : measured >= wanted;
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

/** Middle value; of an even number of values, the lower one of the two. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** To two decimals: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toFixed(2));
}
