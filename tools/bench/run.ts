import { isMet, sentenceOf, tableOf } from "./bench.ts";
import type { Bench, Report } from "./bench.ts";

/** Where the outcome of a bench goes. */
export interface Outlets {
  readonly print: (text: string) => void;
  /** For what must not stand in the figures that are printed: targets that are missed. */
  readonly complain: (text: string) => void;
  /** Keeps figures and picture, for everybody to see or for this machine alone. */
  readonly keep: (report: Report, isRecord: boolean) => void;
}

export interface RunOptions {
  readonly sizesOnly: boolean;
  /** Print the figures instead of the table. */
  readonly json: boolean;
  /** Keep the figures for everybody to see, unless a target is missed. */
  readonly record: boolean;
}

/** Runs one bench. @returns how many of its targets it misses. */
export async function runBench(
  name: string,
  bench: Bench,
  { sizesOnly, json, record }: RunOptions,
  outlets: Outlets,
): Promise<number> {
  const report = await bench.run({ sizesOnly });
  const missed = report.targets.filter((target) => !isMet(target));
  if (json) outlets.print(jsonOf(report));
  else {
    outlets.print(`\n${name}: ${bench.title}\n\n${tableOf(report)}\n`);
    for (const note of report.notes) outlets.print(note);
    for (const target of report.targets.filter(isMet)) outlets.print(sentenceOf(target));
  }
  for (const target of missed) outlets.complain(sentenceOf(target));
  outlets.keep(report, record && missed.length === 0);
  return missed.length;
}

export function jsonOf(report: Report): string {
  const { figures, targets } = report;
  return JSON.stringify({ figures, targets, table: tableOf(report) }, null, 2);
}
