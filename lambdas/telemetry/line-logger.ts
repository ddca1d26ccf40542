import { MESSAGES } from "./messages.ts";
import type { MessageCode } from "./messages.ts";

/** What may stand beside a message: ids, causes and numbers, never a body, a header or a secret. */
export type LogFields = Readonly<Record<string, string | number>>;

/** Writes entries of the catalogue, one line of JSON each. */
export interface LineLogger {
  warn(code: MessageCode, fields?: LogFields): void;
  error(code: MessageCode, fields?: LogFields): void;
}

/**
 * A logger without a dependency, for ingest; the other Lambdas use Powertools with the same catalogue.
 *
 * @param write - takes one line.
 */
export function makeLineLogger(write: (line: string) => void): LineLogger {
  const log =
    (level: "WARN" | "ERROR") =>
    (code: MessageCode, fields: LogFields = {}) =>
      write(JSON.stringify({ level, code, message: MESSAGES[code], ...fields }));
  return { warn: log("WARN"), error: log("ERROR") };
}
