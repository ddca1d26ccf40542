import { Logger } from "@aws-lambda-powertools/logger";

import type { LogFields } from "./line-logger.ts";
import { MESSAGES } from "./messages.ts";
import type { MessageCode } from "./messages.ts";

/** Writes entries of the catalogue; the correlation keys of a record stand in `fields`. */
export interface MessageLogger {
  debug(code: MessageCode, fields?: LogFields): void;
  info(code: MessageCode, fields?: LogFields): void;
  warn(code: MessageCode, fields?: LogFields): void;
  error(code: MessageCode, fields?: LogFields): void;
}

/**
 * The logger of the consumer and the poller. Keys are passed with each message, not appended to the
 * logger, because records are handled side by side and would mix.
 */
export function makePowertoolsLogger(serviceName: string): MessageLogger {
  const logger = new Logger({ serviceName });
  const log =
    (level: "debug" | "info" | "warn" | "error") =>
    (code: MessageCode, fields: LogFields = {}) =>
      logger[level](MESSAGES[code], { code, ...fields });
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
