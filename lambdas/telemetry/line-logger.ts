import { INGEST_MESSAGES } from "./ingest-messages.ts";
import type { IngestMessageCode } from "./ingest-messages.ts";

/** What may stand beside a message: ids, causes and numbers, never a body, a header or a secret. */
export type LogFields = Readonly<Record<string, string | number>>;

/** Writes entries of ingest's part of the catalogue, one line of JSON each. */
export interface LineLogger {
  warn(code: IngestMessageCode, fields?: LogFields): void;
  error(code: IngestMessageCode, fields?: LogFields): void;
}

/**
 * A logger without a dependency, for ingest; the other Lambdas use Powertools with the same catalogue.
 *
 * @param write - takes one line.
 */
export function makeLineLogger(write: (line: string) => void): LineLogger {
  const log =
    (level: "WARN" | "ERROR") =>
    (code: IngestMessageCode, fields: LogFields = {}) =>
      write(JSON.stringify({ level, code, message: INGEST_MESSAGES[code], ...fields }));
  return { warn: log("WARN"), error: log("ERROR") };
}
