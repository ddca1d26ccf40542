import { readFileSync, renameSync, rmSync } from "node:fs";

/**
 * The calls that were refused to the functions since this was last asked, each told once, whoever asks: a test, or
 * another test's file after it.
 */
export function takeRefusals(file: string): readonly string[] {
  const taken = `${file}.taken`;
  try {
    // What is refused from now on goes into a new file.
    renameSync(file, taken);
  } catch {
    // There is none: nothing was refused.
    return [];
  }
  const lines = readFileSync(taken, "utf8").split("\n");
  rmSync(taken);
  return lines.filter((line) => line !== "");
}

/** Each once, with how often it was made. */
export function refusalText(refusals: readonly string[]): string {
  const lines = [...Map.groupBy(refusals, (refusal) => refusal)].map(
    ([refusal, all]) => `${refusal} (${all.length} times)`,
  );
  return `AWS would refuse these calls:\n${lines.join("\n")}`;
}
