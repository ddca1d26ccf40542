import { PermanentError, TransientError } from "./errors.ts";

/** Why a service did not take something of ours. */
export interface Refusal {
  /** `permanent`: the service refuses this one by itself, and always will. */
  readonly kind: "transient" | "permanent";
  readonly reason: string;
}

/** The same as an error of ours. @param sentence - what was not taken, before the reason. */
export function errorOf(
  sentence: string,
  { kind, reason }: Refusal,
): PermanentError | TransientError {
  const message = `${sentence}: ${reason}`;
  return kind === "permanent" ? new PermanentError(message) : new TransientError(message);
}
