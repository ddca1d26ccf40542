/** What the person at the keyboard can mend; its message is all they need to read. */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
  /** What stands below the sentence, line by line. */
  readonly details: readonly string[];
  /** What the verb found before it failed, for `--json`; undefined: nothing. */
  readonly found: unknown;

  constructor(
    message: string,
    {
      details = [],
      found,
      ...options
    }: ErrorOptions & { readonly details?: readonly string[]; readonly found?: unknown } = {},
  ) {
    super(message, options);
    this.details = details;
    this.found = found;
  }
}

/** The command line itself is wrong. */
export class UsageError extends OperatorError {
  override readonly name = "UsageError";
}

/** The verb has done what it is for, and what it found is not as it should be. */
export class UnhealthyError extends OperatorError {
  override readonly name = "UnhealthyError";

  constructor(found: unknown) {
    super("The stack is not healthy.", { found });
  }
}
