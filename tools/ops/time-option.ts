import { readTime } from "../../lambdas/domain/event/plausible-time.ts";
import { UsageError } from "./operator-error.ts";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A time as people write it.
 *
 * @param given - ISO 8601, or an age such as `10m`; null: none was given.
 * @returns epoch milliseconds.
 * @throws UsageError when it is neither.
 */
export function timeIn(option: string, given: string | null, now: number): number | null {
  if (given === null) return null;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(given) ?? [];
  if (amount !== undefined && (unit === "s" || unit === "m" || unit === "h" || unit === "d")) {
    return now - Number(amount) * UNITS[unit];
  }
  const at = readTime(given);
  if (at !== null) return at;
  throw new UsageError(
    `${option} is "${given}"; it must be a time in ISO 8601, such as 2026-11-23T20:00:00Z, or an age, such as 10m, 2h or 3d.`,
  );
}
