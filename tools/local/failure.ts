import { OperatorError } from "../ops/operator-error.ts";

/** Something the person at the terminal can put right: its message is one sentence or two, printed without a stack. */
export class LocalFailure extends OperatorError {
  override readonly name = "LocalFailure";
}

/** The person has asked to stop: nothing failed. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** The system's own word for what went wrong (`ECONNREFUSED`), or the message when there is none. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed" and keeps the reason in `cause`; Node puts its code beside the message.
  if (error.cause instanceof Error) return causeOf(error.cause);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
