/** What the person at the keyboard can mend; its message is all they need to read. */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}

/** The command line itself is wrong. */
export class UsageError extends OperatorError {
  override readonly name = "UsageError";
}
