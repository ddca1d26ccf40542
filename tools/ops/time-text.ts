/** The time as people read it. Whatever a table or a queue holds for one can be printed: no value throws. */
export function timeText(epochMs: unknown): string {
  if (typeof epochMs !== "number") return "-";
  const time = new Date(epochMs);
  return Number.isNaN(time.getTime()) ? `(no time: ${epochMs})` : time.toISOString();
}
