import type { Result } from "../deploy/finding.ts";

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
