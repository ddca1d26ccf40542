import { NO_VALUE, SHORT_LINE_FIELDS, USUAL_COUNTS } from "../../lambdas/settings/usual-counts.ts";

/**
 * Reads a short line of the consumer's log, which metric filters count.
 *
 * @returns its dimensions and its values, as they are written and by their names; null: the line is another.
 */
export function readShortLine(line: string): ReadonlyMap<string, string> | null {
  const texts = line.trim().split(" ");
  if (texts.length !== SHORT_LINE_FIELDS.length) return null;
  const fields = SHORT_LINE_FIELDS.map((name, at) => [name, texts[at] ?? ""] as const);
  const usual: ReadonlyMap<string, unknown> = USUAL_COUNTS;
  const isShort = fields.every(
    ([name, text]) =>
      text !== "" && (!usual.has(name) || text === NO_VALUE || Number.isFinite(Number(text))),
  );
  return isShort ? new Map(fields.filter(([, text]) => text !== NO_VALUE)) : null;
}
