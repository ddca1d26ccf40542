import type { Finding } from "../deploy/finding.ts";

export type Result = Omit<Finding, "check">;

export function green(found: string, good: string): Result {
  return { state: "green", found, good, fix: null };
}

/** What nobody can read is not verified. */
export function unread(error: unknown): Result {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return {
    state: "red",
    found: `could not be read (${reason})`,
    good: "an answer",
    fix: "run it under the role operator (docs/people.md)",
  };
}
