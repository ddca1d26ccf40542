/**
 * Limits of every AWS SDK client: a hang must end before the caller's own limit does. Three attempts
 * of at most three seconds stay below a third of the consumer's and the poller's timeout.
 */
export const SDK_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

/** The same for the functions' own client, with the SDK's pauses; all attempts of a call end within its time. */
export const CALL_LIMITS = {
  attempts: { most: 3, attemptMs: 3_000, pauseMs: 100, throttledPauseMs: 500 },
  callMs: 10_000,
} as const;
