/** Retrying cannot help: the record goes to the dead-letter queue at once, with this message as its reason. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** Retrying may help: the record goes back to the queue. */
export class TransientError extends Error {
  override readonly name = "TransientError";
}
