/**
 * Why an AWS service did not do what it was asked; the value of the dimension `Cause` of `StoresFailed`,
 * which is `defect` for a fault of ingest's own.
 *
 * - `timeout`: no answer in time.
 * - `refused`, `reset`, `unresolved`: no connection, a broken one, no address for the name.
 * - `throttled`: too many calls. `unavailable`: the service's own fault (5xx).
 * - `credentials`: ours are missing, expired or wrong. `denied`: they are not allowed to.
 * - `rejected`: the call was wrong, or the answer was none of the service's.
 */
export type AwsFailure =
  | "timeout"
  | "refused"
  | "reset"
  | "unresolved"
  | "throttled"
  | "unavailable"
  | "credentials"
  | "denied"
  | "rejected";

/** What came of an attempt to store something; never an exception, since the caller must answer. */
export type StoreOutcome =
  | { readonly stored: true }
  | { readonly stored: false; readonly cause: AwsFailure };
