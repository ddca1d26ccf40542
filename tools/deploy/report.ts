import { Painted } from "../terminal/lines.ts";
import type { Line, Style } from "../terminal/lines.ts";
import type { Finding, State } from "./finding.ts";

const MARKS: Readonly<Record<State, readonly [mark: string, style: Style]>> = {
  green: ["✔", "green"],
  yellow: ["!", "bold"],
  red: ["✘", "red"],
};

/** The table: each check with what was found; where it is not good, what good looks like, and the fix. */
export function tableOf(findings: readonly Finding[]): readonly Line[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const indent = " ".repeat(width + 4);
  return findings.flatMap(({ check, state, found, good, fix }): readonly Line[] => {
    const [mark, style] = MARKS[state];
    return [
      [new Painted(style, mark), ` ${check.padEnd(width)}  ${found}`],
      [indent, new Painted("dim", `good: ${good}`)],
      ...(fix === null ? [] : [[indent, `fix:  ${fix}`]]),
    ];
  });
}

/** The same for a program. */
export function jsonOf(
  about: { readonly stage: string; readonly account: string; readonly region: string },
  findings: readonly Finding[],
): string {
  return JSON.stringify({ ...about, isGood: isGood(findings), checks: findings }, null, 2);
}

/** Whether a deployment may begin. */
export function isGood(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== "red");
}
